// SPDX-License-Identifier: BSD-3-Clause
// List commands that wait for an element: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP.
#include <cstdint>
#include <string_view>

#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/list_access.h"
#include "datatypes/list_families.h"
#include "datatypes/row_loads.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

// Each Try… answers if there is an element; false: there is none, nothing is replied. True also if
// the command is suspended for a load.

Result<bool> TryPop(CommandContext& ctx, List::End end) {
  for (const std::string_view key : KeysBeforeTimeout(ctx)) {
    ASSIGN_OR_RETURN(List list, OpenList(ctx, key));
    if (!list.exists()) continue;
    RowLoads loads(ctx);
    if (loads.wanted() && !list.fully_resident()) list.PrefetchPop(end, 1, loads.waiter());
    if (loads.Suspend()) return true;
    ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    RETURN_IF_ERROR(PopOne(ctx, list, end));
    ToReplicas(ctx).Instead({end == List::End::kHead ? "LPOP" : "RPOP", key});
    return true;
  }
  return false;
}

// BLPOP key [key ...] timeout
Result<void> BLPop(CommandContext& ctx) {
  return TryOrBlock(ctx, kList, [](CommandContext& now) { return TryPop(now, List::End::kHead); });
}

// BRPOP key [key ...] timeout
Result<void> BRPop(CommandContext& ctx) {
  return TryOrBlock(ctx, kList, [](CommandContext& now) { return TryPop(now, List::End::kTail); });
}

Result<void> BlockingMove(CommandContext& ctx, std::string_view timeout, TryCommand try_move) {
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseTimeoutSeconds(timeout, ctx.now_ms));
  ASSIGN_OR_RETURN(const bool done, try_move(ctx));
  if (done) return {};
  if (!ctx.may_block) {
    ctx.reply.Null();
    return {};
  }
  BlockForKeys(ctx, kList, ctx.args.subspan(1, 1), deadline_ms, try_move);
  return {};
}

// BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout
Result<bool> TryBLMove(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const List::End from, ParseEnd(ctx.args[3]));
  ASSIGN_OR_RETURN(const List::End to, ParseEnd(ctx.args[4]));
  ASSIGN_OR_RETURN(const bool done, MoveElement(ctx, {ctx.args[1], ctx.args[2], from, to}));
  if (done && ctx.suspension == nullptr) {
    ToReplicas(ctx).Instead({"LMOVE", ctx.args[1], ctx.args[2], ctx.args[3], ctx.args[4]});
  }
  return done;
}
Result<void> BLMove(CommandContext& ctx) {
  RETURN_IF_ERROR(ParseEnd(ctx.args[3]));
  RETURN_IF_ERROR(ParseEnd(ctx.args[4]));
  return BlockingMove(ctx, ctx.args[5], TryBLMove);
}

// BRPOPLPUSH source destination timeout
Result<bool> TryBRPopLPush(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const bool done, MoveElement(ctx, {ctx.args[1], ctx.args[2], List::End::kTail,
                                                      List::End::kHead}));
  if (done && ctx.suspension == nullptr) {
    ToReplicas(ctx).Instead({"RPOPLPUSH", ctx.args[1], ctx.args[2]});
  }
  return done;
}
Result<void> BRPopLPush(CommandContext& ctx) {
  return BlockingMove(ctx, ctx.args[3], TryBRPopLPush);
}

// BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]
Result<bool> TryBLMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const MultiPop pop, ParseMultiPop(ctx.args.subspan(2)));
  return PopFromFirst(ctx, pop);
}
Result<void> BLMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const MultiPop pop, ParseMultiPop(ctx.args.subspan(2)));
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseTimeoutSeconds(ctx.args[1], ctx.now_ms));
  return TryOrBlock(ctx, kList, pop.keys, deadline_ms, TryBLMPop);
}

constexpr CommandSpec Popper(std::string_view name, CommandSpec::Handler handler,
                             std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = -3,
          .flags = kWrite | kBlocking,
          .acl = kAclList,
          .keys = {KeySpec{.flags = kRW | kAccess | kDelete, .index = 1, .last = -2}},
          .group = "list",
          .since = "2.0.0",
          .summary = summary,
          .complexity = "O(N) where N is the number of provided keys.",
          .syntax = "key [key ...] timeout",
          .history = "6.0.0\t`timeout` is interpreted as a double instead of an integer."};
}

constexpr CommandSpec kListBlockCommands[] = {
    Popper("blpop", BLPop, "Takes the first element off a list, waiting for one if need be."),
    Popper("brpop", BRPop, "Takes the last element off a list, waiting for one if need be."),
    {.name = "blmove",
     .handler = BLMove,
     .arity = 6,
     .flags = kWrite | kDenyOom | kBlocking,
     .acl = kAclList,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kRW | kInsert, .index = 2}},
     .group = "list",
     .since = "6.2.0",
     .summary = "Takes an element off an end of a list, waiting for one if need be, and puts it to "
                "an end of another.",
     .complexity = "O(1)",
     .syntax = "source destination <LEFT | RIGHT>{wherefrom} <LEFT | RIGHT>{whereto} timeout"},
    {.name = "brpoplpush",
     .handler = BRPopLPush,
     .arity = 4,
     .flags = kWrite | kDenyOom | kBlocking,
     .acl = kAclList,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kRW | kInsert, .index = 2}},
     .group = "list",
     .since = "2.2.0",
     .summary = "Takes the last element off a list, waiting for one if need be, and puts it before "
                "the first of another.",
     .complexity = "O(1)",
     .syntax = "source destination timeout",
     .deprecated_since = "6.2.0",
     .replaced_by = "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
     .history = "6.0.0\t`timeout` is interpreted as a double instead of an integer."},
    {.name = "blmpop",
     .handler = BLMPop,
     .arity = -5,
     .flags = kWrite | kBlocking | kMovableKeys,
     .acl = kAclList,
     .keys = {{.flags = kRW | kAccess | kDelete,
               .index = 2,
               .find = KeySpec::Find::kKeynum,
               .first_key = 1}},
     .group = "list",
     .since = "7.0.0",
     .summary = "Takes elements off the first list among several that has any, waiting for one if "
                "need be.",
     .complexity = "O(N+M) where N is the number of keys and M the number of elements returned.",
     .syntax = "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]"},
};

}  // namespace

std::span<const CommandSpec> ListBlockCommands() {
  return kListBlockCommands;
}

}  // namespace datatypes
