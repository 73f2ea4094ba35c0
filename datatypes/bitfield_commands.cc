// SPDX-License-Identifier: BSD-3-Clause
// BITFIELD and BITFIELD_RO: integers of any width at any place of a string.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/bit_offset.h"
#include "datatypes/bits.h"
#include "datatypes/errors.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_value.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

// Wide enough for the sum of a field's value and an increment.
__extension__ typedef __int128 Wide;

enum class Overflow : uint8_t { kWrap, kSaturate, kFail };

struct FieldType {
  bool is_signed = false;
  unsigned bits = 0;
};

struct FieldOperation {
  enum class Kind : uint8_t { kGet, kSet, kIncrBy };
  Kind kind = Kind::kGet;
  FieldType type = {};
  Overflow overflow = Overflow::kWrap;
  uint64_t offset = 0;
  int64_t operand = 0;

  bool writes() const { return kind != Kind::kGet; }
  uint64_t begin_byte() const { return offset / 8; }
  uint64_t end_byte() const { return (offset + type.bits + 7) / 8; }
};

// "i16", "u8" …: up to i64 and u63.
Result<FieldType> ParseFieldType(std::string_view text) {
  const bool is_signed = text.starts_with('i');
  if (!is_signed && !text.starts_with('u')) return Fail(kBitfieldInvalidType);
  const std::optional<int64_t> bits = resp::ParseInt64(text.substr(1));
  if (!bits || *bits < 1 || *bits > (is_signed ? 64 : 63)) return Fail(kBitfieldInvalidType);
  return FieldType{is_signed, static_cast<unsigned>(*bits)};
}

Result<Overflow> ParseOverflow(std::string_view name) {
  if (EqualsIgnoreCase(name, "wrap")) return Overflow::kWrap;
  if (EqualsIgnoreCase(name, "sat")) return Overflow::kSaturate;
  if (EqualsIgnoreCase(name, "fail")) return Overflow::kFail;
  return Fail(kBitfieldInvalidOverflow);
}

std::optional<FieldOperation::Kind> ParseKind(std::string_view name, size_t arguments) {
  using Kind = FieldOperation::Kind;
  if (arguments >= 2 && EqualsIgnoreCase(name, "get")) return Kind::kGet;
  if (arguments >= 3 && EqualsIgnoreCase(name, "set")) return Kind::kSet;
  if (arguments >= 3 && EqualsIgnoreCase(name, "incrby")) return Kind::kIncrBy;
  return std::nullopt;
}

Result<std::vector<FieldOperation>> ParseOperations(const CommandContext& ctx) {
  const Args args = ctx.args;
  std::vector<FieldOperation> operations;
  Overflow overflow = Overflow::kWrap;
  for (size_t i = 2; i < args.size();) {
    const size_t arguments = args.size() - i - 1;
    if (arguments >= 1 && EqualsIgnoreCase(args[i], "overflow")) {
      ASSIGN_OR_RETURN(overflow, ParseOverflow(args[i + 1]));
      i += 2;
      continue;
    }
    const std::optional<FieldOperation::Kind> kind = ParseKind(args[i], arguments);
    if (!kind) return Fail(kSyntaxError);
    FieldOperation operation;
    operation.kind = *kind;
    operation.overflow = overflow;
    ASSIGN_OR_RETURN(operation.type, ParseFieldType(args[i + 1]));
    ASSIGN_OR_RETURN(operation.offset, ParseBitOffset(ctx, args[i + 2], operation.type.bits));
    if (operation.writes()) {
      ASSIGN_OR_RETURN(operation.operand, ParseInteger(args[i + 3]));
    }
    operations.push_back(operation);
    i += operation.writes() ? 4 : 3;
  }
  return operations;
}

// The number that the raw bits of a field stand for.
int64_t Interpret(FieldType type, uint64_t raw) {
  if (!type.is_signed || type.bits == 64) return static_cast<int64_t>(raw);
  const uint64_t sign = uint64_t{1} << (type.bits - 1);
  return static_cast<int64_t>((raw ^ sign) - sign);
}

// `value` as a field of that type can hold it; nothing if it cannot and the operation is to fail.
std::optional<int64_t> Fit(FieldType type, Overflow overflow, Wide value) {
  const Wide max = (Wide{1} << (type.is_signed ? type.bits - 1 : type.bits)) - 1;
  const Wide min = type.is_signed ? -max - 1 : 0;
  if (value >= min && value <= max) return static_cast<int64_t>(value);
  switch (overflow) {
    case Overflow::kFail:
      return std::nullopt;
    case Overflow::kSaturate:
      return static_cast<int64_t>(value > max ? max : min);
    case Overflow::kWrap:
      break;
  }
  const uint64_t mask = type.bits == 64 ? ~uint64_t{0} : (uint64_t{1} << type.bits) - 1;
  return Interpret(type, static_cast<uint64_t>(value) & mask);
}

// What the field is to become; nothing: it overflows and must not.
std::optional<int64_t> NewValue(const FieldOperation& operation, int64_t old) {
  Wide value = 0;
  if (operation.kind == FieldOperation::Kind::kIncrBy) {
    value = Wide{old} + operation.operand;
  } else if (operation.type.is_signed) {
    value = operation.operand;
  } else {
    value = static_cast<uint64_t>(operation.operand);  // SET u8 -1 overflows upwards, as in Redis.
  }
  return Fit(operation.type, operation.overflow, value);
}

// What an operation did to the string.
enum class Applied : uint8_t { kNothing, kSame, kChanged };

// Does one operation and replies to it.
Result<Applied> Apply(CommandContext& ctx, String& string, const FieldOperation& operation) {
  std::string bytes;
  const uint64_t begin = std::min(operation.begin_byte(), string.size());
  const uint64_t end = std::min(operation.end_byte(), string.size());
  ASSIGN_OR_RETURN(const std::string_view view, string.View(begin, end, bytes));
  const uint64_t bit = operation.offset % 8;
  const int64_t old = Interpret(operation.type, ReadBits(view, bit, operation.type.bits));
  if (!operation.writes()) {
    ctx.reply.Integer(old);
    return Applied::kNothing;
  }
  const std::optional<int64_t> value = NewValue(operation, old);
  if (!value) {
    ctx.reply.Null();
    return Applied::kNothing;
  }
  ctx.reply.Integer(operation.kind == FieldOperation::Kind::kSet ? old : *value);
  if (*value == old) return Applied::kSame;
  std::string changed(view);
  WriteBits(changed.data(), bit, operation.type.bits, static_cast<uint64_t>(*value));
  RETURN_IF_ERROR(string.WriteAt(begin, changed));
  return Applied::kChanged;
}

Result<void> RunBitfield(CommandContext& ctx, bool read_only) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const std::vector<FieldOperation> operations, ParseOperations(ctx));
  uint64_t needed = 0;  // Bytes that the string must have for what is written.
  bool writes = false;
  for (const FieldOperation& operation : operations) {
    if (!operation.writes()) continue;
    writes = true;
    needed = std::max(needed, operation.end_byte());
  }
  if (writes && read_only) return Fail(kBitfieldRoOnlyGet);
  ASSIGN_OR_RETURN(String string, String::Open(ctx.keyspace, key));
  ChunkLoads loads(ctx);
  for (const FieldOperation& operation : operations) {
    loads.Need(string, operation.begin_byte(), operation.end_byte());
  }
  if (loads.Suspend()) return {};
  for (const FieldOperation& operation : operations) {
    RETURN_IF_ERROR(string.Load(operation.begin_byte(), operation.end_byte()));
  }
  if (!writes && !string.exists()) NotifyMissed(ctx, key);

  const bool created = writes && !string.exists();
  const bool grows = needed > string.size();
  if (grows) RETURN_IF_ERROR(string.Resize(needed));
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ctx.reply.Array(operations.size());
  bool changed = false;
  for (const FieldOperation& operation : operations) {
    ASSIGN_OR_RETURN(const Applied applied, Apply(ctx, string, operation));
    if (applied == Applied::kChanged || (grows && applied == Applied::kSame)) changed = true;
  }
  if (changed) ctx.Notify(kNotifyString, "setbit", key);
  return {};
}

// BITFIELD key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL]
//               <SET encoding offset value | INCRBY encoding offset increment> …]
Result<void> Bitfield(CommandContext& ctx) {
  return RunBitfield(ctx, false);
}

// BITFIELD_RO key [GET encoding offset …]
Result<void> BitfieldRo(CommandContext& ctx) {
  return RunBitfield(ctx, true);
}

// A request that only reads does not change the key.
Result<void> BitfieldKeys(Args args, std::vector<KeyRef>& keys) {
  bool reads_only = true;
  for (OptionReader options(args, 2); !options.done() && reads_only;) {
    reads_only = options.Take("GET", 2) || options.Take("OVERFLOW", 1);
  }
  const uint16_t flags = reads_only ? kRO | kAccess : kRW | kAccess | kUpdate;
  keys.push_back({1, flags});
  return {};
}

constexpr CommandSpec kBitfieldCommands[] = {
    {.name = "bitfield",
     .handler = Bitfield,
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclBitmap,
     .keys = {KeySpec{.flags = kRW | kAccess | kUpdate | kVariableFlags,
                      .index = 1,
                      .notes = "This command allows both access and modification of the key"}},
     .find_keys = BitfieldKeys,
     .group = "bitmap",
     .since = "3.2.0",
     .summary = "Reads and changes integers of any width at any place of a string value.",
     .complexity = "O(1) for each subcommand specified",
     .syntax = "key [<GET encoding offset | ([OVERFLOW <WRAP | SAT | FAIL>{wrap_sat_fail}] <SET "
               "encoding offset value{:integer} | INCRBY encoding offset "
               "increment>{write_operation}){write}>{operation} ...]"},
    {.name = "bitfield_ro",
     .handler = BitfieldRo,
     .arity = -2,
     .flags = kReadonly | kFast,
     .acl = kAclBitmap,
     .keys = OneKey(1, kRO | kAccess),
     .group = "bitmap",
     .since = "6.0.0",
     .summary = "Reads integers of any width at any place of a string value.",
     .complexity = "O(1) for each subcommand specified",
     .syntax = "key [GET encoding offset [GET encoding offset ...]]"},
};

}  // namespace

std::span<const CommandSpec> BitfieldCommands() {
  return kBitfieldCommands;
}

}  // namespace datatypes
