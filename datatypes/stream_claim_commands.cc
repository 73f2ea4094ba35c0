// SPDX-License-Identifier: BSD-3-Clause
// Pending entries that change hands: XCLAIM, XAUTOCLAIM.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_group_access.h"
#include "datatypes/stream_to_replicas.h"

namespace datatypes {
namespace {

enum class ClaimReply : uint8_t { kEntries, kIds };

void ReplyClaimed(CommandContext& ctx, const StreamId& id,
                  const std::optional<StreamFields>& fields, ClaimReply form) {
  if (form == ClaimReply::kIds) {
    ReplyStreamId(ctx.reply, id);
  } else {
    ReplyStreamEntry(ctx.reply, id, *fields);
  }
}

// ---- XCLAIM.

struct ClaimRequest {
  int64_t min_idle_ms = 0;
  std::vector<StreamId> ids;
  bool force = false;
  ClaimReply form = ClaimReply::kEntries;
  std::optional<int64_t> delivered_ms;
  std::optional<uint64_t> deliveries;
  StreamId last;
};

Result<void> ParseClaimOptions(Args args, size_t from, int64_t now_ms, ClaimRequest& request) {
  for (OptionReader options(args, from); !options.done();) {
    if (options.Take("FORCE")) {
      request.force = true;
    } else if (options.Take("JUSTID")) {
      request.form = ClaimReply::kIds;
    } else if (options.Take("IDLE", 1)) {
      ASSIGN_OR_RETURN(const int64_t idle_ms, ParseInteger(options.operand(), kClaimIdle));
      request.delivered_ms =
          static_cast<int64_t>(static_cast<uint64_t>(now_ms) - static_cast<uint64_t>(idle_ms));
    } else if (options.Take("TIME", 1)) {
      ASSIGN_OR_RETURN(request.delivered_ms, ParseInteger(options.operand(), kClaimTime));
    } else if (options.Take("RETRYCOUNT", 1)) {
      ASSIGN_OR_RETURN(const int64_t count, ParseInteger(options.operand(), kClaimRetryCount));
      request.deliveries.reset();
      if (count >= 0) request.deliveries = static_cast<uint64_t>(count);
    } else if (options.Take("LASTID", 1)) {
      ASSIGN_OR_RETURN(request.last, ParseStreamId(options.operand()));
    } else {
      return UnknownClaimOption(options.current());
    }
  }
  return {};
}

Result<ClaimRequest> ParseClaim(Args args, int64_t now_ms) {
  ClaimRequest request;
  ASSIGN_OR_RETURN(request.min_idle_ms, ParseInteger(args[4], kClaimMinIdle));
  size_t at = 5;
  for (; at < args.size(); ++at) {
    const Result<StreamId> id = ParseStreamId(args[at]);
    if (!id) break;  // An option.
    request.ids.push_back(*id);
  }
  RETURN_IF_ERROR(ParseClaimOptions(args, at, now_ms, request));
  // A time that makes no sense is now: clients may reckon by clocks that differ from ours.
  const int64_t time = request.delivered_ms.value_or(now_ms);
  request.delivered_ms = time < 0 || time > now_ms ? now_ms : time;
  return request;
}

// Returns whether the entry was claimed, and replied.
Result<bool> ClaimOne(CommandContext& ctx, const ClaimRequest& request, StreamGroup& group,
                      StreamGroup::Consumer& consumer, const StreamId& id) {
  ASSIGN_OR_RETURN(const std::optional<PendingRow> old, group.FindPending(id));
  ASSIGN_OR_RETURN(const std::optional<StreamFields> fields, group.stream().Find(id));
  if (!fields) {  // The entry itself is gone: nobody can have it.
    if (old) {
      ASSIGN_OR_RETURN(const StreamGroup::Consumer* const owner, group.ConsumerOf(*old));
      TellClaim(ctx, group, owner->row.name, id, *old);
      RETURN_IF_ERROR(group.ErasePending(id, *old));
    }
    return false;
  }
  if (!old && !request.force) return false;
  if (old && request.min_idle_ms > 0 && ctx.now_ms - old->delivered_ms < request.min_idle_ms) {
    return false;
  }
  uint64_t deliveries = old ? old->deliveries : 1;
  if (request.deliveries) {
    deliveries = *request.deliveries;
  } else if (request.form == ClaimReply::kEntries) {
    ++deliveries;
  }
  ReplyClaimed(ctx, id, fields, request.form);
  RETURN_IF_ERROR(group.SetPending(id, consumer, *request.delivered_ms, deliveries, old));
  TellClaim(ctx, group, ctx.args[3], id, {0, *request.delivered_ms, deliveries});
  consumer.row.active_ms = ctx.now_ms;
  consumer.changed = true;
  return true;
}

// XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds]
//     [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]
Result<void> XClaim(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  RowLoads loads(ctx);
  PrefetchGroup(loads, stream, ctx.args[2]);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, ctx.args[2]));
  if (!group) return NoSuchKeyOrGroup(ctx.args[1], ctx.args[2]);
  ASSIGN_OR_RETURN(const ClaimRequest request, ParseClaim(ctx.args, ctx.now_ms));
  for (const StreamId& id : request.ids) {
    PrefetchPending(loads, *group, id);
    if (loads.wanted() && !stream.rows().small()) stream.PrefetchEntry(id, loads.waiter());
  }
  if (loads.Suspend()) return {};
  const BlockedKeys::Quiet quiet(ctx.blocked_keys);
  const bool moves_last = request.last > group->row().last;
  if (moves_last) group->SetLast(request.last, group->row().read);
  ASSIGN_OR_RETURN(StreamGroup::Consumer* const consumer,
                   SeeConsumerAndTell(ctx, *group, ctx.args[3]));
  const resp::Writer::Deferred array = ctx.reply.Defer();
  size_t claimed = 0;
  Result<void> done;
  for (const StreamId& id : request.ids) {
    const Result<bool> one = ClaimOne(ctx, request, *group, *consumer, id);
    if (!one) done = tl::unexpected(one.error());
    if (!done) break;
    if (*one) ++claimed;
  }
  if (moves_last && claimed == 0) TellGroupId(ctx, *group);
  RETURN_IF_ERROR(group->Save());
  RETURN_IF_ERROR(done);
  ctx.reply.SetArrayLength(array, claimed);
  return {};
}

// ---- XAUTOCLAIM.

struct AutoClaimRequest {
  int64_t min_idle_ms = 0;
  StreamId from;
  uint64_t count = 100;
  ClaimReply form = ClaimReply::kEntries;
};

// So many entries are looked at for each that may be claimed.
constexpr uint64_t kLooksPerClaim = 10;
// Redis' limit: an array of that many IDs has a size.
constexpr int64_t kMaxAutoClaimCount = std::numeric_limits<int64_t>::max() / 16;

Result<AutoClaimRequest> ParseAutoClaim(Args args) {
  AutoClaimRequest request;
  ASSIGN_OR_RETURN(request.min_idle_ms, ParseInteger(args[4], kAutoClaimMinIdle));
  ASSIGN_OR_RETURN(request.from, ParseRangeStart(args[5]));
  for (OptionReader options(args, 6); !options.done();) {
    if (options.Take("COUNT", 1)) {
      ASSIGN_OR_RETURN(const int64_t count,
                       ParseIntegerFrom(options.operand(), 1, kAutoClaimCount, kAutoClaimCount));
      if (count > kMaxAutoClaimCount) return Fail(kAutoClaimCount);
      request.count = static_cast<uint64_t>(count);
    } else if (options.Take("JUSTID")) {
      request.form = ClaimReply::kIds;
    } else {
      return Fail(kSyntaxError);
    }
  }
  return request;
}

// Looks at pending entries in order, and claims what is idle for long enough.
class AutoClaimWalk {
 public:
  AutoClaimWalk(CommandContext& ctx, const AutoClaimRequest& request, StreamGroup& group,
                StreamGroup::Consumer& consumer)
      : ctx_(ctx), request_(request), group_(group), consumer_(consumer), left_(request.count) {}

  Result<void> Run() {
    uint64_t attempts = request_.count > std::numeric_limits<uint64_t>::max() / kLooksPerClaim
                            ? std::numeric_limits<uint64_t>::max()
                            : request_.count * kLooksPerClaim;
    std::optional<StreamId> at = request_.from;
    while (at) {
      ASSIGN_OR_RETURN(const std::optional<StreamGroup::Pending> pending, NextFrom(*at));
      if (!pending) break;
      if (attempts == 0 || left_ == 0) {
        next_ = pending->id;
        break;
      }
      --attempts;
      RETURN_IF_ERROR(LookAt(*pending));
      at = pending->id.Next();
    }
    return {};
  }
  const std::vector<StreamId>& claimed() const { return claimed_; }
  // Where to go on; 0-0: that was all.
  const StreamId& next() const { return next_; }
  const std::vector<StreamId>& deleted() const { return deleted_; }

 private:
  static constexpr size_t kBatch = 64;

  Result<std::optional<StreamGroup::Pending>> NextFrom(const StreamId& from) {
    if (read_ == batch_.size()) {
      batch_.clear();
      read_ = 0;
      RETURN_IF_ERROR(group_.VisitPending(from, StreamId::Max(), nullptr,
                                          [this](const StreamGroup::Pending& pending) {
                                            batch_.push_back(pending);
                                            return batch_.size() < kBatch;
                                          }));
    }
    if (batch_.empty()) return std::optional<StreamGroup::Pending>();
    return std::optional<StreamGroup::Pending>(batch_[read_++]);
  }

  Result<void> LookAt(const StreamGroup::Pending& pending) {
    const auto& [id, row] = pending;
    ASSIGN_OR_RETURN(const std::optional<StreamFields> fields, group_.stream().Find(id));
    if (!fields) {
      ASSIGN_OR_RETURN(const StreamGroup::Consumer* const owner, group_.ConsumerOf(row));
      TellClaim(ctx_, group_, owner->row.name, id, row);
      RETURN_IF_ERROR(group_.ErasePending(id, row));
      deleted_.push_back(id);
      --left_;
      return {};
    }
    if (request_.min_idle_ms > 0 && ctx_.now_ms - row.delivered_ms < request_.min_idle_ms) {
      return {};
    }
    const uint64_t more = request_.form == ClaimReply::kEntries ? 1 : 0;
    RETURN_IF_ERROR(group_.SetPending(id, consumer_, ctx_.now_ms, row.deliveries + more, row));
    TellClaim(ctx_, group_, ctx_.args[3], id, {0, ctx_.now_ms, row.deliveries + more});
    consumer_.row.active_ms = ctx_.now_ms;
    consumer_.changed = true;
    claimed_.push_back(id);
    --left_;
    return {};
  }

  CommandContext& ctx_;
  const AutoClaimRequest& request_;
  StreamGroup& group_;
  StreamGroup::Consumer& consumer_;
  uint64_t left_;
  std::vector<StreamId> claimed_;
  StreamId next_;
  std::vector<StreamId> deleted_;
  std::vector<StreamGroup::Pending> batch_;
  size_t read_ = 0;
};

// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
Result<void> XAutoClaim(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const AutoClaimRequest request, ParseAutoClaim(ctx.args));
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  RowLoads loads(ctx);
  PrefetchGroup(loads, stream, ctx.args[2]);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, ctx.args[2]));
  if (!group) return NoSuchKeyOrGroup(ctx.args[1], ctx.args[2]);
  PrefetchPending(loads, *group, request.from);
  if (loads.Suspend()) return {};
  const BlockedKeys::Quiet quiet(ctx.blocked_keys);
  ASSIGN_OR_RETURN(StreamGroup::Consumer* const consumer,
                   SeeConsumerAndTell(ctx, *group, ctx.args[3]));
  AutoClaimWalk walk(ctx, request, *group, *consumer);
  const Result<void> done = walk.Run();
  RETURN_IF_ERROR(group->Save());
  RETURN_IF_ERROR(done);
  ctx.reply.Array(3);
  ReplyStreamId(ctx.reply, walk.next());
  ctx.reply.Array(walk.claimed().size());
  for (const StreamId& id : walk.claimed()) {
    ASSIGN_OR_RETURN(const std::optional<StreamFields> fields, stream.Find(id));
    ReplyClaimed(ctx, id, fields, request.form);
  }
  ctx.reply.Array(walk.deleted().size());
  for (const StreamId& id : walk.deleted()) ReplyStreamId(ctx.reply, id);
  return {};
}

constexpr CommandSpec kClaimCommands[] = {
    {.name = "xclaim",
     .handler = XClaim,
     .arity = -6,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Gives pending entries to another consumer of the group.",
     .complexity = "O(log(N)) for each entry.",
     .syntax = "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME "
               "unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]",
     .tips = "nondeterministic_output"},
    {.name = "xautoclaim",
     .handler = XAutoClaim,
     .arity = -6,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = OneKey(1, kRW | kDelete),
     .group = "stream",
     .since = "6.2.0",
     .summary = "Gives a consumer what has been pending for long with others of the group.",
     .complexity = "O(M*log(N)) for M entries looked at.",
     .syntax = "key group consumer min-idle-time start{:string} [COUNT count] [JUSTID]",
     .tips = "nondeterministic_output",
     .history =
         "7.0.0\tAdded an element to the reply array, containing deleted entries the command "
         "cleared from the PEL"},
};

}  // namespace

std::span<const CommandSpec> StreamClaimCommands() {
  return kClaimCommands;
}

}  // namespace datatypes
