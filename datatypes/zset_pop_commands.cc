// SPDX-License-Identifier: BSD-3-Clause
// The lowest and highest members, taken: ZPOPMIN, ZPOPMAX, ZMPOP.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"

namespace datatypes {
namespace {

enum class End : uint8_t { kMin, kMax };

// Replies the elements at one end, `count` of them or all, and removes them.
Result<void> Pop(CommandContext& ctx, SortedSet& set, std::string_view key, End end, uint64_t count,
                 bool in_pairs) {
  const uint64_t size = set.size();
  count = std::min(count, size);
  const uint64_t from = end == End::kMin ? 0 : size - count;
  ctx.reply.Array(in_pairs ? count : 2 * count);
  RETURN_IF_ERROR(
      set.Visit(from, from + count,
                end == End::kMin ? SortedSet::Direction::kForward : SortedSet::Direction::kBackward,
                [&ctx, in_pairs](const SortedSet::Element& element) {
                  if (in_pairs) ctx.reply.Array(2);
                  ctx.reply.Bulk(element.member);
                  ctx.reply.Double(element.score);
                  return true;
                }));
  ASSIGN_OR_RETURN([[maybe_unused]] const uint64_t removed, set.EraseRanks(from, from + count));
  NotifyMembersRemoved(ctx, set, key, end == End::kMin ? "zpopmin" : "zpopmax");
  return {};
}

Result<void> PopFromOne(CommandContext& ctx, End end) {
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
  return Pop(ctx, set, key, end, count, ctx.reply.resp3() && ctx.args.size() == 3);
}

// ZPOPMIN key [count]
Result<void> ZPopMin(CommandContext& ctx) {
  return PopFromOne(ctx, End::kMin);
}
// ZPOPMAX key [count]
Result<void> ZPopMax(CommandContext& ctx) {
  return PopFromOne(ctx, End::kMax);
}

// ZMPOP numkeys key [key …] MIN | MAX [COUNT count]
Result<void> ZMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t keys, ParseIntegerFrom(ctx.args[1], 1, kZSetNumKeysNotPositive,
                                                        kZSetNumKeysNotPositive));
  if (static_cast<uint64_t>(keys) >= ctx.args.size() - 2) return Fail(kSyntaxError);
  OptionReader options(ctx.args, 2 + static_cast<size_t>(keys));
  End end = End::kMin;
  if (options.Take("MAX")) {
    end = End::kMax;
  } else if (!options.Take("MIN")) {
    return Fail(kSyntaxError);
  }
  int64_t count = 0;
  while (!options.done()) {
    if (count != 0 || !options.Take("COUNT", 1)) return Fail(kSyntaxError);
    ASSIGN_OR_RETURN(count, ParseIntegerFrom(options.operand(), 1, kZSetCountNotPositive,
                                             kZSetCountNotPositive));
  }
  for (const std::string_view key : ctx.args.subspan(2, static_cast<size_t>(keys))) {
    ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
    if (!set.exists()) continue;
    if (!SmallLoadedOrSuspended(ctx, set)) return {};
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    return Pop(ctx, set, key, end, static_cast<uint64_t>(std::max<int64_t>(count, 1)),
               /*in_pairs=*/true);
  }
  ctx.reply.NullArray();
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
