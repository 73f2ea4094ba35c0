// SPDX-License-Identifier: BSD-3-Clause
// Keys as such: whether they exist, what they are, and their end.
#include <cstdint>

#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/types.h"

namespace datatypes {
namespace {

// DEL key [key ...], UNLINK key [key ...]: the same to us, since deleting is O(1).
Result<void> Del(CommandContext& ctx) {
  int64_t deleted = 0;
  for (std::string_view key : ctx.args.subspan(1)) {
    ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
    if (entry == nullptr) continue;
    ctx.keyspace.store().Delete(entry);
    ctx.Notify(kNotifyGeneric, "del", key);
    ++deleted;
  }
  ctx.reply.Integer(deleted);
  return {};
}

// EXISTS key [key ...]
Result<void> Exists(CommandContext& ctx) {
  int64_t existing = 0;
  for (std::string_view key : ctx.args.subspan(1)) {
    ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.Get(key));
    if (entry != nullptr) ++existing;
  }
  ctx.reply.Integer(existing);
  return {};
}

// TYPE key
Result<void> TypeOf(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.Get(ctx.args[1]));
  ctx.reply.SimpleString(TypeName(entry == nullptr ? lsm::kAbsentType : entry->type()));
  return {};
}

// TOUCH key [key ...]: counts as a use even under CLIENT NO-TOUCH.
Result<void> Touch(CommandContext& ctx) {
  const Keyspace touching(ctx.keyspace.store(), ctx.keyspace.db(), /*no_touch=*/false);
  int64_t existing = 0;
  for (std::string_view key : ctx.args.subspan(1)) {
    ASSIGN_OR_RETURN(const lsm::Entry* const entry, touching.Get(key));
    if (entry != nullptr) ++existing;
  }
  ctx.reply.Integer(existing);
  return {};
}

constexpr CommandSpec kKeyCommands[] = {
    {.name = "del",
     .handler = Del,
     .arity = -2,
     .flags = kWrite,
     .acl = kAclKeyspace,
     .keys = KeysToEnd(1, kRM | kDelete),
     .group = "generic",
     .since = "1.0.0",
     .summary = "Deletes keys.",
     .complexity = "O(N) for N keys, whatever their size; the space is collected later.",
     .syntax = "key [key ...]",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "unlink",
     .handler = Del,
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = KeysToEnd(1, kRM | kDelete),
     .group = "generic",
     .since = "4.0.0",
     .summary = "Deletes keys and leaves their space to be collected in the background.",
     .complexity = "O(N) for N keys, whatever their size.",
     .syntax = "key [key ...]",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "exists",
     .handler = Exists,
     .arity = -2,
     .flags = kReadonly | kFast | kPeeks,
     .acl = kAclKeyspace,
     .keys = KeysToEnd(1, kRO),
     .group = "generic",
     .since = "1.0.0",
     .summary = "Counts those of the named keys that exist.",
     .complexity = "O(N) for N keys.",
     .syntax = "key [key ...]",
     .tips = "request_policy:multi_shard response_policy:agg_sum",
     .history = "3.0.3\tAccepts multiple `key` arguments."},
    {.name = "type",
     .handler = TypeOf,
     .arity = 2,
     .flags = kReadonly | kFast | kPeeks,
     .acl = kAclKeyspace,
     .keys = OneKey(1, kRO),
     .group = "generic",
     .since = "1.0.0",
     .summary = "Tells the type of the value at a key.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "touch",
     .handler = Touch,
     .arity = -2,
     .flags = kReadonly | kFast,
     .acl = kAclKeyspace,
     .keys = KeysToEnd(1, kRO),
     .group = "generic",
     .since = "3.2.1",
     .summary = "Counts those of the named keys that exist, and marks them as used just now.",
     .complexity = "O(N) for N keys.",
     .syntax = "key [key ...]",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
};

}  // namespace

std::span<const CommandSpec> KeyCommands() {
  return kKeyCommands;
}

}  // namespace datatypes
