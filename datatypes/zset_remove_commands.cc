// SPDX-License-Identifier: BSD-3-Clause
// Removal by ranges: ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.
#include <cstdint>
#include <string_view>

#include "datatypes/command_table.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/zset_range.h"

namespace datatypes {
namespace {

// The event has the command's name.
template <ZRange::By kBy>
Result<void> RemoveRange(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const ZRange range, ParseZRange(kBy, ctx.args[2], ctx.args[3]));
  ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ASSIGN_OR_RETURN(const Ranks ranks, RanksOf(set, range));
  ASSIGN_OR_RETURN(const uint64_t removed, set.EraseRanks(ranks.from, ranks.to));
  if (removed > 0) NotifyMembersRemoved(ctx, set, key, ctx.spec.name);
  ctx.reply.Integer(static_cast<int64_t>(removed));
  return {};
}

constexpr CommandSpec RemoveSpec(std::string_view name, CommandSpec::Handler handler,
                                 std::string_view since, std::string_view summary,
                                 std::string_view syntax) {
  return {.name = name,
          .handler = handler,
          .arity = 4,
          .flags = kWrite,
          .acl = kAclSortedSet,
          .keys = OneKey(1, kRW | kDelete),
          .group = "sorted-set",
          .since = since,
          .summary = summary,
          .complexity = "O(M*log(N)) for M members to remove from N.",
          .syntax = syntax};
}

constexpr CommandSpec kRemoveCommands[] = {
    RemoveSpec("zremrangebyrank", RemoveRange<ZRange::By::kIndex>, "2.0.0",
               "Removes the members within a range of indexes.", "key start stop"),
    RemoveSpec("zremrangebyscore", RemoveRange<ZRange::By::kScore>, "1.2.0",
               "Removes the members within a range of scores.", "key min{:double} max{:double}"),
    RemoveSpec("zremrangebylex", RemoveRange<ZRange::By::kLex>, "2.8.9",
               "Removes the members within a range of names, all having the same score.",
               "key min max"),
};

}  // namespace

std::span<const CommandSpec> SortedSetRemoveCommands() {
  return kRemoveCommands;
}

}  // namespace datatypes
