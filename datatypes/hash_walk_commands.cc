// SPDX-License-Identifier: BSD-3-Clause
// Hashes in steps or by chance: HSCAN, HRANDFIELD.
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/element_walk.h"
#include "datatypes/errors.h"
#include "datatypes/hash_access.h"
#include "datatypes/hash_families.h"
#include "datatypes/row_loads.h"
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
  WalkStep step{.from = 0, .to = hash.ranks()};
  if (hash.is_hash_table()) step = NextStep(cursor, options.count, hash.ranks(), hash.erased());
  RowLoads loads(ctx);
  if (loads.wanted()) hash.PrefetchRanks(step.from, step.to, loads.waiter());
  if (loads.Suspend()) return {};
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
      : reply_(reply),
        with_values_(with_values),
        pairs_(with_values && reply.resp3()),
        header_(reply.Defer()) {}

  void Add(const Hash::Field& field) {
    if (pairs_) reply_.Array(2);
    reply_.Bulk(field.name);
    if (with_values_) reply_.Bulk(field.value);
    ++fields_;
  }
  void End() { reply_.SetArrayLength(header_, with_values_ && !pairs_ ? 2 * fields_ : fields_); }

 private:
  resp::Writer& reply_;
  const bool with_values_;
  const bool pairs_;
  const resp::Writer::Deferred header_;
  size_t fields_ = 0;
};

// Choices of so many fields are made before any is looked at, so that their pages can be loaded all
// at once; more are looked at one by one.
constexpr uint64_t kMostPlanned = 1024;

// HRANDFIELD's reply in all its forms: the fields of these ranks. What is due and could not be
// erased is left out.
Result<void> ReplyRanks(CommandContext& ctx, const Hash& hash, const std::vector<uint64_t>& ranks) {
  if (ctx.args.size() == 2) {
    bool found = false;
    const auto reply = [&](const Hash::Field& field) {
      ctx.reply.Bulk(field.name);
      found = true;
      return true;
    };
    if (!ranks.empty()) RETURN_IF_ERROR(hash.Visit(ranks[0], ranks[0] + 1, reply));
    if (!found) ctx.reply.Null();
    return {};
  }
  FieldsReply reply(ctx.reply, /*with_values=*/ctx.args.size() == 4);
  for (const uint64_t rank : ranks) {
    RETURN_IF_ERROR(hash.Visit(rank, rank + 1, [&reply](const Hash::Field& field) {
      reply.Add(field);
      return true;
    }));
  }
  reply.End();
  return {};
}

// A choice that waits for its pages: another run would choose others.
class ChosenFields final : public Suspension {
 public:
  ChosenFields(const std::vector<uint64_t>& ranks, uint64_t size) : ranks_(ranks), size_(size) {}

  Result<bool> Resume(CommandContext& ctx) override {
    ctx.may_suspend = false;
    ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
    if (hash.ranks() == size_ && !hash.has_due()) {
      RETURN_IF_ERROR(ReplyRanks(ctx, hash, ranks_));
      return true;
    }
    RETURN_IF_ERROR(ctx.spec.handler(ctx));
    return ctx.suspension == nullptr;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  const std::vector<uint64_t> ranks_;
  const uint64_t size_;
};

bool RanksLoadedOrSuspended(CommandContext& ctx, const Hash& hash,
                            const std::vector<uint64_t>& ranks) {
  if (!ctx.may_suspend || ranks.empty()) return true;
  auto chosen = std::make_unique<ChosenFields>(ranks, hash.ranks());
  for (const uint64_t rank : ranks) hash.PrefetchRank(rank, *chosen);
  if (chosen->pending() == 0) return true;
  ctx.Suspend(std::move(chosen));
  return false;
}

// For choices of many, and of all.
Result<void> ReplyUnplanned(CommandContext& ctx, const Hash& hash, const RandomCount& wanted) {
  const uint64_t size = hash.ranks();
  FieldsReply reply(ctx.reply, /*with_values=*/ctx.args.size() == 4);
  const auto add = [&reply](const Hash::Field& field) {
    reply.Add(field);
    return true;
  };
  if (wanted.repeating) {
    for (uint64_t i = 0; i < wanted.count; ++i) {
      const uint64_t rank = ChooseRank(size, ctx.random);
      RETURN_IF_ERROR(hash.Visit(rank, rank + 1, add));
    }
  } else if (wanted.count >= size) {
    RETURN_IF_ERROR(hash.VisitAll(add));
  } else {
    for (const uint64_t rank : ChooseRanks(wanted.count, size, ctx.random)) {
      RETURN_IF_ERROR(hash.Visit(rank, rank + 1, add));
    }
  }
  reply.End();
  return {};
}

// HRANDFIELD key [count [WITHVALUES]]
Result<void> HRandField(CommandContext& ctx) {
  RandomCount wanted{.count = 1, .repeating = true};
  if (ctx.args.size() > 2) {
    const bool with_values = ctx.args.size() == 4 && EqualsIgnoreCase(ctx.args[3], "withvalues");
    ASSIGN_OR_RETURN(wanted, ParseRandomCount(ctx.args[2], with_values));
    if (ctx.args.size() > 3 && !with_values) return Fail(kSyntaxError);
  }
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const bool erased, DueErasedOrSuspended(ctx, hash, ctx.args[1]));
  if (!erased) return {};
  const uint64_t size = hash.ranks();
  std::vector<uint64_t> ranks;
  if (size > 0) {
    const bool all = !wanted.repeating && wanted.count >= size;
    if (all || wanted.count > kMostPlanned) return ReplyUnplanned(ctx, hash, wanted);
    if (wanted.repeating) {
      for (uint64_t i = 0; i < wanted.count; ++i) ranks.push_back(ChooseRank(size, ctx.random));
    } else {
      ranks = ChooseRanks(wanted.count, size, ctx.random);
    }
  }
  if (!RanksLoadedOrSuspended(ctx, hash, ranks)) return {};
  return ReplyRanks(ctx, hash, ranks);
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
     .syntax = "key [count [WITHVALUES]]{options}",
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> HashWalkCommands() {
  return kWalkCommands;
}

}  // namespace datatypes
