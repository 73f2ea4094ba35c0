// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/zset_pop.h"

#include <algorithm>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/to_replicas.h"

namespace datatypes {

Result<void> PopFromSortedSet(CommandContext& ctx, SortedSet& set, std::string_view key, ZEnd end,
                              uint64_t count, ZPopForm form) {
  const uint64_t size = set.size();
  count = std::min(count, size);
  const uint64_t from = end == ZEnd::kMin ? 0 : size - count;
  const bool in_pairs = form == ZPopForm::kPairs;
  const bool named = form == ZPopForm::kNamedFlat;
  ctx.reply.Array((in_pairs ? count : 2 * count) + (named ? 1 : 0));
  if (named) ctx.reply.Bulk(key);
  RETURN_IF_ERROR(set.Visit(
      from, from + count,
      end == ZEnd::kMin ? SortedSet::Direction::kForward : SortedSet::Direction::kBackward,
      [&ctx, in_pairs](const SortedSet::Element& element) {
        if (in_pairs) ctx.reply.Array(2);
        ctx.reply.Bulk(element.member);
        ctx.reply.Double(element.score);
        return true;
      }));
  RETURN_IF_ERROR(set.EraseRanks(from, from + count));
  NotifyMembersRemoved(ctx, set, key, end == ZEnd::kMin ? "zpopmin" : "zpopmax");
  if (named) ToReplicas(ctx).Instead({end == ZEnd::kMin ? "ZPOPMIN" : "ZPOPMAX", key});
  return {};
}

Result<ZMultiPop> ParseZMultiPop(Args args) {
  ASSIGN_OR_RETURN(const int64_t keys,
                   ParseIntegerFrom(args[0], 1, kZSetNumKeysNotPositive, kZSetNumKeysNotPositive));
  if (static_cast<uint64_t>(keys) >= args.size() - 1) return Fail(kSyntaxError);
  ZMultiPop pop;
  pop.keys = args.subspan(1, static_cast<size_t>(keys));
  OptionReader options(args, 1 + static_cast<size_t>(keys));
  if (options.Take("MAX")) {
    pop.end = ZEnd::kMax;
  } else if (!options.Take("MIN")) {
    return Fail(kSyntaxError);
  }
  bool counted = false;
  while (!options.done()) {
    if (counted || !options.Take("COUNT", 1)) return Fail(kSyntaxError);
    counted = true;
    ASSIGN_OR_RETURN(
        const int64_t count,
        ParseIntegerFrom(options.operand(), 1, kZSetCountNotPositive, kZSetCountNotPositive));
    pop.count = static_cast<uint64_t>(count);
  }
  return pop;
}

Result<bool> PopFromFirstSortedSet(CommandContext& ctx, const ZMultiPop& pop) {
  for (const std::string_view key : pop.keys) {
    ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
    if (!set.exists()) continue;
    if (!SmallLoadedOrSuspended(ctx, set)) return true;
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    const uint64_t count = std::min(pop.count, set.size());
    RETURN_IF_ERROR(PopFromSortedSet(ctx, set, key, pop.end, count, ZPopForm::kPairs));
    if (ToReplicas(ctx).on()) {
      ToReplicas(ctx).Instead(
          {pop.end == ZEnd::kMin ? "ZPOPMIN" : "ZPOPMAX", key, std::to_string(count)});
    }
    return true;
  }
  return false;
}

}  // namespace datatypes
