// SPDX-License-Identifier: BSD-3-Clause
// Commands on parts of strings: APPEND, SETRANGE, GETRANGE and its old name SUBSTR.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_stream.h"
#include "datatypes/string_value.h"

namespace datatypes {
namespace {

// APPEND key value
Result<void> Append(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  const std::string_view bytes = ctx.args[2];
  ASSIGN_OR_RETURN(String string, String::Open(ctx.keyspace, key));
  if (!string.exists()) {
    // What it creates is a value like SET's, not an edited one.
    ReplaceString(ctx, key, nullptr, bytes, "append");
    ctx.reply.Integer(static_cast<int64_t>(bytes.size()));
    return {};
  }
  RETURN_IF_ERROR(CheckStringSize(ctx, string.size(), bytes.size()));
  ChunkLoads loads(ctx);
  loads.Need(string, string.size(), string.size() + bytes.size());
  if (loads.Suspend()) return {};
  RETURN_IF_ERROR(string.Append(bytes));
  NotifyChanged(ctx, key, false, "append");
  ctx.reply.Integer(static_cast<int64_t>(string.size()));
  return {};
}

// SETRANGE key offset value
Result<void> SetRange(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  const std::string_view bytes = ctx.args[3];
  ASSIGN_OR_RETURN(const int64_t signed_offset, ParseInteger(ctx.args[2]));
  if (signed_offset < 0) return Fail(kOffsetOutOfRange);
  const uint64_t offset = static_cast<uint64_t>(signed_offset);
  ASSIGN_OR_RETURN(String string, String::Open(ctx.keyspace, key));
  if (bytes.empty()) {  // Nothing is written and no key made, wherever the offset points.
    ctx.reply.Integer(static_cast<int64_t>(string.size()));
    return {};
  }
  RETURN_IF_ERROR(CheckStringSize(ctx, offset, bytes.size()));
  ChunkLoads loads(ctx);
  loads.Need(string, offset, offset + bytes.size());
  if (loads.Suspend()) return {};
  const bool created = !string.exists();
  RETURN_IF_ERROR(string.WriteAt(offset, bytes));
  NotifyChanged(ctx, key, created, "setrange");
  ctx.reply.Integer(static_cast<int64_t>(string.size()));
  return {};
}

// GETRANGE key start end; both ends included, negative ones counted from the end.
Result<void> GetRange(CommandContext& ctx) {
  ASSIGN_OR_RETURN(int64_t start, ParseInteger(ctx.args[2]));
  ASSIGN_OR_RETURN(int64_t end, ParseInteger(ctx.args[3]));
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, ctx.args[1]));
  const int64_t size = static_cast<int64_t>(string.size());
  const bool backwards = start < 0 && end < 0 && start > end;
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (backwards || start > end) {
    ctx.reply.Bulk({});
    return {};
  }
  const uint64_t from = static_cast<uint64_t>(start);
  const uint64_t to = static_cast<uint64_t>(end) + 1;
  if (IsStreamed(ctx, string, from, to)) return StreamBytes(ctx, from, to);
  ChunkLoads loads(ctx);
  loads.Need(string, from, to);
  if (loads.Suspend()) return {};
  return ReplyBytes(ctx, string, from, to);
}

constexpr CommandSpec kStringRangeCommands[] = {
    {.name = "append",
     .handler = Append,
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kInsert),
     .group = "string",
     .since = "2.0.0",
     .summary = "Adds bytes to the end of a string value; creates the key if absent.",
     .complexity = "O(N) where N is the length of the appended value. Beyond 32 KiB of value, the "
                   "last 32 KiB are written again.",
     .syntax = "key value"},
    {.name = "setrange",
     .handler = SetRange,
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "string",
     .since = "2.2.0",
     .summary = "Writes over part of a string value from an offset on; creates the key if absent.",
     .complexity = "O(M) where M is the length of the value argument, plus at most 32 KiB at each "
                   "of its ends.",
     .syntax = "key offset value"},
    {.name = "getrange",
     .handler = GetRange,
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclString,
     .keys = OneKey(1, kRO | kAccess),
     .group = "string",
     .since = "2.4.0",
     .summary = "Returns part of a string value.",
     .complexity = "O(N) where N is the length of the returned string.",
     .syntax = "key start end"},
    {.name = "substr",
     .handler = GetRange,
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclString,
     .keys = OneKey(1, kRO | kAccess),
     .group = "string",
     .since = "1.0.0",
     .summary = "Returns part of a string value.",
     .complexity = "O(N) where N is the length of the returned string.",
     .syntax = "key start end",
     .deprecated_since = "2.0.0",
     .replaced_by = "`GETRANGE`"},
};

}  // namespace

std::span<const CommandSpec> StringRangeCommands() {
  return kStringRangeCommands;
}

}  // namespace datatypes
