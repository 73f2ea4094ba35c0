// SPDX-License-Identifier: BSD-3-Clause
// Commands that give keys whole new string values: SET and its older relatives, MSET, MSETNX.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/set_options.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_value.h"
#include "datatypes/to_replicas.h"
#include "lsm/store.h"

namespace datatypes {
namespace {

// Sets the key and its expiry, if any, with the events in Redis' order.
void StoreValue(CommandContext& ctx, std::string_view key, lsm::Entry* old, std::string_view value,
                std::optional<int64_t> expire_at_ms, String::Expiry expiry) {
  if (!expire_at_ms) {
    ReplaceString(ctx, key, old, value, "set", expiry);
    return;
  }
  // The old expiry is kept until the new one takes its place: an expiring key that is set again and
  // again stays one allocation.
  const bool created = old == nullptr;
  const String string = String::Replace(ctx.keyspace, key, old, value, String::Expiry::kKeep);
  ctx.keyspace.store().SetExpiry(string.entry(), *expire_at_ms);
  if (ToReplicas(ctx).on()) {
    ToReplicas(ctx).Instead({"SET", key, value, "PXAT", std::to_string(*expire_at_ms)});
  }
  NotifyChanged(ctx, key, created, "set");
  ctx.Notify(kNotifyGeneric, "expire", key);
}

// Replicas do not need the old value.
void TellWithoutGet(CommandContext& ctx) {
  std::vector<std::string_view> told;
  for (size_t i = 0; i < ctx.args.size(); ++i) {
    if (i < 3 || !EqualsIgnoreCase(ctx.args[i], "GET")) told.push_back(ctx.args[i]);
  }
  ToReplicas(ctx).Instead(told);
}

Result<void> SetWithOptions(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const SetOptions options, ParseSetOptions(ctx.args.subspan(3)));
  ASSIGN_OR_RETURN(const std::optional<int64_t> expire_at_ms, ExpireAtMs(ctx, options));
  if (options.get) {
    ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
    ASSIGN_OR_RETURN(const bool replied, ReplyWhole(ctx, key, string));
    if (!replied) return {};
  }
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Get(key));
  if ((options.nx && old != nullptr) || (options.xx && old == nullptr)) {
    if (!options.get) ctx.reply.Null();
    return {};
  }
  StoreValue(ctx, key, old, ctx.args[2], expire_at_ms,
             options.keep_ttl ? String::Expiry::kKeep : String::Expiry::kDrop);
  if (!options.get) ctx.reply.SimpleString("OK");
  if (options.get && !expire_at_ms && ToReplicas(ctx).on()) TellWithoutGet(ctx);
  return {};
}

// SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT … | PXAT … | KEEPTTL]
Result<void> Set(CommandContext& ctx) {
  if (ctx.args.size() > 3) return SetWithOptions(ctx);
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Get(ctx.args[1]));
  ReplaceString(ctx, ctx.args[1], old, ctx.args[2], "set");
  ctx.reply.SimpleString("OK");
  return {};
}

// SETNX key value
Result<void> SetNx(CommandContext& ctx) {
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Get(ctx.args[1]));
  if (old == nullptr) ReplaceString(ctx, ctx.args[1], nullptr, ctx.args[2], "set");
  ctx.reply.Integer(old == nullptr ? 1 : 0);
  return {};
}

Result<void> SetExpiring(CommandContext& ctx, SetOptions::Unit unit) {
  SetOptions options;
  options.unit = unit;
  options.expire = ctx.args[2];
  ASSIGN_OR_RETURN(const std::optional<int64_t> expire_at_ms, ExpireAtMs(ctx, options));
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Get(ctx.args[1]));
  StoreValue(ctx, ctx.args[1], old, ctx.args[3], expire_at_ms, String::Expiry::kDrop);
  ctx.reply.SimpleString("OK");
  return {};
}

// SETEX key seconds value
Result<void> SetEx(CommandContext& ctx) {
  return SetExpiring(ctx, SetOptions::Unit::kEx);
}

// PSETEX key milliseconds value
Result<void> PSetEx(CommandContext& ctx) {
  return SetExpiring(ctx, SetOptions::Unit::kPx);
}

// Sets every pair. Makes all keys resident first, so that it is all or nothing.
Result<void> SetPairs(CommandContext& ctx, bool only_if_none_exists, bool* done) {
  const Args args = ctx.args;
  if (args.size() % 2 == 0) return WrongArity(ctx.spec.name);
  *done = false;
  for (size_t i = 1; i < args.size(); i += 2) {
    ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.Get(args[i]));
    if (only_if_none_exists && entry != nullptr) return {};
  }
  for (size_t i = 1; i < args.size(); i += 2) {
    ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Get(args[i]));
    ReplaceString(ctx, args[i], old, args[i + 1], "set");
  }
  *done = true;
  return {};
}

// MSET key value [key value …]
Result<void> MSet(CommandContext& ctx) {
  bool done = false;
  RETURN_IF_ERROR(SetPairs(ctx, false, &done));
  ctx.reply.SimpleString("OK");
  return {};
}

// MSETNX key value [key value …]
Result<void> MSetNx(CommandContext& ctx) {
  bool done = false;
  RETURN_IF_ERROR(SetPairs(ctx, true, &done));
  ctx.reply.Integer(done ? 1 : 0);
  return {};
}

// Without GET the old value does not matter.
Result<void> SetKeys(Args args, std::vector<KeyRef>& keys) {
  uint16_t flags = kOW | kUpdate;
  for (OptionReader options(args, 3); !options.done(); options.Skip()) {
    if (EqualsIgnoreCase(options.current(), "GET")) flags = kRW | kAccess | kUpdate;
  }
  keys.push_back({1, flags});
  return {};
}

constexpr CommandSpec kStringSetCommands[] = {
    {.name = "set",
     .handler = Set,
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = {KeySpec{.flags = kRW | kAccess | kUpdate | kVariableFlags,
                      .index = 1,
                      .notes = "RW and ACCESS due to the optional `GET` argument"}},
     .find_keys = SetKeys,
     .group = "string",
     .since = "1.0.0",
     .summary = "Gives a key a string value, whatever it held; creates it if absent.",
     .complexity = "O(1)",
     .syntax = "key value [NX | XX]{@2.6.12} [GET]{@6.2.0} [EX seconds{@2.6.12} | PX "
               "milliseconds{@2.6.12} | EXAT unix-time-seconds{@6.2.0} | PXAT "
               "unix-time-milliseconds{@6.2.0} | KEEPTTL{@6.0.0}]",
     .history = "2.6.12\tAdded the `EX`, `PX`, `NX` and `XX` options.\n"
                "6.0.0\tAdded the `KEEPTTL` option.\n"
                "6.2.0\tAdded the `GET`, `EXAT` and `PXAT` option.\n"
                "7.0.0\tAllowed the `NX` and `GET` options to be used together."},
    {.name = "setnx",
     .handler = SetNx,
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kOW | kInsert),
     .group = "string",
     .since = "1.0.0",
     .summary = "Gives a key a string value only if the key is absent.",
     .complexity = "O(1)",
     .syntax = "key value",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `NX` argument"},
    {.name = "setex",
     .handler = SetEx,
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = OneKey(1, kOW | kUpdate),
     .group = "string",
     .since = "2.0.0",
     .summary = "Gives a key a string value and a time to live in seconds.",
     .complexity = "O(1)",
     .syntax = "key seconds value",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `EX` argument"},
    {.name = "psetex",
     .handler = PSetEx,
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = OneKey(1, kOW | kUpdate),
     .group = "string",
     .since = "2.6.0",
     .summary = "Gives a key a string value and a time to live in milliseconds.",
     .complexity = "O(1)",
     .syntax = "key milliseconds value",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `PX` argument"},
    {.name = "mset",
     .handler = MSet,
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = KeysToEnd(1, kOW | kUpdate, 2),
     .group = "string",
     .since = "1.0.1",
     .summary = "Gives several keys string values at once.",
     .complexity = "O(N) where N is the number of keys to set.",
     .syntax = "key value [key value ...]",
     .tips = "request_policy:multi_shard response_policy:all_succeeded"},
    {.name = "msetnx",
     .handler = MSetNx,
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = KeysToEnd(1, kOW | kInsert, 2),
     .group = "string",
     .since = "1.0.1",
     .summary = "Gives several keys string values at once, only if all of them are absent.",
     .complexity = "O(N) where N is the number of keys to set.",
     .syntax = "key value [key value ...]",
     .tips = "request_policy:multi_shard response_policy:agg_min"},
};

}  // namespace

std::span<const CommandSpec> StringSetCommands() {
  return kStringSetCommands;
}

}  // namespace datatypes
