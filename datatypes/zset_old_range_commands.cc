// SPDX-License-Identifier: BSD-3-Clause
// The older names of what ZRANGE does: ZREVRANGE, ZRANGEBYSCORE, ZREVRANGEBYSCORE, ZRANGEBYLEX,
// ZREVRANGEBYLEX.
#include "datatypes/command_table.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/zset_range_reply.h"

namespace datatypes {
namespace {

template <ZRange::By kBy, SortedSet::Direction kDirection>
Result<void> OldRange(CommandContext& ctx) {
  return ReplyZRange(ctx, {.may_choose = false, .by = kBy, .direction = kDirection});
}

constexpr CommandSpec OldRangeSpec(std::string_view name, CommandSpec::Handler handler,
                                   std::string_view since, std::string_view replaced_by,
                                   std::string_view summary, std::string_view syntax,
                                   std::string_view history = {}) {
  return {.name = name,
          .handler = handler,
          .arity = -4,
          .flags = kReadonly,
          .acl = kAclSortedSet,
          .keys = OneKey(1, kRO | kAccess),
          .group = "sorted-set",
          .since = since,
          .summary = summary,
          .complexity = "O(log(N)+M) for M members listed of N.",
          .syntax = syntax,
          .deprecated_since = "6.2.0",
          .replaced_by = replaced_by,
          .history = history};
}

constexpr auto kForward = SortedSet::Direction::kForward;
constexpr auto kBackward = SortedSet::Direction::kBackward;

constexpr CommandSpec kOldRangeCommands[] = {
    OldRangeSpec("zrevrange", OldRange<ZRange::By::kIndex, kBackward>, "1.2.0",
                 "`ZRANGE` with the `REV` argument",
                 "Lists the members within a range of indexes, highest scores first.",
                 "key start stop [WITHSCORES]"),
    OldRangeSpec("zrangebyscore", OldRange<ZRange::By::kScore, kForward>, "1.0.5",
                 "`ZRANGE` with the `BYSCORE` argument",
                 "Lists the members within a range of scores.",
                 "key min{:double} max{:double} [WITHSCORES]{@2.0.0} [LIMIT offset count]",
                 "2.0.0\tAdded the `WITHSCORES` modifier."),
    OldRangeSpec("zrevrangebyscore", OldRange<ZRange::By::kScore, kBackward>, "2.2.0",
                 "`ZRANGE` with the `REV` and `BYSCORE` arguments",
                 "Lists the members within a range of scores, highest first.",
                 "key max{:double} min{:double} [WITHSCORES] [LIMIT offset count]",
                 "2.1.6\t`min` and `max` can be exclusive."),
    OldRangeSpec("zrangebylex", OldRange<ZRange::By::kLex, kForward>, "2.8.9",
                 "`ZRANGE` with the `BYLEX` argument",
                 "Lists the members within a range of names, all having the same score.",
                 "key min max [LIMIT offset count]"),
    OldRangeSpec("zrevrangebylex", OldRange<ZRange::By::kLex, kBackward>, "2.8.9",
                 "`ZRANGE` with the `REV` and `BYLEX` arguments",
                 "Lists the members within a range of names, last first.",
                 "key max min [LIMIT offset count]"),
};

}  // namespace

std::span<const CommandSpec> SortedSetOldRangeCommands() {
  return kOldRangeCommands;
}

}  // namespace datatypes
