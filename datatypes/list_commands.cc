// SPDX-License-Identifier: BSD-3-Clause
// Commands at the ends of a list: LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LLEN.
#include <cstdint>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/list_access.h"
#include "datatypes/list_families.h"
#include "datatypes/row_loads.h"

namespace datatypes {
namespace {

enum class Absent : uint8_t { kCreate, kLeave };

Result<void> Push(CommandContext& ctx, List::End end, Absent absent) {
  ASSIGN_OR_RETURN(List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists() && absent == Absent::kLeave) {
    ctx.reply.Integer(0);
    return {};
  }
  if (!list.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) list.PrefetchPush(end, loads.waiter());
    if (loads.Suspend()) return {};
  }
  RETURN_IF_ERROR(PushElements(ctx, list, end, ctx.args.subspan(2)));
  ctx.reply.Integer(static_cast<int64_t>(list.size()));
  return {};
}

// LPUSH key element [element ...]
Result<void> LPush(CommandContext& ctx) {
  return Push(ctx, List::End::kHead, Absent::kCreate);
}
// RPUSH key element [element ...]
Result<void> RPush(CommandContext& ctx) {
  return Push(ctx, List::End::kTail, Absent::kCreate);
}
// LPUSHX key element [element ...]
Result<void> LPushX(CommandContext& ctx) {
  return Push(ctx, List::End::kHead, Absent::kLeave);
}
// RPUSHX key element [element ...]
Result<void> RPushX(CommandContext& ctx) {
  return Push(ctx, List::End::kTail, Absent::kLeave);
}

Result<void> Pop(CommandContext& ctx, List::End end) {
  if (ctx.args.size() > 3) return WrongArity(ctx.spec.name);
  const bool counted = ctx.args.size() == 3;
  uint64_t count = 1;
  if (counted) {
    ASSIGN_OR_RETURN(count, ParseUnsigned(ctx.args[2]));
  }
  ASSIGN_OR_RETURN(List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) {
    counted ? ctx.reply.NullArray() : ctx.reply.Null();
    return {};
  }
  if (count == 0) {
    ctx.reply.Array(0);
    return {};
  }
  if (!list.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) list.PrefetchPop(end, count, loads.waiter());
    if (loads.Suspend()) return {};
  }
  return counted ? PopMany(ctx, list, end, count) : PopOne(ctx, list, end);
}

// LPOP key [count]
Result<void> LPop(CommandContext& ctx) {
  return Pop(ctx, List::End::kHead);
}
// RPOP key [count]
Result<void> RPop(CommandContext& ctx) {
  return Pop(ctx, List::End::kTail);
}

// LLEN key
Result<void> LLen(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.GetTyped(ctx.args[1], kList));
  const uint64_t size = entry == nullptr ? 0 : entry->collection().count();
  ctx.reply.Integer(static_cast<int64_t>(size));
  return {};
}

constexpr CommandSpec Pusher(std::string_view name, CommandSpec::Handler handler,
                             std::string_view since, std::string_view summary,
                             std::string_view history) {
  return {.name = name,
          .handler = handler,
          .arity = -3,
          .flags = kWrite | kDenyOom | kFast,
          .acl = kAclList,
          .keys = OneKey(1, kRW | kInsert),
          .group = "list",
          .since = since,
          .summary = summary,
          .complexity =
              "O(1) for each element added, so O(N) to add N elements when the command "
              "is called with multiple arguments.",
          .syntax = "key element [element ...]",
          .history = history};
}

constexpr CommandSpec Popper(std::string_view name, CommandSpec::Handler handler,
                             std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = -2,
          .flags = kWrite | kFast,
          .acl = kAclList,
          .keys = OneKey(1, kRW | kAccess | kDelete),
          .group = "list",
          .since = "1.0.0",
          .summary = summary,
          .complexity = "O(N) where N is the number of elements returned",
          .syntax = "key [count]{@6.2.0}",
          .history = "6.2.0\tAdded the `count` argument."};
}

constexpr std::string_view kPushHistory = "2.4.0\tAccepts multiple `element` arguments.";
constexpr std::string_view kPushXHistory = "4.0.0\tAccepts multiple `element` arguments.";

constexpr CommandSpec kListEndCommands[] = {
    Pusher("lpush", LPush, "1.0.0", "Puts elements before a list's first, creating it if absent.",
           kPushHistory),
    Pusher("rpush", RPush, "1.0.0", "Puts elements after a list's last, creating it if absent.",
           kPushHistory),
    Pusher("lpushx", LPushX, "2.2.0", "Puts elements before the first of a list that exists.",
           kPushXHistory),
    Pusher("rpushx", RPushX, "2.2.0", "Puts elements after the last of a list that exists.",
           kPushXHistory),
    Popper("lpop", LPop, "Takes the first elements off a list and returns them."),
    Popper("rpop", RPop, "Takes the last elements off a list and returns them."),
    {.name = "llen",
     .handler = LLen,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclList,
     .keys = OneKey(1, kRO),
     .group = "list",
     .since = "1.0.0",
     .summary = "Returns the number of a list's elements.",
     .complexity = "O(1)",
     .syntax = "key"},
};

}  // namespace

std::span<const CommandSpec> ListEndCommands() {
  return kListEndCommands;
}

std::span<const CommandSpec> ListCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {ListEndCommands(), ListReadCommands(), ListEditCommands(), ListMoveCommands(),
          ListBlockCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
