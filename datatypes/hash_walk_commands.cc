// SPDX-License-Identifier: BSD-3-Clause
// Hashes in steps or by chance: HSCAN, HRANDFIELD.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/element_walk.h"
#include "datatypes/errors.h"
#include "datatypes/hash_access.h"
#include "datatypes/hash_families.h"
#include "datatypes/walk_options.h"

namespace datatypes {
namespace {

// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
Result<void> HScan(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const uint64_t cursor, ParseCursor(ctx.args[2]));
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  if (!hash.exists()) {  // That hides bad options, as in Redis.
    ReplyEmptyWalk(ctx.reply);
    return {};
  }
  ASSIGN_OR_RETURN(const WalkOptions options, ParseWalkOptions(ctx.args, /*may_hide_values=*/true));
  WalkStep step{.from = 0, .to = hash.size()};
  if (hash.is_hash_table()) step = NextStep(cursor, options.count, hash.size(), hash.erased());
  ReplyCursor(ctx.reply, step.next_cursor);
  const resp::Writer::Deferred header = ctx.reply.Defer();
  size_t replies = 0;
  RETURN_IF_ERROR(hash.Visit(step.from, step.to, [&](const Hash::Field& field) {
    if (!options.Matches(field.name)) return true;
    ctx.reply.Bulk(field.name);
    ++replies;
    if (options.no_values) return true;
    ctx.reply.Bulk(field.value);
    ++replies;
    return true;
  }));
  ctx.reply.SetArrayLength(header, replies);
  return {};
}

// An array of fields, perhaps with their values: pairs in RESP3, flat in RESP2.
class FieldsReply {
 public:
  FieldsReply(resp::Writer& reply, bool with_values)
      : reply_(reply), with_values_(with_values), pairs_(with_values && reply.resp3()) {}

  void Begin(uint64_t fields) { reply_.Array(with_values_ && !pairs_ ? 2 * fields : fields); }
  void Add(const Hash::Field& field) {
    if (pairs_) reply_.Array(2);
    reply_.Bulk(field.name);
    if (with_values_) reply_.Bulk(field.value);
  }

 private:
  resp::Writer& reply_;
  const bool with_values_;
  const bool pairs_;
};

// HRANDFIELD key count [WITHVALUES]
Result<void> ReplyRandomFields(CommandContext& ctx) {
  const bool with_values = ctx.args.size() == 4 && EqualsIgnoreCase(ctx.args[3], "withvalues");
  ASSIGN_OR_RETURN(const RandomCount wanted, ParseRandomCount(ctx.args[2], with_values));
  if (ctx.args.size() > 3 && !with_values) return Fail(kSyntaxError);
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  const uint64_t size = hash.size();
  FieldsReply reply(ctx.reply, with_values);
  const auto add = [&reply](const Hash::Field& field) {
    reply.Add(field);
    return true;
  };
  if (wanted.repeating) {
    const uint64_t count = size > 0 ? wanted.count : 0;
    reply.Begin(count);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t rank = ChooseRank(size, ctx.random);
      RETURN_IF_ERROR(hash.Visit(rank, rank + 1, add));
    }
    return {};
  }
  const uint64_t count = std::min(wanted.count, size);
  reply.Begin(count);
  if (count == size) return hash.Visit(0, size, add);
  for (const uint64_t rank : ChooseRanks(count, size, ctx.random)) {
    RETURN_IF_ERROR(hash.Visit(rank, rank + 1, add));
  }
  return {};
}

// HRANDFIELD key [count [WITHVALUES]]
Result<void> HRandField(CommandContext& ctx) {
  if (ctx.args.size() > 2) return ReplyRandomFields(ctx);
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  if (hash.size() == 0) {
    ctx.reply.Null();
    return {};
  }
  const uint64_t rank = ChooseRank(hash.size(), ctx.random);
  return hash.Visit(rank, rank + 1, [&ctx](const Hash::Field& field) {
    ctx.reply.Bulk(field.name);
    return true;
  });
}

constexpr CommandSpec kWalkCommands[] = {
    {.name = "hscan",
     .handler = HScan,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = OneKey(1, kRO | kAccess),
     .group = "hash",
     .since = "2.8.0",
     .summary = "Lists the fields of a hash and their values in steps.",
     .complexity = "O(1) for a step, O(N) for all of them, N being the number of fields.",
     .syntax = "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
     .tips = "nondeterministic_output",
     .history = "7.4.0\tAdded the `NOVALUES` flag."},
    {.name = "hrandfield",
     .handler = HRandField,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = OneKey(1, kRO | kAccess),
     .group = "hash",
     .since = "6.2.0",
     .summary = "Tells fields of a hash, chosen by chance.",
     .complexity = "O(N*log(M)) for N fields told of M.",
     .syntax = "key [count [WITHVALUES]]",
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> HashWalkCommands() {
  return kWalkCommands;
}

}  // namespace datatypes
