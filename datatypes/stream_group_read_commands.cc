// SPDX-License-Identifier: BSD-3-Clause
// Reading for a consumer group: XREADGROUP.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_group_access.h"
#include "datatypes/stream_read.h"
#include "datatypes/stream_to_replicas.h"

namespace datatypes {
namespace {

// What is to be done with one of the streams.
struct StreamTurn {
  StreamId after;
  bool history = false;  // What the consumer was given before; else what is new to the group.
  bool serve = false;    // There is something to reply.
};

bool HasNew(const Stream& stream, const StreamGroup& group) {
  return stream.length() > 0 && stream.head().top > group.row().last;
}

// Checks everything, and finds out which streams have something to give.
Result<std::vector<StreamTurn>> PlanTurns(CommandContext& ctx, const StreamReadRequest& request,
                                          RowLoads& loads) {
  std::vector<StreamTurn> turns(request.keys.size());
  for (size_t i = 0; i < turns.size(); ++i) {
    StreamTurn& turn = turns[i];
    ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, request.keys[i]));
    if (!PrefetchGroup(loads, stream, request.group)) continue;
    ASSIGN_OR_RETURN(const std::optional<StreamGroup> group, FindGroup(stream, request.group));
    if (!group) return NoSuchGroupToRead(request.keys[i], request.group);
    turn.after = StreamId::Max();
    if (request.ids[i] == "$") return Fail(kReadLastInXReadGroup);
    if (request.ids[i] != ">") {
      ASSIGN_OR_RETURN(turn.after, ParseStreamId(request.ids[i]));
    }
    turn.history = turn.after != StreamId::Max();
    turn.serve = turn.history || HasNew(stream, *group);
    if (!turn.serve || turn.history || !loads.wanted() || stream.rows().small()) continue;
    if (const std::optional<StreamId> from = group->row().last.Next()) {
      stream.PrefetchRange(*from, StreamId::Max(), std::min<uint64_t>(request.count, 4096),
                           Stream::Direction::kForward, loads.waiter());
    }
  }
  return turns;
}

// What the group was not given yet; from now on it is pending with the consumer.
Result<void> GiveNew(CommandContext& ctx, const StreamReadRequest& request, StreamGroup& group,
                     StreamGroup::Consumer& consumer) {
  std::vector<StreamId> ids;
  const resp::Writer::Deferred array = ctx.reply.Defer();
  if (const std::optional<StreamId> from = group.row().last.Next()) {
    RETURN_IF_ERROR(group.stream().Visit(*from, StreamId::Max(), Stream::Direction::kForward,
                                         [&](const StreamId& id, const StreamFields& fields) {
                                           ReplyStreamEntry(ctx.reply, id, fields);
                                           ids.push_back(id);
                                           return ids.size() < request.count;
                                         }));
  }
  ctx.reply.SetArrayLength(array, ids.size());
  // Above all that is pending (unless the group was set back) there is nothing to look for.
  ASSIGN_OR_RETURN(const std::optional<StreamId> last_pending, group.LastPending());
  for (const StreamId& id : ids) {
    group.Advance(id);
    if (request.no_ack) continue;
    TellClaim(ctx, group, request.consumer, id, {0, ctx.now_ms, 1});
    std::optional<PendingRow> old;
    if (last_pending && id <= *last_pending) {
      ASSIGN_OR_RETURN(old, group.FindPending(id));
    }
    RETURN_IF_ERROR(group.SetPending(id, consumer, ctx.now_ms, 1, old));
  }
  // With the claims replicas do not learn how many entries have been read.
  if (!ids.empty()) TellGroupId(ctx, group);
  if (!ids.empty() && !request.no_ack) {
    consumer.row.active_ms = ctx.now_ms;
    consumer.changed = true;
  }
  return {};
}

// What is pending with the consumer, once more.
Result<void> GiveHistory(CommandContext& ctx, const StreamReadRequest& request, StreamGroup& group,
                         StreamGroup::Consumer& consumer, const StreamId& after) {
  std::vector<StreamGroup::Pending> pendings;
  RETURN_IF_ERROR(group.VisitPending(*after.Next(), StreamId::Max(), &consumer,
                                     [&](const StreamGroup::Pending& pending) {
                                       pendings.push_back(pending);
                                       return pendings.size() < request.count;
                                     }));
  ctx.reply.Array(pendings.size());
  for (const auto& [id, row] : pendings) {
    ASSIGN_OR_RETURN(const std::optional<StreamFields> fields, group.stream().Find(id));
    if (!fields) {  // It was deleted since.
      ctx.reply.Array(2);
      ReplyStreamId(ctx.reply, id);
      ctx.reply.NullArray();
      continue;
    }
    ReplyStreamEntry(ctx.reply, id, *fields);
    RETURN_IF_ERROR(group.SetPending(id, consumer, ctx.now_ms, row.deliveries + 1, row));
  }
  return {};
}

Result<void> TakeTurn(CommandContext& ctx, const StreamReadRequest& request, std::string_view key,
                      const StreamTurn& turn) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, key));
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, request.group));
  if (!group) return NoSuchGroupToRead(key, request.group);
  ASSIGN_OR_RETURN(StreamGroup::Consumer* const consumer,
                   SeeConsumerAndTell(ctx, *group, request.consumer));
  Result<void> done;
  if (turn.serve) {
    if (!ctx.reply.resp3()) ctx.reply.Array(2);
    ctx.reply.Bulk(key);
    done = turn.history ? GiveHistory(ctx, request, *group, *consumer, turn.after)
                        : GiveNew(ctx, request, *group, *consumer);
  }
  RETURN_IF_ERROR(group->Save());
  return done;
}

enum class Attempt : uint8_t { kFirst, kWoken };

// Replies with what there is. False: nothing, nothing is replied. (True also if suspended.)
Result<bool> TryReadGroup(CommandContext& ctx, const StreamReadRequest& request, Attempt attempt) {
  RowLoads loads(ctx);
  ASSIGN_OR_RETURN(const std::vector<StreamTurn> turns, PlanTurns(ctx, request, loads));
  if (loads.Suspend()) return true;
  const auto served = static_cast<size_t>(
      std::count_if(turns.begin(), turns.end(), [](const StreamTurn& turn) { return turn.serve; }));
  // Woken for nothing: nothing is changed then.
  if (served == 0 && attempt == Attempt::kWoken) return false;
  // Nobody waits for what this changes.
  const BlockedKeys::Quiet quiet(ctx.blocked_keys);
  if (served > 0) ctx.reply.resp3() ? ctx.reply.Map(served) : ctx.reply.Array(served);
  for (size_t i = 0; i < turns.size(); ++i) {
    RETURN_IF_ERROR(TakeTurn(ctx, request, request.keys[i], turns[i]));
  }
  return served > 0;
}

// When the group, or the key, has gone, the client is told.
class GroupReadWait final : public KeyWait {
 public:
  GroupReadWait(CommandContext& ctx, Args keys) : KeyWait(ctx, kStream, keys, Deletion::kEnds) {}

 protected:
  Result<bool> Try(CommandContext& ctx) override {
    ASSIGN_OR_RETURN(const StreamReadRequest request,
                     ParseStreamRead(ctx.args, StreamReadForm::kGroup, ctx.now_ms));
    return TryReadGroup(ctx, request, Attempt::kWoken);
  }
};

// XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK]
//     STREAMS key [key ...] id [id ...]
Result<void> XReadGroup(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const StreamReadRequest request,
                   ParseStreamRead(ctx.args, StreamReadForm::kGroup, ctx.now_ms));
  ASSIGN_OR_RETURN(const bool served, TryReadGroup(ctx, request, Attempt::kFirst));
  if (served) return {};
  if (!request.deadline_ms || !ctx.may_block) {
    ctx.reply.NullArray();
    return {};
  }
  ctx.Block(std::make_unique<GroupReadWait>(ctx, request.keys), *request.deadline_ms);
  return {};
}

constexpr CommandSpec kGroupReadCommands[] = {
    {.name = "xreadgroup",
     .handler = XReadGroup,
     .arity = -7,
     .flags = kWrite | kBlocking | kMovableKeys,
     .acl = kAclStream,
     .keys = StreamReadKeys(4),
     .group = "stream",
     .since = "5.0.0",
     .summary =
         "Gives a group's consumer new entries of streams, or those it has not acknowledged, "
         "waiting for them if need be.",
     .complexity = "O(M*log(N)) for M entries given.",
     .syntax = "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS "
               "key [key ...] id [id ...]"},
};

}  // namespace

std::span<const CommandSpec> StreamGroupReadCommands() {
  return kGroupReadCommands;
}

}  // namespace datatypes
