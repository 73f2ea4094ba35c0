// SPDX-License-Identifier: BSD-3-Clause
// Elements that go from list to list, or come from one of several: LMOVE, RPOPLPUSH, LMPOP.
#include <string_view>

#include "datatypes/errors.h"
#include "datatypes/key_specs.h"
#include "datatypes/list_access.h"
#include "datatypes/list_families.h"

namespace datatypes {
namespace {

// LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>
Result<void> LMove(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const List::End from, ParseEnd(ctx.args[3]));
  ASSIGN_OR_RETURN(const List::End to, ParseEnd(ctx.args[4]));
  ASSIGN_OR_RETURN(const bool done, MoveElement(ctx, {ctx.args[1], ctx.args[2], from, to}));
  if (!done) ctx.reply.Null();
  return {};
}

// RPOPLPUSH source destination
Result<void> RPopLPush(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const bool done, MoveElement(ctx, {ctx.args[1], ctx.args[2], List::End::kTail,
                                                      List::End::kHead}));
  if (!done) ctx.reply.Null();
  return {};
}

// LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]
Result<void> LMPop(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const MultiPop pop, ParseMultiPop(ctx.args.subspan(1)));
  ASSIGN_OR_RETURN(const bool done, PopFromFirst(ctx, pop));
  if (!done) ctx.reply.NullArray();
  return {};
}

constexpr CommandSpec kListMoveCommands[] = {
    {.name = "lmove",
     .handler = LMove,
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kRW | kInsert, .index = 2}},
     .group = "list",
     .since = "6.2.0",
     .summary = "Takes an element off an end of a list and puts it to an end of another.",
     .complexity = "O(1)",
     .syntax = "source destination <LEFT | RIGHT>{wherefrom} <LEFT | RIGHT>{whereto}"},
    {.name = "rpoplpush",
     .handler = RPopLPush,
     .arity = 3,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kRW | kInsert, .index = 2}},
     .group = "list",
     .since = "1.2.0",
     .summary = "Takes the last element off a list and puts it before the first of another.",
     .complexity = "O(1)",
     .syntax = "source destination",
     .deprecated_since = "6.2.0",
     .replaced_by = "`LMOVE` with the `RIGHT` and `LEFT` arguments"},
    {.name = "lmpop",
     .handler = LMPop,
     .arity = -4,
     .flags = kWrite | kMovableKeys,
     .acl = kAclList,
     .keys = {{.flags = kRW | kAccess | kDelete,
               .index = 1,
               .find = KeySpec::Find::kKeynum,
               .first_key = 1}},
     .group = "list",
     .since = "7.0.0",
     .summary = "Takes elements off the first list among several that has any.",
     .complexity = "O(N+M) where N is the number of keys and M the number of elements returned.",
     .syntax = "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]"},
};

}  // namespace

std::span<const CommandSpec> ListMoveCommands() {
  return kListMoveCommands;
}

}  // namespace datatypes
