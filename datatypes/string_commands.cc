// SPDX-License-Identifier: BSD-3-Clause
// Commands that read whole strings, or end or move their life: GET, MGET, STRLEN, GETSET, GETDEL,
// GETEX.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/has_passed.h"
#include "datatypes/set_options.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_stream.h"
#include "datatypes/string_value.h"
#include "datatypes/to_replicas.h"
#include "lsm/store.h"

namespace datatypes {
namespace {

// GET key
Result<void> Get(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.GetTyped(key, kString));
  if (entry != nullptr && !entry->has_collection()) {  // The short way of most GETs.
    ctx.reply.Bulk(entry->payload());
    return {};
  }
  ASSIGN_OR_RETURN(const String string, String::Of(ctx.keyspace, key, entry));
  if (IsStreamed(ctx, string, 0, string.size())) return StreamBytes(ctx, 0, string.size());
  RETURN_IF_ERROR(ReplyWhole(ctx, key, string));
  return {};
}

// GETSET key value
Result<void> GetSet(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const String old, String::Open(ctx.keyspace, key));
  ASSIGN_OR_RETURN(const bool replied, ReplyWhole(ctx, key, old));
  if (!replied) return {};
  ReplaceString(ctx, key, old.entry(), ctx.args[2], "set");
  ToReplicas(ctx).Instead({"SET", key, ctx.args[2]});
  return {};
}

// GETDEL key
Result<void> GetDel(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  ASSIGN_OR_RETURN(const bool replied, ReplyWhole(ctx, key, string));
  if (!replied || !string.exists()) return {};
  ctx.keyspace.store().Delete(string.entry());
  ToReplicas(ctx).Instead({"DEL", key});
  ctx.Notify(kNotifyGeneric, "del", key);
  return {};
}

// GETEX key [EX seconds | PX milliseconds | EXAT … | PXAT … | PERSIST]
Result<void> GetEx(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const SetOptions options, ParseGetExOptions(ctx.args.subspan(2)));
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  std::optional<int64_t> expire_at_ms;
  if (string.exists()) {  // An absent key hides a bad time, as in Redis.
    ASSIGN_OR_RETURN(expire_at_ms, ExpireAtMs(ctx, options));
  }
  ASSIGN_OR_RETURN(const bool replied, ReplyWhole(ctx, key, string));
  if (!replied || !string.exists()) return {};

  lsm::Store& store = ctx.keyspace.store();
  if (expire_at_ms) {
    if (options.absolute() && HasPassed(ctx, *expire_at_ms)) {
      store.Delete(string.entry());
      ToReplicas(ctx).Instead({"DEL", key});
      ctx.Notify(kNotifyGeneric, "del", key);
    } else {
      store.SetExpiry(string.entry(), *expire_at_ms);
      ToReplicas(ctx).Instead({"PEXPIREAT", key, std::to_string(*expire_at_ms)});
      ctx.Notify(kNotifyGeneric, "expire", key);
    }
  } else if (options.persist && string.entry()->has_expiry()) {
    store.SetExpiry(string.entry(), lsm::kNoExpiry);
    ToReplicas(ctx).Instead({"PERSIST", key});
    ctx.Notify(kNotifyGeneric, "persist", key);
  }
  return {};
}

// STRLEN key
Result<void> StrLen(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, ctx.args[1]));
  ctx.reply.Integer(static_cast<int64_t>(string.size()));
  return {};
}

// The string there, nothing if there is none or it is another type.
Result<std::optional<String>> StringIfAny(CommandContext& ctx, std::string_view key) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
  if (entry == nullptr || entry->type() != kString) return std::optional<String>();
  ASSIGN_OR_RETURN(String string, String::Of(ctx.keyspace, key, entry));
  return std::optional<String>(string);
}

// MGET key [key …]
Result<void> MGet(CommandContext& ctx) {
  const Args keys = ctx.args.subspan(1);
  ChunkLoads loads(ctx);
  for (const std::string_view key : keys) {
    ASSIGN_OR_RETURN(const std::optional<String> string, StringIfAny(ctx, key));
    if (!string || !string->chunked()) continue;
    loads.Need(*string, 0, string->size());
    if (ctx.may_suspend) continue;
    // It will not wait: what fails to load must fail before the reply begins.
    RETURN_IF_ERROR(string->Load(0, string->size()));
  }
  if (loads.Suspend()) return {};
  ctx.reply.Array(keys.size());
  for (const std::string_view key : keys) {
    ASSIGN_OR_RETURN(const std::optional<String> string, StringIfAny(ctx, key));
    if (string) {
      RETURN_IF_ERROR(ReplyBytes(ctx, *string, 0, string->size()));
    } else {
      ctx.reply.Null();
    }
  }
  return {};
}

constexpr CommandSpec kStringReadCommands[] = {
    {.name = "get",
     .handler = Get,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRO | kAccess),
     .group = "string",
     .since = "1.0.0",
     .summary = "Returns a key's string value.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "getset",
     .handler = GetSet,
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "string",
     .since = "1.0.0",
     .summary = "Gives a key a new string value and returns the one it had.",
     .complexity = "O(1)",
     .syntax = "key value",
     .deprecated_since = "6.2.0",
     .replaced_by = "`SET` with the `!GET` argument"},
    {.name = "getdel",
     .handler = GetDel,
     .arity = 2,
     .flags = kWrite | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kDelete),
     .group = "string",
     .since = "6.2.0",
     .summary = "Returns a key's string value and deletes the key.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "getex",
     .handler = GetEx,
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclString,
     .keys = {KeySpec{.flags = kRW | kAccess | kUpdate,
                      .index = 1,
                      .notes = "RW and UPDATE because it changes the TTL"}},
     .group = "string",
     .since = "6.2.0",
     .summary = "Returns a key's string value and sets or removes its expiry.",
     .complexity = "O(1)",
     .syntax = "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
               "unix-time-milliseconds | PERSIST]"},
    {.name = "strlen",
     .handler = StrLen,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRO),
     .group = "string",
     .since = "2.2.0",
     .summary = "Returns the length of a string value in bytes.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "mget",
     .handler = MGet,
     .arity = -2,
     .flags = kReadonly | kFast,
     .acl = kAclString,
     .keys = KeysToEnd(1, kRO | kAccess),
     .group = "string",
     .since = "1.0.0",
     .summary = "Returns the string values of several keys.",
     .complexity = "O(N) where N is the number of keys to retrieve.",
     .syntax = "key [key ...]",
     .tips = "request_policy:multi_shard"},
};

}  // namespace

std::span<const CommandSpec> StringReadCommands() {
  return kStringReadCommands;
}

std::span<const CommandSpec> StringCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {StringReadCommands(), StringSetCommands(), StringRangeCommands(), CounterCommands(),
          LcsCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
