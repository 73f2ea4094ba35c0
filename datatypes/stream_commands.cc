// SPDX-License-Identifier: BSD-3-Clause
// Changing streams: XADD, XDEL, XLEN, XSETID, XTRIM.
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/row_loads.h"
#include "datatypes/stream_access.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_runs.h"
#include "datatypes/stream_to_replicas.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

struct AddRequest {
  StreamTrim trim;
  bool may_create = true;
  std::optional<NewStreamId> id;  // None: "*".
  Args fields;
  size_t id_index = 0;  // Of the argument.
};

Result<AddRequest> ParseAdd(Args args, const Settings& settings) {
  AddRequest request;
  StreamTrimOptions trim;
  size_t at = 2;
  for (; at < args.size(); ++at) {
    if (args[at] == "*") break;
    ASSIGN_OR_RETURN(const size_t taken, trim.Take(args, at));
    if (taken > 0) {
      at += taken - 1;
    } else if (EqualsIgnoreCase(args[at], "NOMKSTREAM")) {
      request.may_create = false;
    } else {
      ASSIGN_OR_RETURN(request.id, ParseNewStreamId(args[at]));
      break;
    }
  }
  ASSIGN_OR_RETURN(request.trim, trim.Finish(settings));
  request.id_index = at;
  if (at + 1 < args.size()) request.fields = args.subspan(at + 1);
  if (request.fields.empty() || request.fields.size() % 2 != 0) return WrongArity("xadd");
  if (request.id && request.id->seq_given && request.id->id.zero()) return Fail(kStreamIdIsZero);
  return request;
}

Result<StreamId> ChooseId(const AddRequest& request, const StreamHead& head, int64_t now_ms) {
  if (head.last == StreamId::Max()) return Fail(kStreamExhausted);
  std::optional<StreamId> id;
  if (!request.id) {
    id = StreamId{static_cast<uint64_t>(now_ms), 0};
    if (id->ms <= head.last.ms) id = head.last.Next();
  } else {
    id = request.id->id;
    if (!request.id->seq_given && id->ms == head.last.ms) {
      id = head.last.Next();
      if (id && id->ms != head.last.ms) id.reset();
    }
  }
  if (!id || *id <= head.last) return Fail(kStreamIdNotGreater);
  return *id;
}

// XADD key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id>
//     field value [field value ...]
Result<void> XAdd(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const AddRequest request, ParseAdd(ctx.args, ctx.settings));
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, key));
  const bool created = !stream.exists();
  if (created && !request.may_create) {
    ctx.reply.Null();
    return {};
  }
  ASSIGN_OR_RETURN(const StreamId id, ChooseId(request, stream.head(), ctx.now_ms));
  if (TextBytesOf(request.fields) > kMaxStreamTextBytes) return Fail(kStreamEntryTooLarge);
  if (created) {
    stream.Create();
  } else if (!stream.rows().small()) {
    RowLoads loads(ctx);
    if (loads.wanted() && !stream.TailResident()) stream.PrefetchAppend(loads.waiter());
    if (loads.wanted() && request.trim.strategy != StreamTrim::Strategy::kNone) {
      stream.PrefetchTrim(request.trim, loads.waiter());
    }
    if (loads.Suspend()) return {};
  }
  RETURN_IF_ERROR(stream.Append(id, request.fields));
  // The entry is in; if pages cannot be read, trimming is left to the next XADD.
  const Result<uint64_t> trimmed = stream.Trim(request.trim);
  stream.Save();
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ReplyStreamId(ctx.reply, id);
  TellStreamChange(ctx, stream, request.trim, request.id_index, id);
  ctx.Notify(kNotifyStream, "xadd", key);
  if (trimmed && *trimmed > 0) ctx.Notify(kNotifyStream, "xtrim", key);
  return {};
}

// XLEN key
Result<void> XLen(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, ctx.args[1]));
  ctx.reply.Integer(static_cast<int64_t>(stream.length()));
  return {};
}

// XDEL key id [id ...]
Result<void> XDel(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  if (!stream.exists()) {
    ctx.reply.Integer(0);
    return {};
  }
  std::vector<StreamId> ids;
  for (const std::string_view text : ctx.args.subspan(2)) {
    ASSIGN_OR_RETURN(const StreamId id, ParseStreamId(text));
    ids.push_back(id);
  }
  if (!stream.rows().small()) {
    RowLoads loads(ctx);
    if (loads.wanted()) {
      for (const StreamId& id : ids) stream.PrefetchErase(id, loads.waiter());
    }
    if (loads.Suspend()) return {};
  }
  int64_t deleted = 0;
  Result<void> done;
  for (const StreamId& id : ids) {
    Result<bool> erased = stream.Erase(id);
    if (!erased) {
      done = tl::unexpected(std::move(erased.error()));
      break;
    }
    if (*erased) ++deleted;
  }
  if (deleted > 0) {
    stream.Save();
    ctx.Notify(kNotifyStream, "xdel", ctx.args[1]);
  }
  RETURN_IF_ERROR(done);
  ctx.reply.Integer(deleted);
  return {};
}

// What XTRIM has cut off and is still in rows goes in slices, others' commands in between. The
// entries themselves went at once. So that a client does not wait for long, what is left after some
// slices is left to the commands that change the stream later.
class SweepWalk final : public Suspension {
 public:
  SweepWalk(lsm::CollectionId rows, uint64_t trimmed) : rows_(rows), trimmed_(trimmed) {}

  Result<bool> Resume(CommandContext& ctx) override {
    if (!Done(ctx)) {
      ctx.yield = pending() == 0;
      return false;
    }
    ctx.reply.Integer(static_cast<int64_t>(trimmed_));
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  bool Done(CommandContext& ctx) {
    Result<Stream> stream = OpenStream(ctx, ctx.args[1]);
    if (!stream || !stream->exists() || stream->rows().id() != rows_) return true;
    if (!std::exchange(loaded_, true)) {
      stream->PrefetchSweep(Stream::kSweptByTurn, *this);
      if (pending() > 0) return false;
    }
    loaded_ = false;
    const bool failed = !stream->Sweep(Stream::kSweptByTurn);
    stream->Save();
    return failed || !stream->needs_sweep() || ++slices_ == kMaxSlices;
  }

  static constexpr int kMaxSlices = 100;

  const lsm::CollectionId rows_;
  const uint64_t trimmed_;
  int slices_ = 0;
  bool loaded_ = false;  // What the next slice needs, or it was asked for.
};

// XTRIM key <MAXLEN | MINID> [= | ~] threshold [LIMIT count]
Result<void> XTrim(CommandContext& ctx) {
  StreamTrimOptions options;
  for (size_t at = 2; at < ctx.args.size();) {
    ASSIGN_OR_RETURN(const size_t taken, options.Take(ctx.args, at));
    if (taken == 0) return Fail(kSyntaxError);
    at += taken;
  }
  ASSIGN_OR_RETURN(const StreamTrim trim, options.Finish(ctx.settings));
  if (trim.strategy == StreamTrim::Strategy::kNone) return Fail(kXTrimWithoutStrategy);
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  if (!stream.exists()) {
    ctx.reply.Integer(0);
    return {};
  }
  if (!stream.rows().small()) {
    RowLoads loads(ctx);
    if (loads.wanted()) stream.PrefetchTrim(trim, loads.waiter());
    if (loads.Suspend()) return {};
  }
  ASSIGN_OR_RETURN(const uint64_t trimmed, stream.Trim(trim));
  stream.Save();
  if (trimmed > 0) ctx.Notify(kNotifyStream, "xtrim", ctx.args[1]);
  if (trimmed == 0) {
    ToReplicas(ctx).Suppress();
  } else if (trim.approximate) {
    TellStreamChange(ctx, stream, trim, ctx.args.size(), std::nullopt);
  }
  // It may have been suspended already, for a load; in EXEC it may not.
  if (stream.needs_sweep() && ctx.may_block) {
    ctx.Suspend(std::make_unique<SweepWalk>(stream.rows().id(), trimmed));
    ctx.yield = true;
    return {};
  }
  ctx.reply.Integer(static_cast<int64_t>(trimmed));
  return {};
}

struct SetIdRequest {
  StreamId id;
  std::optional<uint64_t> added;
  StreamId max_deleted;
};

Result<SetIdRequest> ParseSetId(Args args) {
  SetIdRequest request;
  ASSIGN_OR_RETURN(request.id, ParseStreamId(args[2]));
  for (OptionReader options(args, 3); !options.done();) {
    if (options.Take("ENTRIESADDED", 1)) {
      ASSIGN_OR_RETURN(const int64_t added,
                       ParseIntegerFrom(options.operand(), 0, kEntriesAddedNegative));
      request.added = static_cast<uint64_t>(added);
    } else if (options.Take("MAXDELETEDID", 1)) {
      ASSIGN_OR_RETURN(request.max_deleted, ParseStreamId(options.operand()));
      if (request.id < request.max_deleted) return Fail(kSetIdBelowGivenDeleted);
    } else {
      return Fail(kSyntaxError);
    }
  }
  return request;
}

// XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]
Result<void> XSetId(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const SetIdRequest request, ParseSetId(ctx.args));
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[1]));
  if (!stream.exists()) return Fail(kNoSuchKey);
  if (request.id < stream.head().max_deleted) return Fail(kSetIdBelowDeleted);
  if (stream.length() > 0) {
    if (request.id < stream.head().top) return Fail(kSetIdBelowTop);
    if (request.added && stream.length() > *request.added) return Fail(kSetIdAddedBelowLength);
  }
  RETURN_IF_ERROR(stream.SetLast(request.id));
  if (request.added) stream.mutable_head().added = *request.added;
  if (!request.max_deleted.zero()) stream.mutable_head().max_deleted = request.max_deleted;
  stream.Save();
  ctx.reply.SimpleString("OK");
  ctx.Notify(kNotifyStream, "xsetid", ctx.args[1]);
  return {};
}

constexpr std::string_view kTrimSyntax =
    "key (<MAXLEN | MINID{@6.2.0}> [= | ~] threshold [LIMIT count]{@6.2.0}){trim}";

constexpr CommandSpec kChangeCommands[] = {
    {.name = "xadd",
     .handler = XAdd,
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclStream,
     .keys = {{.flags = kRW | kUpdate,
               .index = 1,
               .notes = "UPDATE instead of INSERT because of the optional trimming feature"}},
     .group = "stream",
     .since = "5.0.0",
     .summary = "Adds an entry to a stream, creating it if absent.",
     .complexity = "O(log(N)), and with trimming O(M) for M entries that go.",
     .syntax = "key [NOMKSTREAM]{@6.2.0} [<MAXLEN | MINID{@6.2.0}> [= | ~] threshold [LIMIT "
               "count]{@6.2.0}]{trim} <* | id>{id_or_auto} field value [field value ...]",
     .tips = "nondeterministic_output",
     .history = "6.2.0\tAdded the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` "
                "option.\n7.0.0\tAdded support for the `<ms>-*` explicit ID form."},
    {.name = "xlen",
     .handler = XLen,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclStream,
     .keys = OneKey(1, kRO),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Returns how many entries a stream has.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "xdel",
     .handler = XDel,
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = OneKey(1, kRW | kDelete),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Deletes entries of a stream, and returns how many there were.",
     .complexity = "O(log(N)) for each entry.",
     .syntax = "key id [id ...]"},
    {.name = "xtrim",
     .handler = XTrim,
     .arity = -4,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = OneKey(1, kRW | kDelete),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Deletes the oldest entries of a stream.",
     .complexity = "O(M) for M entries that go, in slices.",
     .syntax = kTrimSyntax,
     .tips = "nondeterministic_output",
     .history = "6.2.0\tAdded the `MINID` trimming strategy and the `LIMIT` option."},
    {.name = "xsetid",
     .handler = XSetId,
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclStream,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Sets the last ID of a stream.",
     .complexity = "O(1)",
     .syntax = "key last-id [ENTRIESADDED entries_added]{@7.0.0} [MAXDELETEDID "
               "max_deleted_entry_id]{@7.0.0}",
     .history = "7.0.0\tAdded the `entries_added` and `max_deleted_entry_id` arguments."},
};

}  // namespace

std::span<const CommandSpec> StreamChangeCommands() {
  return kChangeCommands;
}

std::span<const CommandSpec> StreamCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {StreamChangeCommands(), StreamRangeCommands(), StreamReadCommands(),
          StreamGroupCommands(), StreamGroupReadCommands(), StreamPendingCommands(),
          StreamClaimCommands(), StreamInfoCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
