// SPDX-License-Identifier: BSD-3-Clause
// Sorted set commands that wait for a member: BZPOPMIN, BZPOPMAX, BZMPOP.
#include <cstdint>
#include <string_view>

#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/zset_pop.h"

namespace datatypes {
namespace {

// Answers if there is a member; false: there is none, nothing is replied. True also if the command
// is suspended for a load.
Result<bool> TryPop(CommandContext& ctx, ZEnd end) {
  for (const std::string_view key : KeysBeforeTimeout(ctx)) {
    ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
    if (!set.exists()) continue;
    if (!SmallLoadedOrSuspended(ctx, set)) return true;
    RETURN_IF_ERROR(PopFromSortedSet(ctx, set, key, end, 1, ZPopForm::kNamedFlat));
    return true;
  }
  return false;
}

// BZPOPMIN key [key ...] timeout
Result<void> BZPopMin(CommandContext& ctx) {
  return TryOrBlock(ctx, kSortedSet, [](CommandContext& now) { return TryPop(now, ZEnd::kMin); });
}

// BZPOPMAX key [key ...] timeout
Result<void> BZPopMax(CommandContext& ctx) {
  return TryOrBlock(ctx, kSortedSet, [](CommandContext& now) { return TryPop(now, ZEnd::kMax); });
}

// BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]
Result<bool> TryBZMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const ZMultiPop pop, ParseZMultiPop(ctx.args.subspan(2)));
  return PopFromFirstSortedSet(ctx, pop);
}
Result<void> BZMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const ZMultiPop pop, ParseZMultiPop(ctx.args.subspan(2)));
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseTimeoutSeconds(ctx.args[1], ctx.now_ms));
  return TryOrBlock(ctx, kSortedSet, pop.keys, deadline_ms, TryBZMPop);
}

constexpr CommandSpec Popper(std::string_view name, CommandSpec::Handler handler,
                             std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = -3,
          .flags = kWrite | kFast | kBlocking,
          .acl = kAclSortedSet,
          .keys = {KeySpec{.flags = kRW | kAccess | kDelete, .index = 1, .last = -2}},
          .group = "sorted-set",
          .since = "5.0.0",
          .summary = summary,
          .complexity = "O(log(N)) with N being the number of members.",
          .syntax = "key [key ...] timeout",
          .history = "6.0.0\t`timeout` is interpreted as a double instead of an integer."};
}

constexpr CommandSpec kBlockCommands[] = {
    Popper("bzpopmin", BZPopMin,
           "Removes the member with the lowest score, waiting for one if need be."),
    Popper("bzpopmax", BZPopMax,
           "Removes the member with the highest score, waiting for one if need be."),
    {.name = "bzmpop",
     .handler = BZMPop,
     .arity = -5,
     .flags = kWrite | kBlocking | kMovableKeys,
     .acl = kAclSortedSet,
     .keys = {{.flags = kRW | kAccess | kDelete,
               .index = 2,
               .find = KeySpec::Find::kKeynum,
               .keynum_index = 0,
               .first_key = 1}},
     .group = "sorted-set",
     .since = "7.0.0",
     .summary = "Removes the lowest or highest members of the first sorted set that has any, "
                "waiting for one if need be.",
     .complexity = "O(K)+O(M*log(N)) for K keys and M members to remove from N.",
     .syntax = "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]"},
};

}  // namespace

std::span<const CommandSpec> SortedSetBlockCommands() {
  return kBlockCommands;
}

}  // namespace datatypes
