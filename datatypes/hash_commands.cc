// SPDX-License-Identifier: BSD-3-Clause
// Commands that change single fields of hashes: HSET, HMSET, HSETNX, HDEL.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "datatypes/errors.h"
#include "datatypes/hash_access.h"
#include "datatypes/hash_families.h"

namespace datatypes {
namespace {

// Sets the pairs from argument 2 on; returns how many fields were created.
Result<int64_t> SetPairs(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  const Args pairs = ctx.args.subspan(2);
  if (pairs.size() % 2 != 0) return WrongArity(ctx.spec.name);
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  if (pairs.size() > 2) {  // What can fail comes before the first change.
    for (size_t i = 0; i < pairs.size(); i += 2) RETURN_IF_ERROR(hash.Load(pairs[i]));
  }
  const bool existed = hash.exists();
  int64_t created = 0;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    ASSIGN_OR_RETURN(const bool is_new, hash.Set(pairs[i], pairs[i + 1]));
    created += is_new ? 1 : 0;
  }
  NotifyHash(ctx, key, !existed, "hset");
  return created;
}

// HSET key field value [field value …]
Result<void> HSet(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t created, SetPairs(ctx));
  ctx.reply.Integer(created);
  return {};
}

// HMSET key field value [field value …]
Result<void> HMSet(CommandContext& ctx) {
  RETURN_IF_ERROR(SetPairs(ctx));
  ctx.reply.SimpleString("OK");
  return {};
}

// HSETNX key field value
Result<void> HSetNx(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> old, hash.Get(ctx.args[2]));
  if (!old) {
    const bool existed = hash.exists();
    RETURN_IF_ERROR(hash.Set(ctx.args[2], ctx.args[3]));
    NotifyHash(ctx, key, !existed, "hset");
  }
  ctx.reply.Integer(old ? 0 : 1);
  return {};
}

// HDEL key field [field …]
Result<void> HDel(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  const Args fields = ctx.args.subspan(2);
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  if (fields.size() > 1) {
    for (const std::string_view field : fields) RETURN_IF_ERROR(hash.Load(field));
  }
  int64_t removed = 0;
  for (const std::string_view field : fields) {
    ASSIGN_OR_RETURN(const bool erased, hash.Erase(field));
    removed += erased ? 1 : 0;
    if (!hash.exists()) break;
  }
  if (removed > 0) NotifyFieldsRemoved(ctx, hash, key, "hdel");
  ctx.reply.Integer(removed);
  return {};
}

constexpr CommandSpec PairSetter(std::string_view name, CommandSpec::Handler handler) {
  return {.name = name,
          .handler = handler,
          .arity = -4,
          .flags = kWrite | kDenyOom | kFast,
          .acl = kAclHash,
          .keys = OneKey(1, kRW | kUpdate),
          .rows = EveryOtherField(2),
          .group = "hash",
          .since = "2.0.0",
          .summary = "Sets fields of a hash, which is created if absent.",
          .complexity = "O(log(M)) for each of the fields, M being the size of the hash.",
          .syntax = "key field value [field value ...]"};
}
constexpr CommandSpec kHSetRow = [] {
  CommandSpec row = PairSetter("hset", HSet);
  row.history = "4.0.0\tAccepts multiple `field` and `value` arguments.";
  return row;
}();
constexpr CommandSpec kHMSetRow = [] {
  CommandSpec row = PairSetter("hmset", HMSet);
  row.deprecated_since = "4.0.0";
  row.replaced_by = "`HSET` with multiple field-value pairs";
  return row;
}();

constexpr CommandSpec kFieldCommands[] = {
    kHSetRow,
    kHMSetRow,
    {.name = "hsetnx",
     .handler = HSetNx,
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRW | kInsert),
     .rows = FieldArg(2),
     .group = "hash",
     .since = "2.0.0",
     .summary = "Sets a field of a hash if there is no such field yet.",
     .complexity = "O(log(N)), N being the size of the hash.",
     .syntax = "key field value"},
    {.name = "hdel",
     .handler = HDel,
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRW | kDelete),
     .rows = EveryField(2),
     .group = "hash",
     .since = "2.0.0",
     .summary = "Removes fields of a hash; the key goes with the last one.",
     .complexity = "O(log(M)) for each of the fields, M being the size of the hash.",
     .syntax = "key field [field ...]",
     .history = "2.4.0\tAccepts multiple `field` arguments."},
};

}  // namespace

std::span<const CommandSpec> HashFieldCommands() {
  return kFieldCommands;
}

std::span<const CommandSpec> HashCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {HashFieldCommands(), HashReadCommands(), HashNumberCommands(), HashWalkCommands(),
          HashExpireCommands(), HashExCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
