// SPDX-License-Identifier: BSD-3-Clause
// Sorted sets in steps or by chance: ZSCAN, ZRANDMEMBER.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/element_walk.h"
#include "datatypes/errors.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/walk_options.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

// A score as ZSCAN shows it, always a bulk string. Of a skiplist Redis prints 17 digits, whether
// they are needed or not.
void ReplyScanScore(resp::Writer& reply, double score, bool is_skip_list) {
  char text[resp::kMaxDoubleChars];
  if (is_skip_list && std::isfinite(score)) {
    const int size = std::snprintf(text, sizeof(text), "%.17Lg", static_cast<long double>(score));
    reply.Bulk({text, static_cast<size_t>(size)});
    return;
  }
  const char* const end = resp::FormatDouble(text, score);
  reply.Bulk({text, static_cast<size_t>(end - text)});
}

// ZSCAN key cursor [MATCH pattern] [COUNT count]
Result<void> ZScan(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const uint64_t cursor, ParseCursor(ctx.args[2]));
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!set.exists()) {  // That hides bad options, as in Redis.
    ReplyEmptyWalk(ctx.reply);
    return {};
  }
  ASSIGN_OR_RETURN(const WalkOptions options,
                   ParseWalkOptions(ctx.args, /*may_hide_values=*/false));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  // In the order of names, which a new score does not change.
  WalkStep step{.from = 0, .to = set.size()};
  if (set.indexed()) step = NextStep(cursor, options.count, set.size(), set.erased());
  ReplyCursor(ctx.reply, step.next_cursor);
  const resp::Writer::Deferred header = ctx.reply.Defer();
  size_t replies = 0;
  RETURN_IF_ERROR(set.VisitByName(step.from, step.to, [&](const SortedSet::Element& element) {
    if (!options.Matches(element.member)) return true;
    ctx.reply.Bulk(element.member);
    ReplyScanScore(ctx.reply, element.score, set.is_skip_list());
    replies += 2;
    return true;
  }));
  ctx.reply.SetArrayLength(header, replies);
  return {};
}

// ZRANDMEMBER key count [WITHSCORES]
Result<void> ReplyRandomMembers(CommandContext& ctx) {
  const bool with_scores = ctx.args.size() == 4 && EqualsIgnoreCase(ctx.args[3], "withscores");
  ASSIGN_OR_RETURN(const RandomCount wanted, ParseRandomCount(ctx.args[2], with_scores));
  if (ctx.args.size() > 3 && !with_scores) return Fail(kSyntaxError);
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  const uint64_t size = set.size();
  ElementsReply reply(ctx.reply, with_scores);
  const auto add = [&reply](const SortedSet::Element& element) {
    reply.Add(element);
    return true;
  };
  constexpr auto kForward = SortedSet::Direction::kForward;
  if (wanted.repeating) {
    const uint64_t count = size > 0 ? wanted.count : 0;
    reply.Begin(count);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t rank = ChooseRank(size, ctx.random);
      RETURN_IF_ERROR(set.Visit(rank, rank + 1, kForward, add));
    }
    return {};
  }
  const uint64_t count = std::min(wanted.count, size);
  reply.Begin(count);
  if (count == size) return set.Visit(0, size, kForward, add);
  for (const uint64_t rank : ChooseRanks(count, size, ctx.random)) {
    RETURN_IF_ERROR(set.Visit(rank, rank + 1, kForward, add));
  }
  return {};
}

// ZRANDMEMBER key [count [WITHSCORES]]
Result<void> ZRandMember(CommandContext& ctx) {
  if (ctx.args.size() > 2) return ReplyRandomMembers(ctx);
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  if (set.size() == 0) {
    ctx.reply.Null();
    return {};
  }
  const uint64_t rank = ChooseRank(set.size(), ctx.random);
  return set.Visit(rank, rank + 1, SortedSet::Direction::kForward,
                   [&ctx](const SortedSet::Element& element) {
                     ctx.reply.Bulk(element.member);
                     return true;
                   });
}

constexpr CommandSpec kWalkCommands[] = {
    {.name = "zscan",
     .handler = ZScan,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "sorted-set",
     .since = "2.8.0",
     .summary = "Lists the members of a sorted set and their scores in steps.",
     .complexity = "O(1) for a step, O(N) for all of them, N being the number of members.",
     .syntax = "key cursor [MATCH pattern] [COUNT count]",
     .tips = "nondeterministic_output"},
    {.name = "zrandmember",
     .handler = ZRandMember,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "sorted-set",
     .since = "6.2.0",
     .summary = "Tells members of a sorted set, chosen by chance.",
     .complexity = "O(N*log(M)) for N members told of M.",
     .syntax = "key [count [WITHSCORES]]{options}",
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> SortedSetWalkCommands() {
  return kWalkCommands;
}

}  // namespace datatypes
