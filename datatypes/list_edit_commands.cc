// SPDX-License-Identifier: BSD-3-Clause
// Changes within a list: LSET, LINSERT, LREM, LTRIM.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/list_access.h"
#include "datatypes/list_families.h"
#include "datatypes/list_range.h"
#include "datatypes/row_loads.h"

namespace datatypes {
namespace {

// A list that is searched is loaded before, unless it is larger.
constexpr uint64_t kMaxLoadedWhole = 65536;

// LSET key index element
Result<void> LSet(CommandContext& ctx) {
  ASSIGN_OR_RETURN(List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) return Fail(kNoSuchKey);
  ASSIGN_OR_RETURN(const int64_t signed_index, ParseInteger(ctx.args[2]));
  const std::optional<uint64_t> index = IndexFromHead(signed_index, list.size());
  if (!index) return Fail(kIndexOutOfRange);
  RowLoads loads(ctx);
  if (loads.wanted() && !list.fully_resident()) list.PrefetchRange(*index, 1, loads.waiter());
  if (loads.Suspend()) return {};
  RETURN_IF_ERROR(list.Set(*index, ctx.args[3]));
  ctx.Notify(kNotifyList, "lset", list.key());
  ctx.reply.SimpleString("OK");
  return {};
}

// LINSERT key <BEFORE | AFTER> pivot element
Result<void> LInsert(CommandContext& ctx) {
  List::Side side = List::Side::kBefore;
  if (EqualsIgnoreCase(ctx.args[2], "after")) {
    side = List::Side::kAfter;
  } else if (!EqualsIgnoreCase(ctx.args[2], "before")) {
    return Fail(kSyntaxError);
  }
  ASSIGN_OR_RETURN(List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) {
    ctx.reply.Integer(0);
    return {};
  }
  RowLoads loads(ctx);
  if (loads.wanted() && !list.fully_resident()) list.PrefetchAll(kMaxLoadedWhole, loads.waiter());
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(const bool inserted, list.Insert(side, ctx.args[3], ctx.args[4]));
  if (inserted) ctx.Notify(kNotifyList, "linsert", list.key());
  ctx.reply.Integer(inserted ? static_cast<int64_t>(list.size()) : -1);
  return {};
}

// LREM key count element
Result<void> LRem(CommandContext& ctx) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  ASSIGN_OR_RETURN(const int64_t count, ParseIntegerIn(ctx.args[2], -kMax, kMax));
  ASSIGN_OR_RETURN(List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) {
    ctx.reply.Integer(0);
    return {};
  }
  RowLoads loads(ctx);
  if (loads.wanted() && !list.fully_resident()) list.PrefetchAll(kMaxLoadedWhole, loads.waiter());
  if (loads.Suspend()) return {};
  const List::End from = count < 0 ? List::End::kTail : List::End::kHead;
  const int64_t most = count < 0 ? -count : count;
  ASSIGN_OR_RETURN(const uint64_t removed,
                   list.Remove(from, static_cast<uint64_t>(most == 0 ? kMax : most), ctx.args[3]));
  if (removed > 0) {
    ctx.Notify(kNotifyList, "lrem", list.key());
    NotifyIfGone(ctx, list);
  }
  ctx.reply.Integer(static_cast<int64_t>(removed));
  return {};
}

// LTRIM key start stop
Result<void> LTrim(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t start, ParseInteger(ctx.args[2]));
  ASSIGN_OR_RETURN(const int64_t stop, ParseInteger(ctx.args[3]));
  ASSIGN_OR_RETURN(List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) {
    ctx.reply.SimpleString("OK");
    return {};
  }
  const IndexRange kept = RangeFromHead(start, stop, list.size());
  RowLoads loads(ctx);
  if (loads.wanted() && !list.fully_resident() && kept.count > 0) {
    list.PrefetchAll(kMaxLoadedWhole, loads.waiter());
  }
  if (loads.Suspend()) return {};
  RETURN_IF_ERROR(list.Trim(kept.from, kept.count));
  ctx.Notify(kNotifyList, "ltrim", list.key());
  NotifyIfGone(ctx, list);
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr CommandSpec kListEditCommands[] = {
    {.name = "lset",
     .handler = LSet,
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "list",
     .since = "1.0.0",
     .summary = "Gives the element at an index another value.",
     .complexity = "O(log(N)) where N is the length of the list.",
     .syntax = "key index element"},
    {.name = "linsert",
     .handler = LInsert,
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = OneKey(1, kRW | kInsert),
     .group = "list",
     .since = "2.2.0",
     .summary = "Inserts an element before or after the first one that equals another.",
     .complexity = "O(N) where N is the number of elements up to the one that is found.",
     .syntax = "key <BEFORE | AFTER> pivot element"},
    {.name = "lrem",
     .handler = LRem,
     .arity = 4,
     .flags = kWrite,
     .acl = kAclList,
     .keys = OneKey(1, kRW | kDelete),
     .group = "list",
     .since = "1.0.0",
     .summary = "Takes elements that equal a value off a list.",
     .complexity = "O(N) where N is the length of the list.",
     .syntax = "key count element"},
    {.name = "ltrim",
     .handler = LTrim,
     .arity = 4,
     .flags = kWrite,
     .acl = kAclList,
     .keys = OneKey(1, kRW | kDelete),
     .group = "list",
     .since = "1.0.0",
     .summary = "Takes the elements outside of a range off a list.",
     .complexity = "O(N) where N is the smaller of the elements that go and those that stay.",
     .syntax = "key start stop"},
};

}  // namespace

std::span<const CommandSpec> ListEditCommands() {
  return kListEditCommands;
}

}  // namespace datatypes
