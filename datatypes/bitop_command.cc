// SPDX-License-Identifier: BSD-3-Clause
// BITOP: combines strings bit by bit, a chunk at a time, so that bitmaps of any size need the
// memory of one chunk, and chunks that are zero in the result are neither written nor stored.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/bits.h"
#include "datatypes/errors.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_value.h"
#include "lsm/store.h"

namespace datatypes {
namespace {

std::optional<BitOperation> ParseOperation(std::string_view name) {
  if (EqualsIgnoreCase(name, "and")) return BitOperation::kAnd;
  if (EqualsIgnoreCase(name, "or")) return BitOperation::kOr;
  if (EqualsIgnoreCase(name, "xor")) return BitOperation::kXor;
  if (EqualsIgnoreCase(name, "not")) return BitOperation::kNot;
  return std::nullopt;
}

// The part of `string` in [begin, end) that it has.
Result<std::string_view> Part(const String& string, uint64_t begin, uint64_t end,
                              std::string& scratch) {
  return string.View(begin, std::min(end, string.size()), scratch);
}

// The bytes [begin, end) of the result.
Result<void> Combine(BitOperation operation, const std::vector<String>& sources, uint64_t begin,
                     uint64_t end, std::string& result) {
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view first, Part(sources[0], begin, end, scratch));
  result.assign(first);
  result.resize(end - begin);
  if (operation == BitOperation::kNot) InvertBits(result.data(), result.size());
  for (size_t i = 1; i < sources.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string_view part, Part(sources[i], begin, end, scratch));
    CombineBits(operation, result.data(), result.size(), part);
  }
  return {};
}

// Whether `target` reads as `bytes` at `offset` already, what is past its end being zero.
Result<bool> Holds(const String& target, uint64_t offset, std::string_view bytes) {
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view part,
                   Part(target, offset, offset + bytes.size(), scratch));
  return bytes.starts_with(part) &&
         bytes.find_first_not_of('\0', part.size()) == std::string_view::npos;
}

// Writes a result that is too long to be put together. A target that is a source too is changed in
// place: each of its chunks is read before it is written.
Result<void> StoreInChunks(CommandContext& ctx, BitOperation operation,
                           std::vector<String>& sources, lsm::Entry* old, uint64_t size) {
  const Args source_keys = ctx.args.subspan(3);
  const std::string_view target_key = ctx.args[2];
  for (const String& source : sources) RETURN_IF_ERROR(source.Load(0, source.size()));

  const auto same = std::find(source_keys.begin(), source_keys.end(), target_key);
  const bool in_place = same != source_keys.end() && old != nullptr;
  String target = in_place ? sources[static_cast<size_t>(same - source_keys.begin())]
                           : String::Replace(ctx.keyspace, target_key, old, {});
  std::string result;
  for (uint64_t at = 0; at < size; at += String::kChunkBytes) {
    RETURN_IF_ERROR(
        Combine(operation, sources, at, std::min(at + String::kChunkBytes, size), result));
    ASSIGN_OR_RETURN(const bool unchanged, Holds(target, at, result));
    if (unchanged) continue;
    RETURN_IF_ERROR(target.WriteAt(at, result));
    for (size_t i = 0; i < sources.size(); ++i) {
      if (source_keys[i] == target_key) sources[i] = target;
    }
  }
  RETURN_IF_ERROR(target.Resize(size));
  if (target.entry()->has_expiry()) {
    ctx.keyspace.store().SetExpiry(target.entry(), lsm::kNoExpiry);
  }
  return {};
}

// BITOP AND | OR | XOR | NOT destkey key [key …]
Result<void> BitOp(CommandContext& ctx) {
  const std::optional<BitOperation> operation = ParseOperation(ctx.args[1]);
  if (!operation) return Fail(kSyntaxError);
  const std::string_view target_key = ctx.args[2];
  const Args source_keys = ctx.args.subspan(3);
  if (*operation == BitOperation::kNot && source_keys.size() != 1)
    return Fail(kBitOpNotNeedsOneSource);

  std::vector<String> sources;
  sources.reserve(source_keys.size());
  uint64_t size = 0;
  ChunkLoads loads(ctx);
  for (const std::string_view key : source_keys) {
    ASSIGN_OR_RETURN(const String source, String::Open(ctx.keyspace, key));
    loads.Need(source, 0, source.size());
    size = std::max(size, source.size());
    sources.push_back(source);
  }
  if (loads.Suspend()) return {};
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i].exists()) NotifyMissed(ctx, source_keys[i]);
  }

  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Get(target_key));
  if (size == 0) {
    if (old != nullptr) {
      ctx.keyspace.store().Delete(old);
      ctx.Notify(kNotifyGeneric, "del", target_key);
    }
  } else {
    if (size <= String::kMaxInlineBytes) {
      std::string result;
      RETURN_IF_ERROR(Combine(*operation, sources, 0, size, result));
      String::Replace(ctx.keyspace, target_key, old, result, String::Expiry::kDrop,
                      String::kEdited);
    } else {
      RETURN_IF_ERROR(StoreInChunks(ctx, *operation, sources, old, size));
    }
    NotifyChanged(ctx, target_key, old == nullptr, "set");
  }
  ctx.reply.Integer(static_cast<int64_t>(size));
  return {};
}

constexpr CommandSpec kBitOpCommands[] = {
    {.name = "bitop",
     .handler = BitOp,
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclBitmap,
     .keys = {KeySpec{.flags = kOW | kUpdate, .index = 2},
              KeySpec{.flags = kRO | kAccess, .index = 3, .last = -1}},
     .group = "bitmap",
     .since = "2.6.0",
     .summary = "Combines string values bit by bit and stores the result.",
     .complexity = "O(N)",
     .syntax = "<AND | OR | XOR | NOT>{operation} destkey key [key ...]"},
};

}  // namespace

std::span<const CommandSpec> BitOpCommands() {
  return kBitOpCommands;
}

}  // namespace datatypes
