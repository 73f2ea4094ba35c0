// SPDX-License-Identifier: BSD-3-Clause
// Ranges of sorted sets: ZRANGE, ZRANGESTORE, ZCOUNT, ZLEXCOUNT.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/command_table.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/zset_range.h"
#include "datatypes/zset_range_reply.h"

namespace datatypes {

namespace {

// ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
Result<void> ZRangeCommand(CommandContext& ctx) {
  return ReplyZRange(ctx, {});
}

// ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]
Result<void> ZRangeStore(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const ZRangeQuery query,
                   ParseZRangeQuery(ctx.args, {.first = 3, .stores = true}));
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[2]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ASSIGN_OR_RETURN(const ZRangeResult result, ZRangeResult::Of(set, query));
  // Copies: source and destination may be the same.
  std::vector<std::pair<std::string, double>> copies;
  copies.reserve(result.size());
  RETURN_IF_ERROR(result.Visit([&copies](const SortedSet::Element& element) {
    copies.emplace_back(element.member, element.score);
    return true;
  }));
  std::vector<SortedSet::Element> elements;
  elements.reserve(copies.size());
  for (const auto& [member, score] : copies) elements.push_back({member, score});
  if (query.direction == SortedSet::Direction::kBackward) {
    std::reverse(elements.begin(), elements.end());
  }
  return StoreSortedSet(ctx, ctx.args[1], elements, "zrangestore");
}

Result<void> CountRange(CommandContext& ctx, ZRange::By by) {
  ASSIGN_OR_RETURN(const ZRange range, ParseZRange(by, ctx.args[2], ctx.args[3]));
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ASSIGN_OR_RETURN(const Ranks ranks, RanksOf(set, range));
  ctx.reply.Integer(static_cast<int64_t>(ranks.size()));
  return {};
}

// ZCOUNT key min max
Result<void> ZCount(CommandContext& ctx) {
  return CountRange(ctx, ZRange::By::kScore);
}
// ZLEXCOUNT key min max
Result<void> ZLexCount(CommandContext& ctx) {
  return CountRange(ctx, ZRange::By::kLex);
}

constexpr CommandSpec kRangeCommands[] = {
    {.name = "zrange",
     .handler = ZRangeCommand,
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "sorted-set",
     .since = "1.2.0",
     .summary = "Lists the members within a range of indexes, scores or names.",
     .complexity = "O(log(N)+M) for M members listed of N.",
     .syntax = "key start{:string} stop{:string} [BYSCORE | BYLEX]{@6.2.0} [REV]{@6.2.0} [LIMIT "
               "offset count]{@6.2.0} [WITHSCORES]",
     .history = "6.2.0\tAdded the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options."},
    {.name = "zrangestore",
     .handler = ZRangeStore,
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclSortedSet,
     .keys = {{.flags = kOW | kUpdate, .index = 1}, {.flags = kRO | kAccess, .index = 2}},
     .group = "sorted-set",
     .since = "6.2.0",
     .summary = "Stores the members within a range of a sorted set in another key.",
     .complexity = "O(log(N)+M) for M members stored of N.",
     .syntax = "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]"},
    {.name = "zcount",
     .handler = ZCount,
     .arity = 4,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "sorted-set",
     .since = "2.0.0",
     .summary = "Counts the members within a range of scores.",
     .complexity = "O(log(N))",
     .syntax = "key min{:double} max{:double}"},
    {.name = "zlexcount",
     .handler = ZLexCount,
     .arity = 4,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "sorted-set",
     .since = "2.8.9",
     .summary = "Counts the members within a range of names, all having the same score.",
     .complexity = "O(log(N))",
     .syntax = "key min max"},
};

}  // namespace

std::span<const CommandSpec> SortedSetRangeCommands() {
  return kRangeCommands;
}

}  // namespace datatypes
