// SPDX-License-Identifier: BSD-3-Clause
// The lowest and highest members, taken: ZPOPMIN, ZPOPMAX, ZMPOP.
#include <cstdint>
#include <string_view>

#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/zset_pop.h"

namespace datatypes {
namespace {

Result<void> PopFromOne(CommandContext& ctx, ZEnd end) {
  if (ctx.args.size() > 3) return Fail(kSyntaxError);
  const std::string_view key = ctx.args[1];
  uint64_t count = 1;
  if (ctx.args.size() == 3) {
    ASSIGN_OR_RETURN(count, ParseCount(ctx.args[2], kMustBePositive));
  }
  ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
  if (!set.exists() || count == 0) {
    ctx.reply.Array(0);
    return {};
  }
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  const bool in_pairs = ctx.reply.resp3() && ctx.args.size() == 3;
  return PopFromSortedSet(ctx, set, key, end, count, in_pairs ? ZPopForm::kPairs : ZPopForm::kFlat);
}

// ZPOPMIN key [count]
Result<void> ZPopMin(CommandContext& ctx) {
  return PopFromOne(ctx, ZEnd::kMin);
}
// ZPOPMAX key [count]
Result<void> ZPopMax(CommandContext& ctx) {
  return PopFromOne(ctx, ZEnd::kMax);
}

// ZMPOP numkeys key [key …] MIN | MAX [COUNT count]
Result<void> ZMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const ZMultiPop pop, ParseZMultiPop(ctx.args.subspan(1)));
  ASSIGN_OR_RETURN(const bool done, PopFromFirstSortedSet(ctx, pop));
  if (!done) ctx.reply.NullArray();
  return {};
}

constexpr std::string_view kPopComplexity = "O(log(N)*M) for M members to remove from N.";

constexpr CommandSpec kPopCommands[] = {
    {.name = "zpopmin",
     .handler = ZPopMin,
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRW | kAccess | kDelete),
     .group = "sorted-set",
     .since = "5.0.0",
     .summary = "Removes the members with the lowest scores and tells them.",
     .complexity = kPopComplexity,
     .syntax = "key [count]"},
    {.name = "zpopmax",
     .handler = ZPopMax,
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRW | kAccess | kDelete),
     .group = "sorted-set",
     .since = "5.0.0",
     .summary = "Removes the members with the highest scores and tells them.",
     .complexity = kPopComplexity,
     .syntax = "key [count]"},
    {.name = "zmpop",
     .handler = ZMPop,
     .arity = -4,
     .flags = kWrite,
     .acl = kAclSortedSet,
     .keys = {{.flags = kRW | kAccess | kDelete,
               .index = 1,
               .find = KeySpec::Find::kKeynum,
               .keynum_index = 0,
               .first_key = 1}},
     .group = "sorted-set",
     .since = "7.0.0",
     .summary = "Removes the lowest or highest members of the first sorted set that has any.",
     .complexity = "O(K)+O(M*log(N)) for K keys and M members to remove from N.",
     .syntax = "numkeys key [key ...] <MIN | MAX> [COUNT count]"},
};

}  // namespace

std::span<const CommandSpec> SortedSetPopCommands() {
  return kPopCommands;
}

}  // namespace datatypes
