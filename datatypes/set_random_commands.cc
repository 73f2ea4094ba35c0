// SPDX-License-Identifier: BSD-3-Clause
// Members chosen by chance: SRANDMEMBER, SPOP. They are found by their ranks, so each is as likely
// as any other, and of a large set only their pages are looked at.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/element_walk.h"
#include "datatypes/errors.h"
#include "datatypes/row_loads.h"
#include "datatypes/set_access.h"
#include "datatypes/set_families.h"
#include "datatypes/to_replicas.h"
#include "datatypes/types.h"
#include "datatypes/walk_options.h"

namespace datatypes {
namespace {

using Ranks = std::vector<uint64_t>;
// Replies, and does, what is to be done with the members of these ranks. Requires a set that
// exists.
using Act = Result<void> (*)(CommandContext& ctx, Set& set, const Ranks& ranks);

// Of more ranks than this the rest is loaded on the spot.
constexpr size_t kMaxLoadedRanks = 1024;

bool PrefetchRanks(const Set& set, const Ranks& ranks, lsm::LoadWaiter& waiter) {
  bool resident = true;
  for (size_t i = 0; i < std::min(ranks.size(), kMaxLoadedRanks); ++i) {
    if (!set.PrefetchAt(ranks[i], waiter)) resident = false;
  }
  return resident;
}

// Waits for the rows of ranks that were chosen already.
class ChosenRanks final : public Suspension {
 public:
  ChosenRanks(uint64_t size, Ranks ranks, Act act)
      : size_(size), ranks_(std::move(ranks)), act_(act) {}

  const Ranks& ranks() const { return ranks_; }

  Result<bool> Resume(CommandContext& ctx) override {
    ASSIGN_OR_RETURN(Set set, OpenSet(ctx, ctx.args[1]));
    if (!set.exists() || !StillFair(set.size(), ctx.random)) {
      ctx.may_suspend = false;
      RETURN_IF_ERROR(ctx.spec.handler(ctx));
      return true;
    }
    RETURN_IF_ERROR(act_(ctx, set, ranks_));
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  // Whether the choice is as good as one made now. A rank that was chosen among more is, if it is
  // not too great; one that was chosen among fewer has to give way now and then to one of the new.
  bool StillFair(uint64_t size, std::mt19937_64& random) {
    if (size == size_) return true;
    if (ranks_.size() != 1) return false;
    if (size > size_) {
      const uint64_t rank = ChooseRank(size, random);
      if (rank >= size_) ranks_[0] = rank;
      return true;
    }
    return ranks_[0] < size;
  }

  const uint64_t size_;
  Ranks ranks_;
  const Act act_;
};

Result<void> WithRanks(CommandContext& ctx, Set& set, Ranks ranks, Act act) {
  if (!ctx.may_suspend || set.fully_resident()) return act(ctx, set, ranks);
  auto chosen = std::make_unique<ChosenRanks>(set.size(), std::move(ranks), act);
  if (PrefetchRanks(set, chosen->ranks(), *chosen)) return act(ctx, set, chosen->ranks());
  ctx.Suspend(std::move(chosen));
  return {};
}

Result<void> ReplyMembers(CommandContext& ctx, const Set& set, const Ranks& ranks) {
  for (const uint64_t rank : ranks) {
    RETURN_IF_ERROR(set.Visit(rank, rank + 1, [&ctx](std::string_view member) {
      ctx.reply.Bulk(member);
      return true;
    }));
  }
  return {};
}

Result<void> ReplyOne(CommandContext& ctx, Set& set, const Ranks& ranks) {
  return ReplyMembers(ctx, set, ranks);
}

Result<void> ReplyMany(CommandContext& ctx, Set& set, const Ranks& ranks) {
  ctx.reply.Array(ranks.size());
  return ReplyMembers(ctx, set, ranks);
}

// All members, when there are no more than were asked for. False: they have to be loaded first.
Result<bool> ReplyAll(CommandContext& ctx, const Set& set) {
  if (!set.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) set.PrefetchAll(kMaxSetMembersAtOnce, loads.waiter());
    if (loads.Suspend()) return false;
  }
  if (ctx.spec.name == "spop") {
    ctx.reply.Set(set.size());
  } else {
    ctx.reply.Array(set.size());
  }
  RETURN_IF_ERROR(set.Visit(0, set.size(), [&ctx](std::string_view member) {
    ctx.reply.Bulk(member);
    return true;
  }));
  return true;
}

// So many members, of which the same may come again, that they are sent in parts while others run.
// Each part is of the set as it is then; should it be gone, of the members that came first.
class RepeatedDraws final : public Suspension {
 public:
  explicit RepeatedDraws(uint64_t count) : left_(count) {}

  Result<bool> Resume(CommandContext& ctx) override {
    // Wakes up when the client has taken some of it.
    if (ctx.session.pending_output_bytes() > kMaxPendingBytes) return false;
    ASSIGN_OR_RETURN(const Set set, OpenSetOrNothing(ctx));
    if (ranks_.empty() && set.exists()) {
      ranks_.resize(std::min(left_, kStepMembers));
      for (uint64_t& rank : ranks_) rank = ChooseRank(set.size(), ctx.random);
      if (!PrefetchRanks(set, ranks_, *this)) return false;
    }
    RETURN_IF_ERROR(set.exists() ? Draw(ctx, set) : Repeat(ctx));
    ctx.yield = left_ > 0;
    return left_ == 0;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr uint64_t kStepMembers = 1024;
  static constexpr size_t kMaxPendingBytes = size_t{1} << 20;

  // What has another type now is gone as a set.
  static Result<Set> OpenSetOrNothing(const CommandContext& ctx) {
    const std::string_view key = ctx.args[1];
    ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
    const bool is_set = entry != nullptr && entry->type() == kSet;
    return Set::Of(ctx.keyspace, key, is_set ? entry : nullptr, ctx.settings);
  }
  Result<void> Draw(CommandContext& ctx, const Set& set) {
    for (uint64_t rank : ranks_) {
      // It may have become smaller while this waited.
      if (rank >= set.size()) rank = ChooseRank(set.size(), ctx.random);
      RETURN_IF_ERROR(set.Visit(rank, rank + 1, [&](std::string_view member) {
        if (first_.size() < kStepMembers) first_.emplace_back(member);
        ctx.reply.Bulk(member);
        return true;
      }));
    }
    left_ -= ranks_.size();
    ranks_.clear();
    return {};
  }
  Result<void> Repeat(CommandContext& ctx) {
    if (first_.empty()) return Fail(kNoSuchKey);  // Gone before the first part: the session ends.
    const uint64_t count = std::min(left_, kStepMembers);
    for (uint64_t i = 0; i < count; ++i) {
      ctx.reply.Bulk(first_[ChooseRank(first_.size(), ctx.random)]);
    }
    left_ -= count;
    ranks_.clear();
    return {};
  }

  uint64_t left_;
  Ranks ranks_;  // Of the part that waits for its loads.
  std::vector<std::string> first_;
};

// SRANDMEMBER key [count]
Result<void> SRandMember(CommandContext& ctx) {
  if (ctx.args.size() > 3) return Fail(kSyntaxError);
  const bool counted = ctx.args.size() == 3;
  RandomCount wanted{.count = 1};
  if (counted) {
    ASSIGN_OR_RETURN(wanted, ParseRandomCount(ctx.args[2], /*with_values=*/false));
  }
  ASSIGN_OR_RETURN(Set set, OpenSet(ctx, ctx.args[1]));
  const uint64_t size = set.size();
  if (size == 0 || wanted.count == 0) {
    counted ? ctx.reply.Array(0) : ctx.reply.Null();
    return {};
  }
  if (!counted) return WithRanks(ctx, set, {ChooseRank(size, ctx.random)}, ReplyOne);
  if (wanted.repeating && wanted.count > kMaxSetMembersAtOnce) {
    ctx.reply.Array(wanted.count);
    if (ctx.may_suspend) {
      ctx.Suspend(std::make_unique<RepeatedDraws>(wanted.count));
      ctx.yield = true;
      return {};
    }
    for (uint64_t i = 0; i < wanted.count; ++i) {
      RETURN_IF_ERROR(ReplyMembers(ctx, set, {ChooseRank(size, ctx.random)}));
    }
    return {};
  }
  if (wanted.repeating) {
    Ranks ranks(wanted.count);
    for (uint64_t& rank : ranks) rank = ChooseRank(size, ctx.random);
    return WithRanks(ctx, set, std::move(ranks), ReplyMany);
  }
  if (wanted.count >= size) return ReplyAll(ctx, set).map([](bool) {});
  return WithRanks(ctx, set, ChooseRanks(wanted.count, size, ctx.random), ReplyMany);
}

// Which members went, in portions.
void TellRemoved(CommandContext& ctx, const std::vector<std::string>& members) {
  constexpr size_t kAtOnce = 1024;
  for (size_t from = 0; from < members.size(); from += kAtOnce) {
    std::vector<std::string_view> told = {"SREM", ctx.args[1]};
    const size_t end = std::min(from + kAtOnce, members.size());
    for (size_t i = from; i < end; ++i) told.emplace_back(members[i]);
    ToReplicas(ctx).Instead(told);
  }
}

Result<void> PopRanks(CommandContext& ctx, Set& set, const Ranks& ranks) {
  std::vector<std::string> members;
  RETURN_IF_ERROR(set.EraseRanks(ranks, [&ctx, &members](std::string_view member) {
    ctx.reply.Bulk(member);
    if (ToReplicas(ctx).on()) members.emplace_back(member);
    return true;
  }));
  TellRemoved(ctx, members);
  NotifyMembersRemoved(ctx, set, "spop");
  return {};
}

Result<void> PopMany(CommandContext& ctx, Set& set, const Ranks& ranks) {
  ctx.reply.Set(ranks.size());
  return PopRanks(ctx, set, ranks);
}

// SPOP key [count]
Result<void> SPop(CommandContext& ctx) {
  if (ctx.args.size() > 3) return Fail(kSyntaxError);
  const bool counted = ctx.args.size() == 3;
  uint64_t count = 1;
  if (counted) {
    ASSIGN_OR_RETURN(const int64_t number,
                     ParseIntegerFrom(ctx.args[2], 0, kMustBePositive, kMustBePositive));
    count = static_cast<uint64_t>(number);
  }
  ASSIGN_OR_RETURN(Set set, OpenSet(ctx, ctx.args[1]));
  const uint64_t size = set.size();
  if (size == 0 || count == 0) {
    counted ? ctx.reply.Set(0) : ctx.reply.Null();
    return {};
  }
  if (!counted) return WithRanks(ctx, set, {ChooseRank(size, ctx.random)}, PopRanks);
  if (count < size) return WithRanks(ctx, set, ChooseRanks(count, size, ctx.random), PopMany);
  ASSIGN_OR_RETURN(const bool done, ReplyAll(ctx, set));
  if (!done) return {};
  set.Delete();
  ToReplicas(ctx).Instead({"DEL", ctx.args[1]});
  NotifyMembersRemoved(ctx, set, "spop");
  return {};
}

constexpr CommandSpec kRandomCommands[] = {
    {.name = "srandmember",
     .handler = SRandMember,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "set",
     .since = "1.0.0",
     .summary = "Tells members of a set, chosen by chance.",
     .complexity = "O(N*log(M)) for N members told of M.",
     .syntax = "key [count]{@2.6.0}",
     .tips = "nondeterministic_output",
     .history = "2.6.0\tAdded the optional `count` argument."},
    {.name = "spop",
     .handler = SPop,
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclSet,
     .keys = OneKey(1, kRW | kAccess | kDelete),
     .group = "set",
     .since = "1.0.0",
     .summary = "Removes members of a set, chosen by chance, and tells them.",
     .complexity = "O(N*log(M)) for N members removed of M.",
     .syntax = "key [count]{@3.2.0}",
     .tips = "nondeterministic_output",
     .history = "3.2.0\tAdded the `count` argument."},
};

}  // namespace

std::span<const CommandSpec> SetRandomCommands() {
  return kRandomCommands;
}

}  // namespace datatypes
