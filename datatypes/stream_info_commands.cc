// SPDX-License-Identifier: BSD-3-Clause
// XINFO: what is known of a stream.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "datatypes/row_loads.h"
#include "datatypes/stream_access.h"
#include "datatypes/stream_errors.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_group_access.h"

namespace datatypes {
namespace {

// Of each kind, XINFO STREAM FULL shows so many unless COUNT says otherwise.
constexpr uint64_t kDefaultFullCount = 10;

void ReplyField(CommandContext& ctx, std::string_view name, uint64_t value) {
  ctx.reply.Bulk(name);
  ctx.reply.Integer(static_cast<int64_t>(value));
}
void ReplyField(CommandContext& ctx, std::string_view name, const StreamId& id) {
  ctx.reply.Bulk(name);
  ReplyStreamId(ctx.reply, id);
}

// The fields that both forms begin with: seven.
void ReplySummary(CommandContext& ctx, const Stream& stream) {
  const StreamHead& head = stream.head();
  ReplyField(ctx, "length", head.length);
  // What Redis would have: a tree of blocks. Its nodes are given as if no two of them shared one.
  ReplyField(ctx, "radix-tree-keys", stream.runs());
  ReplyField(ctx, "radix-tree-nodes", stream.runs() + 1);
  ReplyField(ctx, "last-generated-id", head.last);
  ReplyField(ctx, "max-deleted-entry-id", head.max_deleted);
  ReplyField(ctx, "entries-added", head.added);
  ReplyField(ctx, "recorded-first-entry-id", head.first);
}

// The first or the last entry, or null.
Result<void> ReplyEdge(CommandContext& ctx, const Stream& stream, std::string_view name,
                       Stream::Direction direction) {
  ctx.reply.Bulk(name);
  if (stream.length() == 0) {
    ctx.reply.Null();
    return {};
  }
  return stream.Visit({}, StreamId::Max(), direction,
                      [&ctx](const StreamId& id, const StreamFields& fields) {
                        ReplyStreamEntry(ctx.reply, id, fields);
                        return false;
                      });
}

Result<void> ReplyShort(CommandContext& ctx, const Stream& stream) {
  if (!stream.rows().small()) {
    RowLoads loads(ctx);
    if (loads.wanted()) {
      for (const auto direction : {Stream::Direction::kForward, Stream::Direction::kBackward}) {
        stream.PrefetchRange({}, StreamId::Max(), 1, direction, loads.waiter());
      }
    }
    if (loads.Suspend()) return {};
  }
  ctx.reply.Map(10);
  ReplySummary(ctx, stream);
  ReplyField(ctx, "groups", stream.head().groups);
  RETURN_IF_ERROR(ReplyEdge(ctx, stream, "first-entry", Stream::Direction::kForward));
  return ReplyEdge(ctx, stream, "last-entry", Stream::Direction::kBackward);
}

void ReplyKnown(CommandContext& ctx, std::string_view name, const std::optional<int64_t>& value) {
  ctx.reply.Bulk(name);
  if (value) {
    ctx.reply.Integer(*value);
  } else {
    ctx.reply.Null();
  }
}

std::optional<int64_t> EntriesRead(const StreamGroup& group) {
  if (!group.row().read) return std::nullopt;
  return static_cast<int64_t>(*group.row().read);
}

// ---- XINFO STREAM key FULL.

// Up to `count` pending entries of a group or of one of its consumers.
Result<std::vector<StreamGroup::Pending>> SomePending(const StreamGroup& group,
                                                      const StreamGroup::Consumer* consumer,
                                                      uint64_t count) {
  std::vector<StreamGroup::Pending> found;
  RETURN_IF_ERROR(
      group.VisitPending({}, StreamId::Max(), consumer, [&](const StreamGroup::Pending& pending) {
        found.push_back(pending);
        return found.size() < count;
      }));
  return found;
}

Result<void> ReplyFullConsumer(CommandContext& ctx, const StreamGroup& group,
                               const StreamGroup::Consumer& consumer, uint64_t count) {
  ctx.reply.Map(5);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(consumer.row.name);
  ctx.reply.Bulk("seen-time");
  ctx.reply.Integer(consumer.row.seen_ms);
  ctx.reply.Bulk("active-time");
  ctx.reply.Integer(consumer.row.active_ms);
  ReplyField(ctx, "pel-count", consumer.row.pending);
  ctx.reply.Bulk("pending");
  ASSIGN_OR_RETURN(const auto pendings, SomePending(group, &consumer, count));
  ctx.reply.Array(pendings.size());
  for (const auto& [id, row] : pendings) {
    ctx.reply.Array(3);
    ReplyStreamId(ctx.reply, id);
    ctx.reply.Integer(row.delivered_ms);
    ctx.reply.Integer(static_cast<int64_t>(row.deliveries));
  }
  return {};
}

Result<void> ReplyFullGroup(CommandContext& ctx, StreamGroup& group, uint64_t count) {
  ctx.reply.Map(7);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(group.name());
  ReplyField(ctx, "last-delivered-id", group.row().last);
  ReplyKnown(ctx, "entries-read", EntriesRead(group));
  ReplyKnown(ctx, "lag", group.Lag());
  ReplyField(ctx, "pel-count", group.row().pending);
  ctx.reply.Bulk("pending");
  ASSIGN_OR_RETURN(const auto pendings, SomePending(group, nullptr, count));
  ctx.reply.Array(pendings.size());
  for (const auto& [id, row] : pendings) {
    ASSIGN_OR_RETURN(const StreamGroup::Consumer* const consumer, group.ConsumerOf(row));
    ctx.reply.Array(4);
    ReplyStreamId(ctx.reply, id);
    ctx.reply.Bulk(consumer->row.name);
    ctx.reply.Integer(row.delivered_ms);
    ctx.reply.Integer(static_cast<int64_t>(row.deliveries));
  }
  ctx.reply.Bulk("consumers");
  ctx.reply.Array(group.row().consumers);
  return group.VisitConsumers([&](StreamGroup::Consumer& consumer) {
    return ReplyFullConsumer(ctx, group, consumer, count);
  });
}

Result<void> ReplyFull(CommandContext& ctx, Stream& stream, uint64_t count) {
  ctx.reply.Map(9);
  ReplySummary(ctx, stream);
  ctx.reply.Bulk("entries");
  const resp::Writer::Deferred array = ctx.reply.Defer();
  uint64_t entries = 0;
  RETURN_IF_ERROR(stream.Visit({}, StreamId::Max(), Stream::Direction::kForward,
                               [&](const StreamId& id, const StreamFields& fields) {
                                 ReplyStreamEntry(ctx.reply, id, fields);
                                 return ++entries < count;
                               }));
  ctx.reply.SetArrayLength(array, entries);
  ctx.reply.Bulk("groups");
  ctx.reply.Array(stream.head().groups);
  return StreamGroup::VisitAll(
      stream, [&](StreamGroup& group) { return ReplyFullGroup(ctx, group, count); });
}

// XINFO STREAM key [FULL [COUNT count]]
Result<void> XInfoStream(CommandContext& ctx) {
  const Args& args = ctx.args;
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, args[2]));
  if (!stream.exists()) return Fail(kNoSuchKey);
  std::optional<uint64_t> full;
  if (args.size() > 3) {
    if (!EqualsIgnoreCase(args[3], "FULL") || args.size() == 5 || args.size() > 6 ||
        (args.size() == 6 && !EqualsIgnoreCase(args[4], "COUNT"))) {
      return Failure(SubcommandSyntax(args));
    }
    full = kDefaultFullCount;
    if (args.size() == 6) {
      ASSIGN_OR_RETURN(const int64_t count, ParseInteger(args[5]));
      // 0: all.
      if (count != 0) full = count < 0 ? kDefaultFullCount : static_cast<uint64_t>(count);
      if (count == 0) full = std::numeric_limits<uint64_t>::max();
    }
  }
  return full ? ReplyFull(ctx, stream, *full) : ReplyShort(ctx, stream);
}

// ---- XINFO GROUPS, CONSUMERS, HELP.

// XINFO GROUPS key
Result<void> XInfoGroups(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[2]));
  if (!stream.exists()) return Fail(kNoSuchKey);
  ctx.reply.Array(stream.head().groups);
  return StreamGroup::VisitAll(stream, [&ctx](StreamGroup& group) -> Result<void> {
    ctx.reply.Map(6);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(group.name());
    ReplyField(ctx, "consumers", group.row().consumers);
    ReplyField(ctx, "pending", group.row().pending);
    ReplyField(ctx, "last-delivered-id", group.row().last);
    ReplyKnown(ctx, "entries-read", EntriesRead(group));
    ReplyKnown(ctx, "lag", group.Lag());
    return {};
  });
}

// XINFO CONSUMERS key group
Result<void> XInfoConsumers(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Stream stream, OpenStream(ctx, ctx.args[2]));
  if (!stream.exists()) return Fail(kNoSuchKey);
  ASSIGN_OR_RETURN(std::optional<StreamGroup> group, FindGroup(stream, ctx.args[3]));
  if (!group) return NoSuchGroup(ctx.args[3], ctx.args[2]);
  ctx.reply.Array(group->row().consumers);
  return group->VisitConsumers([&ctx](StreamGroup::Consumer& consumer) -> Result<void> {
    const ConsumerRow& row = consumer.row;
    ctx.reply.Map(4);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(row.name);
    ReplyField(ctx, "pending", row.pending);
    ctx.reply.Bulk("idle");
    ctx.reply.Integer(std::max<int64_t>(ctx.now_ms - row.seen_ms, 0));
    ctx.reply.Bulk("inactive");
    ctx.reply.Integer(row.active_ms < 0 ? -1 : std::max<int64_t>(ctx.now_ms - row.active_ms, 0));
    return {};
  });
}

// XINFO HELP
Result<void> XInfoHelp(CommandContext& ctx) {
  ReplyHelp(ctx, {"CONSUMERS <key> <groupname>", "    List the consumers of a group.",
                  "GROUPS <key>", "    List the consumer groups of a stream.",
                  "STREAM <key> [FULL [COUNT <count>]", "    Tell about a stream."});
  return {};
}

constexpr CommandSpec kXInfoSubcommands[] = {
    {.name = "consumers",
     .handler = XInfoConsumers,
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = OneKey(2, kRO | kAccess),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Lists the consumers of a group.",
     .complexity = "O(C) for C consumers.",
     .syntax = "key groupname",
     .tips = "nondeterministic_output",
     .history = "7.2.0\tAdded the `inactive` field, and changed the meaning of `idle`."},
    {.name = "groups",
     .handler = XInfoGroups,
     .arity = 3,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = OneKey(2, kRO | kAccess),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Lists the consumer groups of a stream.",
     .complexity = "O(G) for G groups.",
     .syntax = "key",
     .history = "7.0.0\tAdded the `entries-read` and `lag` fields"},
    {.name = "help",
     .handler = XInfoHelp,
     .arity = 2,
     .flags = kLoading | kStale,
     .acl = kAclStream,
     .group = "stream",
     .since = "5.0.0",
     .summary = "Explains the subcommands.",
     .complexity = "O(1)"},
    {.name = "stream",
     .handler = XInfoStream,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = OneKey(2, kRO | kAccess),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Tells about a stream.",
     .complexity = "O(1)",
     .syntax = "key [FULL [COUNT count]]",
     .history = "6.0.0\tAdded the `FULL` modifier.\n7.0.0\tAdded the `max-deleted-entry-id`, "
                "`entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` fields\n"
                "7.2.0\tAdded the `active-time` field, and changed the meaning of `seen-time`."},
};

constexpr CommandSpec kInfoCommands[] = {
    {.name = "xinfo",
     .arity = -2,
     .subcommands = kXInfoSubcommands,
     .group = "stream",
     .since = "5.0.0",
     .summary = "Groups commands that tell about streams.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> StreamInfoCommands() {
  return kInfoCommands;
}

}  // namespace datatypes
