// SPDX-License-Identifier: BSD-3-Clause
// XGROUP: consumer groups and consumers come and go.
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/blocked_keys.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "datatypes/row_loads.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_group_access.h"

namespace datatypes {
namespace {

struct GroupOptions {
  bool may_create_stream = false;
  std::optional<uint64_t> read;
};

Result<GroupOptions> ParseGroupOptions(Args args, bool creates) {
  GroupOptions result;
  for (OptionReader options(args, 5); !options.done();) {
    if (creates && options.Take("MKSTREAM")) {
      result.may_create_stream = true;
    } else if (options.Take("ENTRIESREAD", 1)) {
      ASSIGN_OR_RETURN(const int64_t read,
                       ParseIntegerFrom(options.operand(), -1, kEntriesReadNegative));
      result.read.reset();
      if (read >= 0) result.read = static_cast<uint64_t>(read);
    } else {
      return Failure(SubcommandSyntax(args));
    }
  }
  return result;
}

// XGROUP CREATE key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]
Result<void> XGroupCreate(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const GroupOptions options, ParseGroupOptions(ctx.args, /*creates=*/true));
  const std::string_view key = ctx.args[2];
  const std::string_view name = ctx.args[3];
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, key));
  if (!stream.exists() && !options.may_create_stream) return Fail(kXGroupNeedsKey);
  if (ctx.args.size() > 8) return Failure(SubcommandSyntax(ctx.args));
  StreamId last = stream.head().last;
  if (ctx.args[4] != "$") {
    ASSIGN_OR_RETURN(last, ParseStreamId(ctx.args[4]));
  }
  RowLoads loads(ctx);
  PrefetchGroup(loads, stream, name);
  if (loads.Suspend()) return {};
  ASSIGN_OR_RETURN(const std::optional<StreamGroup> existing, FindGroup(stream, name));
  if (existing) return Fail(kGroupExists);
  const bool created = !stream.exists();
  if (created) stream.Create();
  RETURN_IF_ERROR(StreamGroup::Create(stream, name, last, options.read));
  stream.Save();
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ctx.reply.SimpleString("OK");
  ctx.Notify(kNotifyStream, "xgroup-create", key);
  return {};
}

// What a subcommand needs that is about a group: the stream must be there. Without a value the
// command is suspended.
Result<std::optional<Stream>> OpenForGroup(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[2]));
  if (!stream.exists()) return Fail(kXGroupNeedsKey);
  RowLoads loads(ctx);
  PrefetchGroup(loads, stream, ctx.args[3]);
  if (loads.Suspend()) return std::optional<Stream>();
  return std::optional<Stream>(std::move(stream));
}

// XGROUP SETID key group <id | $> [ENTRIESREAD entries-read]
Result<void> XGroupSetId(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const GroupOptions options, ParseGroupOptions(ctx.args, /*creates=*/false));
  ASSIGN_OR_RETURN(std::optional<Stream> stream, OpenForGroup(ctx));
  if (!stream) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(*stream, ctx.args[3]));
  if (!group) return NoSuchGroup(ctx.args[3], ctx.args[2]);
  if (ctx.args.size() != 5 && ctx.args.size() != 7) return Failure(SubcommandSyntax(ctx.args));
  StreamId last = stream->head().last;
  if (ctx.args[4] != "$") {
    ASSIGN_OR_RETURN(last, ParseStreamIdOrEnd(ctx.args[4], 0));
  }
  // As in Redis, those who wait are served when the next entry comes, not by this.
  const BlockedKeys::Quiet quiet(ctx.blocked_keys);
  group->SetLast(last, options.read);
  RETURN_IF_ERROR(group->Save());
  ctx.reply.SimpleString("OK");
  ctx.Notify(kNotifyStream, "xgroup-setid", ctx.args[2]);
  return {};
}

// Rows that are left of something large go in slices, others' commands in between; then the client
// gets its number.
class GroupSweep final : public Suspension {
 public:
  GroupSweep(lsm::CollectionId rows, int64_t reply) : rows_(rows), reply_(reply) {}

  Result<bool> Resume(CommandContext& ctx) override {
    Result<Stream> stream = OpenStream(ctx, ctx.args[2]);
    bool done = !stream || !stream->exists() || stream->rows().id() != rows_;
    if (!done) {
      done = !stream->Sweep(Stream::kSweptByTurn);
      stream->Save();
      done = done || !stream->needs_sweep();
    }
    ctx.yield = !done;
    if (done) ctx.reply.Integer(reply_);
    return done;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  const lsm::CollectionId rows_;
  const int64_t reply_;
};

// XGROUP DESTROY key group
Result<void> XGroupDestroy(CommandContext& ctx) {
  ASSIGN_OR_RETURN(std::optional<Stream> stream, OpenForGroup(ctx));
  if (!stream) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(*stream, ctx.args[3]));
  if (!group) {
    ctx.reply.Integer(0);
    return {};
  }
  RETURN_IF_ERROR(group->Destroy());
  stream->Save();
  ctx.Notify(kNotifyStream, "xgroup-destroy", ctx.args[2]);
  if (stream->needs_sweep() && ctx.may_block) {
    ctx.Suspend(std::make_unique<GroupSweep>(stream->rows().id(), 1));
    ctx.yield = true;
    return {};
  }
  ctx.reply.Integer(1);
  return {};
}

// XGROUP CREATECONSUMER key group consumer
Result<void> XGroupCreateConsumer(CommandContext& ctx) {
  ASSIGN_OR_RETURN(std::optional<Stream> stream, OpenForGroup(ctx));
  if (!stream) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(*stream, ctx.args[3]));
  if (!group) return NoSuchGroup(ctx.args[3], ctx.args[2]);
  ASSIGN_OR_RETURN(const StreamGroup::Consumer* const existing, group->FindConsumer(ctx.args[4]));
  if (existing == nullptr) {
    RETURN_IF_ERROR(group->CreateConsumer(ctx.args[4], ctx.now_ms));
    RETURN_IF_ERROR(group->Save());
    ctx.Notify(kNotifyStream, "xgroup-createconsumer", ctx.args[2]);
  }
  ctx.reply.Integer(existing == nullptr ? 1 : 0);
  return {};
}

// Forgets a consumer with much pending in slices. Others see it with ever less; when nothing is
// left, it goes.
class ConsumerSweep final : public Suspension {
 public:
  explicit ConsumerSweep(uint64_t pending) : pending_(pending) {}

  // True: nobody is left to be deleted.
  static Result<bool> Step(CommandContext& ctx, uint64_t most) {
    ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[2]));
    ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, ctx.args[3]));
    if (!group) return true;
    ASSIGN_OR_RETURN(StreamGroup::Consumer* const consumer, group->FindConsumer(ctx.args[4]));
    if (consumer == nullptr) return true;
    Result<void> done = group->ForgetPending(*consumer, most);
    const bool gone = done && consumer->row.pending == 0;
    if (gone) done = group->EraseConsumer(*consumer);
    RETURN_IF_ERROR(group->Save());
    RETURN_IF_ERROR(done);
    if (gone) ctx.Notify(kNotifyStream, "xgroup-delconsumer", ctx.args[2]);
    return gone;
  }

  Result<bool> Resume(CommandContext& ctx) override {
    ASSIGN_OR_RETURN(const bool gone, Step(ctx, Stream::kSweptByTurn));
    ctx.yield = !gone;
    if (gone) ctx.reply.Integer(static_cast<int64_t>(pending_));
    return gone;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  const uint64_t pending_;
};

// XGROUP DELCONSUMER key group consumer
Result<void> XGroupDelConsumer(CommandContext& ctx) {
  ASSIGN_OR_RETURN(std::optional<Stream> stream, OpenForGroup(ctx));
  if (!stream) return {};
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(*stream, ctx.args[3]));
  if (!group) return NoSuchGroup(ctx.args[3], ctx.args[2]);
  ASSIGN_OR_RETURN(const StreamGroup::Consumer* const consumer, group->FindConsumer(ctx.args[4]));
  const uint64_t pending = consumer == nullptr ? 0 : consumer->row.pending;
  if (pending > Stream::kMaxErasedAtOnce && ctx.may_block) {
    ctx.Suspend(std::make_unique<ConsumerSweep>(pending));
    ctx.yield = true;
    return {};
  }
  if (consumer != nullptr) {
    RETURN_IF_ERROR(ConsumerSweep::Step(ctx, std::numeric_limits<uint64_t>::max()));
  }
  ctx.reply.Integer(static_cast<int64_t>(pending));
  return {};
}

// XGROUP HELP
Result<void> XGroupHelp(CommandContext& ctx) {
  ReplyHelp(
      ctx,
      {"CREATE <key> <groupname> <id|$> [option]",
       "    Make a consumer group that begins after that ID. Options are:", "    * MKSTREAM",
       "      Make an empty stream if the key does not exist.", "    * ENTRIESREAD entries_read",
       "      How many entries count as read (internal use).",
       "CREATECONSUMER <key> <groupname> <consumer>", "    Make a consumer in a group.",
       "DELCONSUMER <key> <groupname> <consumer>",
       "    Delete a consumer, and forget what is pending with it.", "DESTROY <key> <groupname>",
       "    Delete a group.", "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
       "    Set the ID after which a group goes on."});
  return {};
}

constexpr CommandSpec kXGroupSubcommands[] = {
    {.name = "create",
     .handler = XGroupCreate,
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclStream,
     .keys = OneKey(2, kRW | kInsert),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Makes a consumer group.",
     .complexity = "O(1)",
     .syntax = "key groupname <id | $>{id} [MKSTREAM] [ENTRIESREAD entries_read]",
     .history = "7.0.0\tAdded the `entries_read` named argument."},
    {.name = "createconsumer",
     .handler = XGroupCreateConsumer,
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .acl = kAclStream,
     .keys = OneKey(2, kRW | kInsert),
     .group = "stream",
     .since = "6.2.0",
     .summary = "Makes a consumer in a group.",
     .complexity = "O(1)",
     .syntax = "key groupname consumername"},
    {.name = "delconsumer",
     .handler = XGroupDelConsumer,
     .arity = 5,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = OneKey(2, kRW | kDelete),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Deletes a consumer, and returns how many entries were pending with it.",
     .complexity = "O(M) for M pending entries, in slices.",
     .syntax = "key groupname consumername"},
    {.name = "destroy",
     .handler = XGroupDestroy,
     .arity = 4,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = OneKey(2, kRW | kDelete),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Deletes a consumer group.",
     .complexity = "O(M) for M pending entries, in slices.",
     .syntax = "key groupname"},
    {.name = "help",
     .handler = XGroupHelp,
     .arity = 2,
     .flags = kLoading | kStale,
     .acl = kAclStream,
     .group = "stream",
     .since = "5.0.0",
     .summary = "Explains the subcommands.",
     .complexity = "O(1)"},
    {.name = "setid",
     .handler = XGroupSetId,
     .arity = -5,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = OneKey(2, kRW | kUpdate),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Sets the ID after which a consumer group goes on.",
     .complexity = "O(1)",
     .syntax = "key groupname <id | $>{id} [ENTRIESREAD entries_read]",
     .history = "7.0.0\tAdded the optional `entries_read` argument."},
};

constexpr CommandSpec kGroupCommands[] = {
    {.name = "xgroup",
     .arity = -2,
     .subcommands = kXGroupSubcommands,
     .group = "stream",
     .since = "5.0.0",
     .summary = "Groups commands that manage consumer groups.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> StreamGroupCommands() {
  return kGroupCommands;
}

}  // namespace datatypes
