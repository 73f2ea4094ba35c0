// SPDX-License-Identifier: BSD-3-Clause
// What a group's consumers have been given and not acknowledged: XACK, XPENDING.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_group_access.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

// XACK key group id [id ...]
Result<void> XAck(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  RowLoads loads(ctx);
  PrefetchGroup(loads, stream, ctx.args[2]);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, ctx.args[2]));
  if (!group) {
    ctx.reply.Integer(0);
    return {};
  }
  std::vector<StreamId> ids;
  for (const std::string_view text : ctx.args.subspan(3)) {
    ASSIGN_OR_RETURN(const StreamId id, ParseStreamId(text));
    ids.push_back(id);
    PrefetchPending(loads, *group, id);
  }
  if (loads.Suspend()) return {};
  const BlockedKeys::Quiet quiet(ctx.blocked_keys);
  int64_t acknowledged = 0;
  Result<void> done;
  for (const StreamId& id : ids) {
    Result<std::optional<PendingRow>> pending = group->FindPending(id);
    done = !pending    ? tl::unexpected(std::move(pending.error()))
           : !*pending ? Result<void>()
                       : group->ErasePending(id, **pending);
    if (!done) break;
    if (*pending) ++acknowledged;
  }
  RETURN_IF_ERROR(group->Save());
  RETURN_IF_ERROR(done);
  ctx.reply.Integer(acknowledged);
  return {};
}

// What is pending with how many, from when to when, with whom.
Result<void> ReplySummary(CommandContext& ctx, StreamGroup& group) {
  ctx.reply.Array(4);
  ctx.reply.Integer(static_cast<int64_t>(group.row().pending));
  std::optional<StreamId> first;
  RETURN_IF_ERROR(group.VisitPending({}, StreamId::Max(), nullptr,
                                     [&first](const StreamGroup::Pending& pending) {
                                       first = pending.id;
                                       return false;
                                     }));
  ASSIGN_OR_RETURN(const std::optional<StreamId> last, group.LastPending());
  if (!first || !last) {
    ctx.reply.Null();
    ctx.reply.Null();
    ctx.reply.NullArray();
    return {};
  }
  ReplyStreamId(ctx.reply, *first);
  ReplyStreamId(ctx.reply, *last);
  const resp::Writer::Deferred array = ctx.reply.Defer();
  size_t consumers = 0;
  RETURN_IF_ERROR(group.VisitConsumers([&](StreamGroup::Consumer& consumer) -> Result<void> {
    if (consumer.row.pending == 0) return {};
    ++consumers;
    ctx.reply.Array(2);
    ctx.reply.Bulk(consumer.row.name);
    ctx.reply.BulkFromInteger(static_cast<int64_t>(consumer.row.pending));
    return {};
  }));
  ctx.reply.SetArrayLength(array, consumers);
  return {};
}

struct PendingQuery {
  StreamId from;
  StreamId to;
  int64_t min_idle_ms = 0;
  uint64_t count = 0;
  std::optional<std::string_view> consumer;
};

Result<PendingQuery> ParsePendingQuery(Args args) {
  PendingQuery query;
  size_t at = 3;
  if (EqualsIgnoreCase(args[3], "IDLE")) {
    ASSIGN_OR_RETURN(query.min_idle_ms, ParseInteger(args[4]));
    if (args.size() < 8) return Fail(kSyntaxError);
    at += 2;
  }
  ASSIGN_OR_RETURN(const int64_t count, ParseInteger(args[at + 2]));
  query.count = static_cast<uint64_t>(std::max<int64_t>(count, 0));
  ASSIGN_OR_RETURN(query.from, ParseRangeStart(args[at]));
  ASSIGN_OR_RETURN(query.to, ParseRangeEnd(args[at + 1]));
  if (args.size() > at + 3) query.consumer = args[at + 3];
  return query;
}

Result<void> ReplyPending(CommandContext& ctx, StreamGroup& group, const PendingQuery& query) {
  const StreamGroup::Consumer* consumer = nullptr;
  if (query.consumer) {
    ASSIGN_OR_RETURN(consumer, group.FindConsumer(*query.consumer));
  }
  if ((query.consumer && consumer == nullptr) || query.count == 0) {
    ctx.reply.Array(0);
    return {};
  }
  std::vector<StreamGroup::Pending> found;
  RETURN_IF_ERROR(
      group.VisitPending(query.from, query.to, consumer, [&](const StreamGroup::Pending& pending) {
        if (query.min_idle_ms != 0 && ctx.now_ms - pending.row.delivered_ms < query.min_idle_ms) {
          return true;
        }
        found.push_back(pending);
        return found.size() < query.count;
      }));
  ctx.reply.Array(found.size());
  for (const auto& [id, row] : found) {
    ASSIGN_OR_RETURN(const StreamGroup::Consumer* const owner, group.ConsumerOf(row));
    ctx.reply.Array(4);
    ReplyStreamId(ctx.reply, id);
    ctx.reply.Bulk(owner->row.name);
    ctx.reply.Integer(std::max<int64_t>(ctx.now_ms - row.delivered_ms, 0));
    ctx.reply.Integer(static_cast<int64_t>(row.deliveries));
  }
  return {};
}

// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
Result<void> XPending(CommandContext& ctx) {
  const size_t args = ctx.args.size();
  if (args != 3 && (args < 6 || args > 9)) return Fail(kSyntaxError);
  std::optional<PendingQuery> query;
  if (args != 3) {
    ASSIGN_OR_RETURN(query, ParsePendingQuery(ctx.args));
  }
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  RowLoads loads(ctx);
  PrefetchGroup(loads, stream, ctx.args[2]);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, ctx.args[2]));
  if (!group) return NoSuchKeyOrGroup(ctx.args[1], ctx.args[2]);
  return query ? ReplyPending(ctx, *group, *query) : ReplySummary(ctx, *group);
}

constexpr CommandSpec kPendingCommands[] = {
    {.name = "xack",
     .handler = XAck,
     .arity = -4,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Acknowledges entries that a consumer group was given, and returns how many were "
                "pending.",
     .complexity = "O(log(N)) for each entry.",
     .syntax = "key group id [id ...]"},
    {.name = "xpending",
     .handler = XPending,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = OneKey(1, kRO | kAccess),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Tells what a consumer group has not acknowledged.",
     .complexity = "O(log(N)+M) for M entries looked at; O(C) for C consumers without a range.",
     .syntax = "key group [[IDLE min-idle-time{:integer}]{@6.2.0} start{:string} end{:string} "
               "count [consumer]]{filters}",
     .tips = "nondeterministic_output",
     .history = "6.2.0\tAdded the `IDLE` option and exclusive range intervals."},
};

}  // namespace

std::span<const CommandSpec> StreamPendingCommands() {
  return kPendingCommands;
}

}  // namespace datatypes
