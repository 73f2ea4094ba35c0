// SPDX-License-Identifier: BSD-3-Clause
// All members of a set, at once or in steps: SMEMBERS, SSCAN.
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/collection_watch.h"
#include "datatypes/command_table.h"
#include "datatypes/element_walk.h"
#include "datatypes/gathered_bulks.h"
#include "datatypes/row_loads.h"
#include "datatypes/set_access.h"
#include "datatypes/set_families.h"
#include "datatypes/walk_options.h"

namespace datatypes {
namespace {

// All members of a large set, gathered a part at a time while others run. The reply is what the set
// was at one moment: if somebody changes it meanwhile, all begins anew, and after some such
// disappointments is done at one go.
class MembersWalk final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    for (int step = 0; step < kStepsAtOnce || LastTry(); ++step) {
      ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
      if ((!begun_ || !watch_.Unchanged(set.entry())) && !Begin(ctx, set)) break;
      // Once for each step: what was evicted again meanwhile is loaded on the spot.
      if (!LastTry() && !std::exchange(waited_, false) && !set.fully_resident() &&
          !set.PrefetchFrom(place_, kStepMembers, *this)) {
        waited_ = true;
        return false;
      }
      ASSIGN_OR_RETURN(const bool more,
                       set.VisitFrom(place_, kStepMembers, [this](std::string_view member) {
                         gathered_.Add(member);
                         return true;
                       }));
      if (more) continue;
      gathered_.WriteSet(ctx.reply);
      return true;
    }
    ctx.yield = true;
    return false;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr uint64_t kStepMembers = 1024;
  static constexpr int kStepsAtOnce = 8;
  static constexpr int kMaxTries = 3;

  bool LastTry() const { return tries_ >= kMaxTries; }
  bool Begin(CommandContext& ctx, const Set& set) {
    ++tries_;
    gathered_.Clear();
    place_.clear();
    begun_ = watch_.Begin(set.entry(), ctx.keyspace.store().committed_seq()) || LastTry();
    return begun_;
  }

  CollectionWatch watch_;
  int tries_ = 0;
  bool begun_ = false;
  bool waited_ = false;
  Set::Place place_;
  GatheredBulks gathered_;
};

// SMEMBERS key
Result<void> SMembers(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
  if (ctx.may_suspend && set.size() > kMaxSetMembersAtOnce) {
    ctx.Suspend(std::make_unique<MembersWalk>());
    ctx.yield = true;
    return {};
  }
  if (!set.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) set.PrefetchAll(kMaxSetMembersAtOnce, loads.waiter());
    if (loads.Suspend()) return {};
  }
  ctx.reply.Set(set.size());
  return set.Visit(0, set.size(), [&ctx](std::string_view member) {
    ctx.reply.Bulk(member);
    return true;
  });
}

struct ScanStep {
  WalkOptions options;
  WalkStep ranks;
};

Result<ScanStep> ParseScanStep(Args args, const Set& set) {
  ScanStep step;
  ASSIGN_OR_RETURN(const uint64_t cursor, ParseCursor(args[2]));
  ASSIGN_OR_RETURN(step.options, ParseWalkOptions(args, /*may_hide_values=*/false));
  step.ranks.to = set.size();
  if (set.walked_in_steps()) {
    step.ranks = NextStep(cursor, step.options.count, set.size(), set.erased());
  }
  return step;
}

Result<void> ReplyScanStep(CommandContext& ctx, const Set& set, const ScanStep& step) {
  ReplyCursor(ctx.reply, step.ranks.next_cursor);
  const resp::Writer::Deferred header = ctx.reply.Defer();
  size_t replies = 0;
  RETURN_IF_ERROR(set.Visit(step.ranks.from, step.ranks.to, [&](std::string_view member) {
    if (!step.options.Matches(member)) return true;
    ctx.reply.Bulk(member);
    ++replies;
    return true;
  }));
  ctx.reply.SetArrayLength(header, replies);
  return {};
}

// A step that waits for its rows. Which these are is found anew each time: the set may change.
class ScanWait final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
    ASSIGN_OR_RETURN(const ScanStep step, ParseScanStep(ctx.args, set));
    if (++rounds_ < kMaxRounds && !set.PrefetchRange(step.ranks.from, step.ranks.to, *this)) {
      return false;
    }
    RETURN_IF_ERROR(ReplyScanStep(ctx, set, step));
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr int kMaxRounds = 4;
  int rounds_ = 0;
};

// SSCAN key cursor [MATCH pattern] [COUNT count]
Result<void> SScan(CommandContext& ctx) {
  ASSIGN_OR_RETURN([[maybe_unused]] const uint64_t cursor, ParseCursor(ctx.args[2]));
  ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
  if (!set.exists()) {  // That hides bad options, as in Redis.
    ReplyEmptyWalk(ctx.reply);
    return {};
  }
  ASSIGN_OR_RETURN(const ScanStep step, ParseScanStep(ctx.args, set));
  if (ctx.may_suspend && !set.fully_resident()) {
    auto wait = std::make_unique<ScanWait>();
    if (!set.PrefetchRange(step.ranks.from, step.ranks.to, *wait)) {
      ctx.Suspend(std::move(wait));
      return {};
    }
  }
  return ReplyScanStep(ctx, set, step);
}

constexpr CommandSpec kWalkCommands[] = {
    {.name = "smembers",
     .handler = SMembers,
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "set",
     .since = "1.0.0",
     .summary = "Tells all members of a set.",
     .complexity = "O(N) for N members.",
     .syntax = "key",
     .tips = "nondeterministic_output_order"},
    {.name = "sscan",
     .handler = SScan,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "set",
     .since = "2.8.0",
     .summary = "Lists the members of a set in steps.",
     .complexity = "O(1) for a step, O(N) for all of them, N being the number of members.",
     .syntax = "key cursor [MATCH pattern] [COUNT count]",
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> SetWalkCommands() {
  return kWalkCommands;
}

}  // namespace datatypes
