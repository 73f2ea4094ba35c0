// SPDX-License-Identifier: BSD-3-Clause
// Commands on single members of sets: SADD, SREM, SISMEMBER, SMISMEMBER, SCARD, SMOVE.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "datatypes/command_table.h"
#include "datatypes/set_access.h"
#include "datatypes/set_families.h"

namespace datatypes {
namespace {

// SADD key member [member …]
Result<void> SAdd(CommandContext& ctx) {
  const Args members = ctx.args.subspan(2);
  ASSIGN_OR_RETURN(Set set, OpenSet(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const bool loaded, MembersLoadedOrSuspended(ctx, set, members));
  if (!loaded) return {};
  const bool existed = set.exists();
  set.ExpectMembers(members.size());
  int64_t added = 0;
  for (const std::string_view member : members) {
    ASSIGN_OR_RETURN(const bool is_new, set.Add(member));
    added += is_new ? 1 : 0;
  }
  if (added > 0) NotifyMembersAdded(ctx, ctx.args[1], !existed);
  ctx.reply.Integer(added);
  return {};
}

// SREM key member [member …]
Result<void> SRem(CommandContext& ctx) {
  const Args members = ctx.args.subspan(2);
  ASSIGN_OR_RETURN(Set set, OpenSet(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const bool loaded, MembersLoadedOrSuspended(ctx, set, members));
  if (!loaded) return {};
  int64_t removed = 0;
  for (const std::string_view member : members) {
    ASSIGN_OR_RETURN(const bool existed, set.Erase(member));
    removed += existed ? 1 : 0;
  }
  if (removed > 0) NotifyMembersRemoved(ctx, set, "srem");
  ctx.reply.Integer(removed);
  return {};
}

// SISMEMBER key member
Result<void> SIsMember(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const bool loaded, MembersLoadedOrSuspended(ctx, set, ctx.args.subspan(2)));
  if (!loaded) return {};
  ASSIGN_OR_RETURN(const bool is_member, set.Contains(ctx.args[2]));
  ctx.reply.Integer(is_member ? 1 : 0);
  return {};
}

// SMISMEMBER key member [member …]
Result<void> SMIsMember(CommandContext& ctx) {
  const Args members = ctx.args.subspan(2);
  ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const bool loaded, MembersLoadedOrSuspended(ctx, set, members));
  if (!loaded) return {};
  ctx.reply.Array(members.size());
  for (const std::string_view member : members) {
    ASSIGN_OR_RETURN(const bool is_member, set.Contains(member));
    ctx.reply.Integer(is_member ? 1 : 0);
  }
  return {};
}

// SCARD key
Result<void> SCard(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, ctx.args[1]));
  ctx.reply.Integer(static_cast<int64_t>(set.size()));
  return {};
}

// SMOVE source destination member
Result<void> SMove(CommandContext& ctx) {
  const std::string_view from = ctx.args[1];
  const std::string_view to = ctx.args[2];
  const std::string_view member = ctx.args[3];
  ASSIGN_OR_RETURN(Set source, OpenSet(ctx, from));
  if (!source.exists()) {  // That hides a destination of another type, as in Redis.
    ctx.reply.Integer(0);
    return {};
  }
  ASSIGN_OR_RETURN(Set destination, OpenSet(ctx, to));
  for (const Set* set : {&source, &destination}) {
    ASSIGN_OR_RETURN(const bool loaded, MembersLoadedOrSuspended(ctx, *set, ctx.args.subspan(3)));
    if (!loaded) return {};
  }
  ASSIGN_OR_RETURN(const bool is_member, source.Contains(member));
  if (!is_member || from == to) {
    ctx.reply.Integer(is_member ? 1 : 0);
    return {};
  }
  // What can fail comes first: an addition loads what this looks at.
  const bool existed = destination.exists();
  ASSIGN_OR_RETURN(const bool added, destination.Add(member));
  // The store may have moved the source's entry when it made another.
  ASSIGN_OR_RETURN(source, OpenSet(ctx, from));
  RETURN_IF_ERROR(source.Erase(member));
  NotifyMembersRemoved(ctx, source, "srem");
  if (added) NotifyMembersAdded(ctx, to, !existed);
  ctx.reply.Integer(1);
  return {};
}

constexpr CommandSpec kMemberCommands[] = {
    {.name = "sadd",
     .handler = SAdd,
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclSet,
     .keys = OneKey(1, kRW | kInsert),
     .group = "set",
     .since = "1.0.0",
     .summary = "Adds members to a set, creating it if absent.",
     .complexity = "O(log(N)) for each member.",
     .syntax = "key member [member ...]",
     .history = "2.4.0\tAccepts multiple `member` arguments."},
    {.name = "srem",
     .handler = SRem,
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclSet,
     .keys = OneKey(1, kRW | kDelete),
     .group = "set",
     .since = "1.0.0",
     .summary = "Removes members from a set.",
     .complexity = "O(log(N)) for each member.",
     .syntax = "key member [member ...]",
     .history = "2.4.0\tAccepts multiple `member` arguments."},
    {.name = "sismember",
     .handler = SIsMember,
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclSet,
     .keys = OneKey(1, kRO),
     .group = "set",
     .since = "1.0.0",
     .summary = "Tells whether something is a member of a set.",
     .complexity = "O(log(N))",
     .syntax = "key member"},
    {.name = "smismember",
     .handler = SMIsMember,
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSet,
     .keys = OneKey(1, kRO | kAccess),
     .group = "set",
     .since = "6.2.0",
     .summary = "Tells which of several are members of a set.",
     .complexity = "O(log(N)) for each member.",
     .syntax = "key member [member ...]"},
    {.name = "scard",
     .handler = SCard,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclSet,
     .keys = OneKey(1, kRO),
     .group = "set",
     .since = "1.0.0",
     .summary = "Counts the members of a set.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "smove",
     .handler = SMove,
     .arity = 4,
     .flags = kWrite | kFast,
     .acl = kAclSet,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kRW | kInsert, .index = 2}},
     .group = "set",
     .since = "1.0.0",
     .summary = "Moves a member from one set to another.",
     .complexity = "O(log(N))",
     .syntax = "source destination member"},
};

}  // namespace

std::span<const CommandSpec> SetMemberCommands() {
  return kMemberCommands;
}

std::span<const CommandSpec> SetCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {SetMemberCommands(), SetWalkCommands(), SetRandomCommands(), SetAlgebraCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
