// SPDX-License-Identifier: BSD-3-Clause
// Single bits of strings: SETBIT, GETBIT, BITCOUNT, BITPOS. BITOP is in bitop_command.cc.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/bit_offset.h"
#include "datatypes/bits.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_value.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

// The byte at `at`, 0 past the end.
Result<uint8_t> ByteAt(const String& string, uint64_t at) {
  if (at >= string.size()) return uint8_t{0};
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view byte, string.View(at, at + 1, scratch));
  return static_cast<uint8_t>(byte[0]);
}

// SETBIT key offset value
Result<void> SetBit(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const uint64_t offset, ParseBitOffset(ctx, ctx.args[2]));
  const std::optional<int64_t> on = resp::ParseInt64(ctx.args[3]);
  if (!on || (*on != 0 && *on != 1)) return Fail(kBitNotAnInteger);
  ASSIGN_OR_RETURN(String string, String::Open(ctx.keyspace, key));
  const uint64_t at = offset / 8;
  ChunkLoads loads(ctx);
  loads.Need(string, at, at + 1);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(const uint8_t byte, ByteAt(string, at));
  const unsigned mask = 0x80U >> offset % 8;
  const bool was_on = (byte & mask) != 0;
  if (at >= string.size() || was_on != (*on == 1)) {
    const bool created = !string.exists();
    const char changed = static_cast<char>(*on == 1 ? byte | mask : byte & ~mask);
    RETURN_IF_ERROR(string.WriteAt(at, {&changed, 1}));
    NotifyChanged(ctx, key, created, "setbit");
  }
  ctx.reply.Integer(was_on ? 1 : 0);
  return {};
}

// GETBIT key offset
Result<void> GetBit(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const uint64_t offset, ParseBitOffset(ctx, ctx.args[2]));
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, ctx.args[1]));
  const uint64_t at = offset / 8;
  ChunkLoads loads(ctx);
  if (at < string.size()) loads.Need(string, at, at + 1);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(const uint8_t byte, ByteAt(string, at));
  ctx.reply.Integer(byte >> (7 - offset % 8) & 1);
  return {};
}

// The bits that BITCOUNT or BITPOS is to look at: [begin, end).
struct BitRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool empty() const { return begin >= end; }
};

// "start [end [BYTE | BIT]]" as given.
struct RangeArguments {
  int64_t start = 0;
  int64_t end = -1;
  bool end_given = false;
  bool bits = false;
};

Result<bool> ParseUnitIsBit(std::string_view unit) {
  if (EqualsIgnoreCase(unit, "bit")) return true;
  if (EqualsIgnoreCase(unit, "byte")) return false;
  return Fail(kSyntaxError);
}

// Of several mistakes Redis reports the first it meets, and BITPOS looks at the unit before the
// end.
enum class UnitOrder : uint8_t { kBeforeEnd, kAfterEnd };

Result<RangeArguments> ParseRange(Args args, UnitOrder order) {
  RangeArguments range;
  if (args.empty()) return range;
  if (args.size() > 3) return Fail(kSyntaxError);
  ASSIGN_OR_RETURN(range.start, ParseInteger(args[0]));
  const bool has_unit = args.size() == 3;
  if (has_unit && order == UnitOrder::kBeforeEnd) {
    ASSIGN_OR_RETURN(range.bits, ParseUnitIsBit(args[2]));
  }
  if (args.size() >= 2) {
    ASSIGN_OR_RETURN(range.end, ParseInteger(args[1]));
    range.end_given = true;
  }
  if (has_unit && order == UnitOrder::kAfterEnd) {
    ASSIGN_OR_RETURN(range.bits, ParseUnitIsBit(args[2]));
  }
  return range;
}

// Negative ones count from the end; what lies outside is cut off.
BitRange Resolve(const RangeArguments& range, uint64_t bytes) {
  const int64_t total = static_cast<int64_t>(range.bits ? bytes * 8 : bytes);
  const int64_t start = std::max<int64_t>(range.start < 0 ? range.start + total : range.start, 0);
  int64_t end = std::max<int64_t>(range.end < 0 ? range.end + total : range.end, 0);
  end = std::min(end, total - 1);
  if (start > end) return {};
  const uint64_t unit = range.bits ? 1 : 8;
  return {static_cast<uint64_t>(start) * unit, (static_cast<uint64_t>(end) + 1) * unit};
}

// Opens the string, resolves the range against it and names the loads.
Result<String> OpenRange(CommandContext& ctx, const RangeArguments& arguments, ChunkLoads& loads,
                         BitRange& range) {
  ASSIGN_OR_RETURN(String string, String::Open(ctx.keyspace, ctx.args[1]));
  range = Resolve(arguments, string.size());
  if (!range.empty()) loads.Need(string, range.begin / 8, (range.end + 7) / 8);
  return string;
}

// BITCOUNT key [start end [BYTE | BIT]]
Result<void> BitCount(CommandContext& ctx) {
  if (ctx.args.size() == 3) return Fail(kSyntaxError);  // A start without an end.
  ASSIGN_OR_RETURN(const RangeArguments arguments,
                   ParseRange(ctx.args.subspan(2), UnitOrder::kAfterEnd));
  ChunkLoads loads(ctx);
  BitRange range;
  ASSIGN_OR_RETURN(const String string, OpenRange(ctx, arguments, loads, range));
  if (loads.Suspend()) return {};
  const bool backwards =
      arguments.start < 0 && arguments.end < 0 && arguments.start > arguments.end;
  if (backwards || range.empty()) {
    ctx.reply.Integer(0);
    return {};
  }
  const uint64_t first = range.begin / 8;
  const uint64_t last = (range.end - 1) / 8;
  int64_t ones = 0;
  RETURN_IF_ERROR(string.Visit(first, last + 1, [&](const String::Piece& piece) {
    if (piece.data == nullptr) return true;
    ones += static_cast<int64_t>(CountOnes({piece.data, piece.size}));
    // Bits of the outermost bytes that the range leaves out.
    if (piece.offset == first) {
      ones -= std::popcount(ReadBits({piece.data, 1}, 0, range.begin % 8));
    }
    if (piece.offset + piece.size == last + 1) {
      const unsigned kept = static_cast<unsigned>(range.end - last * 8);
      ones -= std::popcount(ReadBits({piece.data + piece.size - 1, 1}, kept, 8 - kept));
    }
    return true;
  }));
  ctx.reply.Integer(ones);
  return {};
}

// The first bit equal to `bit` in the range.
Result<std::optional<uint64_t>> FindInString(const String& string, bool bit,
                                             const BitRange& range) {
  std::optional<uint64_t> found;
  RETURN_IF_ERROR(
      string.Visit(range.begin / 8, (range.end + 7) / 8, [&](const String::Piece& piece) {
        const uint64_t base = piece.offset * 8;
        const uint64_t begin = std::max(range.begin, base);
        const uint64_t end = std::min(range.end, base + piece.size * 8);
        if (piece.data == nullptr) {
          if (!bit) found = begin;
        } else {
          found = FindBit({piece.data, piece.size}, bit, begin - base, end - base);
          if (found) *found += base;
        }
        return !found.has_value();
      }));
  return found;
}

// BITPOS key bit [start [end [BYTE | BIT]]]
Result<void> BitPos(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t wanted, ParseInteger(ctx.args[2]));
  if (wanted != 0 && wanted != 1) return Fail(kBitArgumentNotABit);
  const bool bit = wanted == 1;
  ASSIGN_OR_RETURN(const RangeArguments arguments,
                   ParseRange(ctx.args.subspan(3), UnitOrder::kBeforeEnd));
  ChunkLoads loads(ctx);
  BitRange range;
  ASSIGN_OR_RETURN(const String string, OpenRange(ctx, arguments, loads, range));
  if (loads.Suspend()) return {};
  if (!string.exists()) {  // Zeros without end.
    ctx.reply.Integer(bit ? -1 : 0);
    return {};
  }
  if (range.empty()) {
    ctx.reply.Integer(-1);
    return {};
  }
  ASSIGN_OR_RETURN(const std::optional<uint64_t> found, FindInString(string, bit, range));
  if (found) {
    ctx.reply.Integer(static_cast<int64_t>(*found));
  } else {
    // Unless an end is given, the string is taken to go on with zeros.
    ctx.reply.Integer(bit || arguments.end_given ? -1 : static_cast<int64_t>(range.end));
  }
  return {};
}

constexpr CommandSpec kBitCommands[] = {
    {.name = "setbit",
     .handler = SetBit,
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclBitmap,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "bitmap",
     .since = "2.2.0",
     .summary = "Sets or clears one bit of a string value; creates the key if absent.",
     .complexity = "O(1)",
     .syntax = "key offset value{:integer}"},
    {.name = "getbit",
     .handler = GetBit,
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclBitmap,
     .keys = OneKey(1, kRO | kAccess),
     .group = "bitmap",
     .since = "2.2.0",
     .summary = "Returns one bit of a string value.",
     .complexity = "O(1)",
     .syntax = "key offset"},
    {.name = "bitcount",
     .handler = BitCount,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclBitmap,
     .keys = OneKey(1, kRO | kAccess),
     .group = "bitmap",
     .since = "2.6.0",
     .summary = "Counts the bits that are set in a string value.",
     .complexity = "O(N)",
     .syntax = "key [start end [BYTE | BIT]{@7.0.0}]{index}",
     .history = "7.0.0\tAdded the `BYTE|BIT` option."},
    {.name = "bitpos",
     .handler = BitPos,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclBitmap,
     .keys = OneKey(1, kRO | kAccess),
     .group = "bitmap",
     .since = "2.8.7",
     .summary = "Finds the first bit that is set, or the first that is clear, in a string value.",
     .complexity = "O(N)",
     .syntax = "key bit [start [end [BYTE | BIT]{@7.0.0}]{end_index}]{index}",
     .history = "7.0.0\tAdded the `BYTE|BIT` option."},
};

}  // namespace

std::span<const CommandSpec> BitCommands() {
  return kBitCommands;
}

std::span<const CommandSpec> BitmapCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {BitCommands(), BitOpCommands(), BitfieldCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
