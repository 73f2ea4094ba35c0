// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/list_access.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/row_loads.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

std::string_view PushEvent(List::End end) {
  return end == List::End::kHead ? "lpush" : "rpush";
}

// After elements went from that end.
void NotifyPopped(const CommandContext& ctx, const List& list, List::End end) {
  ctx.Notify(kNotifyList, end == List::End::kHead ? "lpop" : "rpop", list.key());
  NotifyIfGone(ctx, list);
}

}  // namespace

Result<List> OpenList(CommandContext& ctx, std::string_view key) {
  return List::Open(ctx.keyspace, key, ctx.settings);
}

Result<List::End> ParseEnd(std::string_view text) {
  if (EqualsIgnoreCase(text, "left")) return List::End::kHead;
  if (EqualsIgnoreCase(text, "right")) return List::End::kTail;
  return Fail(kSyntaxError);
}

void NotifyIfGone(const CommandContext& ctx, const List& list) {
  if (!list.exists()) ctx.Notify(kNotifyGeneric, "del", list.key());
}

Result<void> PushElements(CommandContext& ctx, List& list, List::End end, Args elements) {
  const bool created = !list.exists();
  RETURN_IF_ERROR(list.Push(end, elements));
  if (created) ctx.Notify(kNotifyNew, "new", list.key());
  ctx.Notify(kNotifyList, PushEvent(end), list.key());
  return {};
}

Result<void> PopOne(CommandContext& ctx, List& list, List::End end) {
  RETURN_IF_ERROR(list.Pop(end, 1, [&ctx](std::string_view element) { ctx.reply.Bulk(element); }));
  NotifyPopped(ctx, list, end);
  return {};
}

Result<void> PopMany(CommandContext& ctx, List& list, List::End end, uint64_t count) {
  count = std::min(count, list.size());
  ctx.reply.Array(count);
  RETURN_IF_ERROR(
      list.Pop(end, count, [&ctx](std::string_view element) { ctx.reply.Bulk(element); }));
  NotifyPopped(ctx, list, end);
  return {};
}

Result<bool> MoveElement(CommandContext& ctx, const MovePlan& plan) {
  ASSIGN_OR_RETURN(List source, OpenList(ctx, plan.source));
  if (!source.exists()) return false;
  const bool same = plan.source == plan.destination;
  List destination = source;
  if (!same) {
    ASSIGN_OR_RETURN(destination, OpenList(ctx, plan.destination));
  }
  RowLoads loads(ctx);
  if (loads.wanted()) {
    if (!source.fully_resident()) source.PrefetchPop(plan.from, 1, loads.waiter());
    if (!destination.fully_resident()) destination.PrefetchPush(plan.to, loads.waiter());
  }
  if (loads.Suspend()) return true;
  ASSIGN_OR_RETURN(const std::string_view view, source.PeekForPop(plan.from));
  const std::string element(view);
  const std::array<std::string_view, 1> one = {element};
  RETURN_IF_ERROR(PushElements(ctx, destination, plan.to, one));
  // The push may have moved the source in memory.
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Peek(plan.source));
  ASSIGN_OR_RETURN(source, List::Of(ctx.keyspace, plan.source, entry, ctx.settings));
  RETURN_IF_ERROR(source.Pop(plan.from, 1, [](std::string_view) {}));
  NotifyPopped(ctx, source, plan.from);
  ctx.reply.Bulk(element);
  return true;
}

Result<MultiPop> ParseMultiPop(Args args) {
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  constexpr std::string_view kNumKeys = "ERR numkeys should be greater than 0";
  constexpr std::string_view kCount = "ERR count should be greater than 0";
  ASSIGN_OR_RETURN(const int64_t numkeys, ParseIntegerFrom(args[0], 1, kNumKeys, kNumKeys));
  if (numkeys == kAny || static_cast<uint64_t>(numkeys) + 1 >= args.size()) {
    return Fail(kSyntaxError);
  }
  MultiPop pop;
  const auto keys = static_cast<size_t>(numkeys);
  pop.keys = args.subspan(1, keys);
  ASSIGN_OR_RETURN(pop.end, ParseEnd(args[keys + 1]));
  bool counted = false;
  for (OptionReader options(args, keys + 2); !options.done();) {
    if (counted || !options.Take("COUNT", 1)) return Fail(kSyntaxError);
    counted = true;
    ASSIGN_OR_RETURN(const int64_t count, ParseIntegerFrom(options.operand(), 1, kCount, kCount));
    pop.count = static_cast<uint64_t>(count);
  }
  return pop;
}

Result<bool> PopFromFirst(CommandContext& ctx, const MultiPop& pop) {
  for (const std::string_view key : pop.keys) {
    ASSIGN_OR_RETURN(List list, OpenList(ctx, key));
    if (!list.exists()) continue;
    RowLoads loads(ctx);
    if (loads.wanted() && !list.fully_resident()) {
      list.PrefetchPop(pop.end, pop.count, loads.waiter());
    }
    if (loads.Suspend()) return true;
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    const uint64_t count = std::min(pop.count, list.size());
    RETURN_IF_ERROR(PopMany(ctx, list, pop.end, count));
    if (ToReplicas(ctx).on()) {
      ToReplicas(ctx).Instead(
          {pop.end == List::End::kHead ? "LPOP" : "RPOP", key, std::to_string(count)});
    }
    return true;
  }
  return false;
}

}  // namespace datatypes
