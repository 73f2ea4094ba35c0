// SPDX-License-Identifier: BSD-3-Clause
// All members of a set, at once or in steps: SMEMBERS, SSCAN.
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/element_walk.h"
#include "datatypes/range_stream.h"
#include "datatypes/row_loads.h"
#include "datatypes/set_access.h"
#include "datatypes/set_families.h"
#include "datatypes/walk_options.h"

namespace datatypes {
namespace {

Result<void> WriteMembers(CommandContext& ctx, const Set& set) {
  ctx.reply.Set(set.size());
  return set.Visit(0, set.size(), [&ctx](std::string_view member) {
    ctx.reply.Bulk(member);
    return true;
  });
}

class MembersStream final : public RangeStream {
 protected:
  Result<Planned> Plan(CommandContext& ctx, bool, Range& range) override {
    ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
    if (set.size() <= kMaxSetMembersAtOnce) {  // It was another one a turn ago.
      RETURN_IF_ERROR(WriteMembers(ctx, set));
      return Planned::kAnswered;
    }
    codes_ = set.has_codes();
    range.entry = set.entry();
    range.rows = set.size();
    return Planned::kStream;
  }
  void WriteHeader(resp::Writer& reply, uint64_t rows) override { reply.Set(rows); }
  Result<bool> WriteRow(resp::Writer& reply, std::string_view subkey, std::string_view) override {
    char buffer[Set::kMemberBufferBytes];
    ASSIGN_OR_RETURN(const std::string_view member, Set::MemberOf(subkey, codes_, buffer));
    reply.Bulk(member);
    return true;
  }

 private:
  bool codes_ = false;
};

// SMEMBERS key
Result<void> SMembers(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
  if (ctx.may_suspend && set.size() > kMaxSetMembersAtOnce) {
    return ReplyByStream(ctx, std::make_unique<MembersStream>());
  }
  if (!set.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) set.PrefetchAll(kMaxSetMembersAtOnce, loads.waiter());
    if (loads.Suspend()) return {};
  }
  return WriteMembers(ctx, set);
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
