// SPDX-License-Identifier: BSD-3-Clause
// Reading what comes after an ID: XREAD.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/stream_access.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_read.h"
#include "datatypes/stream_walk.h"

namespace datatypes {
namespace {

Result<std::optional<int64_t>> ParseBlock(std::string_view text, int64_t now_ms) {
  ASSIGN_OR_RETURN(const int64_t timeout_ms,
                   ParseIntegerFrom(text, 0, kTimeoutNegative, kTimeoutNotAnInteger));
  if (timeout_ms == 0) return std::optional<int64_t>(0);
  if (timeout_ms > std::numeric_limits<int64_t>::max() - now_ms) return Fail(kTimeoutOutOfRange);
  return std::optional<int64_t>(now_ms + timeout_ms);
}

}  // namespace

Result<StreamReadRequest> ParseStreamRead(Args args, StreamReadForm form, int64_t now_ms) {
  const bool of_group = form == StreamReadForm::kGroup;
  StreamReadRequest request;
  bool has_group = false;
  for (OptionReader options(args, 1); !options.done();) {
    if (options.Take("BLOCK", 1)) {
      ASSIGN_OR_RETURN(request.deadline_ms, ParseBlock(options.operand(), now_ms));
    } else if (options.Take("COUNT", 1)) {
      ASSIGN_OR_RETURN(const int64_t count, ParseInteger(options.operand()));
      // 0 and less are no limit.
      if (count > 0) request.count = static_cast<uint64_t>(count);
      if (count <= 0) request.count = std::numeric_limits<uint64_t>::max();
    } else if (options.position() + 1 < args.size() && options.Take("STREAMS")) {
      const Args rest = args.subspan(options.position());
      if (rest.size() % 2 != 0) {
        return of_group ? UnbalancedStreams("xreadgroup", '>') : UnbalancedStreams("xread", '$');
      }
      request.keys = rest.first(rest.size() / 2);
      request.ids = rest.subspan(rest.size() / 2);
      break;
    } else if (options.Take("GROUP", 2)) {
      if (!of_group) return Fail(kReadGroupInXRead);
      request.group = options.operand(0);
      request.consumer = options.operand(1);
      has_group = true;
    } else if (options.Take("NOACK")) {
      if (!of_group) return Fail(kReadNoAckInXRead);
      request.no_ack = true;
    } else {
      return Fail(kSyntaxError);
    }
  }
  if (request.keys.empty()) return Fail(kSyntaxError);
  if (of_group && !has_group) return Fail(kReadGroupMissing);
  return request;
}

namespace {

// The IDs after which each stream is read: "$" is what is the last one now.
Result<std::vector<StreamId>> ResolveIds(CommandContext& ctx, const StreamReadRequest& request) {
  std::vector<StreamId> ids(request.keys.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, request.keys[i]));
    if (request.ids[i] == "$") {
      ids[i] = stream.head().last;
    } else if (request.ids[i] == ">") {
      return Fail(kReadNewInXRead);
    } else {
      ASSIGN_OR_RETURN(ids[i], ParseStreamId(request.ids[i]));
    }
  }
  return ids;
}

// Replies with what comes after these IDs. False: nothing does, nothing is replied.
Result<bool> ReadAfter(CommandContext& ctx, const StreamReadRequest& request,
                       const std::vector<StreamId>& ids) {
  std::vector<StreamRange> ranges;
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, request.keys[i]));
    if (stream.length() == 0 || stream.head().top <= ids[i]) continue;
    ranges.push_back({.key = request.keys[i], .from = *ids[i].Next(), .count = request.count});
  }
  if (ranges.empty()) return false;
  RETURN_IF_ERROR(ReplyStreamRanges(ctx, std::move(ranges), StreamReply::kByName));
  return true;
}

class ReadWait final : public KeyWait {
 public:
  ReadWait(CommandContext& ctx, Args keys, std::vector<StreamId> ids)
      : KeyWait(ctx, kStream, keys), ids_(std::move(ids)) {}

 protected:
  Result<bool> Try(CommandContext& ctx) override {
    ASSIGN_OR_RETURN(const StreamReadRequest request,
                     ParseStreamRead(ctx.args, StreamReadForm::kPlain, ctx.now_ms));
    return ReadAfter(ctx, request, ids_);
  }

 private:
  const std::vector<StreamId> ids_;
};

// XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]
Result<void> XRead(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const StreamReadRequest request,
                   ParseStreamRead(ctx.args, StreamReadForm::kPlain, ctx.now_ms));
  ASSIGN_OR_RETURN(std::vector<StreamId> ids, ResolveIds(ctx, request));
  ASSIGN_OR_RETURN(const bool served, ReadAfter(ctx, request, ids));
  if (served) return {};
  if (!request.deadline_ms || !ctx.may_block) {
    ctx.reply.NullArray();
    return {};
  }
  ctx.Block(std::make_unique<ReadWait>(ctx, request.keys, std::move(ids)), *request.deadline_ms);
  return {};
}

constexpr CommandSpec kReadCommands[] = {
    {.name = "xread",
     .handler = XRead,
     .arity = -4,
     .flags = kReadonly | kBlocking | kMovableKeys,
     .acl = kAclStream,
     .keys = StreamReadKeys(1),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Lists the entries of streams that come after given IDs, waiting for them if need "
                "be.",
     .complexity = "O(log(N)+M) for each stream, M entries listed of N.",
     .syntax = "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]"},
};

}  // namespace

std::span<const CommandSpec> StreamReadCommands() {
  return kReadCommands;
}

}  // namespace datatypes
