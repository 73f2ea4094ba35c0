// SPDX-License-Identifier: BSD-3-Clause
// SUBSCRIBE and its kin, PUBLISH, SPUBLISH, PUBSUB.
#include <optional>
#include <string>

#include "datatypes/command_context.h"
#include "datatypes/errors.h"
#include "datatypes/glob.h"
#include "datatypes/help_reply.h"
#include "datatypes/to_replicas.h"
#include "server/commands.h"
#include "server/connection.h"
#include "server/pubsub.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::Result;
using Kind = Topic::Kind;

// One push of the reply: what was done, to what, and how many subscriptions there are now.
void Confirm(CommandContext& ctx, Kind kind, std::string_view what,
             std::optional<std::string_view> name) {
  Connection& connection = ConnectionOf(ctx);
  const Subscriptions* const subscriptions = connection.subscriptions.get();
  ctx.reply.Push(3);
  ctx.reply.Bulk(what);
  if (name.has_value()) {
    ctx.reply.Bulk(*name);
  } else {
    ctx.reply.Null();
  }
  ctx.reply.Integer(
      subscriptions == nullptr ? 0 : static_cast<int64_t>(subscriptions->count_with(kind)));
  // Within EXEC it is a part of that reply.
  if (connection.transaction == nullptr) connection.KeepReply();
}

Result<void> SubscribeTo(CommandContext& ctx, Kind kind, std::string_view what) {
  const Connection& connection = ConnectionOf(ctx);
  // One command there must have one reply; for old clients' sake EXEC may do it all the same.
  const bool in_exec = connection.transaction != nullptr && kind != Kind::kShard;
  if (!ctx.may_suspend && !in_exec) {
    std::string name(ctx.spec.name);
    for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
    return Fail("ERR " + name + " isn't allowed for a DENY BLOCKING client");
  }
  for (const std::string_view name : ctx.args.subspan(1)) {
    ServerOf(ctx).pubsub().Subscribe(ConnectionOf(ctx), kind, name);
    Confirm(ctx, kind, what, name);
  }
  return {};
}

Result<void> UnsubscribeFrom(CommandContext& ctx, Kind kind, std::string_view what) {
  Connection& connection = ConnectionOf(ctx);
  PubSub& pubsub = ServerOf(ctx).pubsub();
  const auto leave = [&](std::string_view name) {
    pubsub.Unsubscribe(connection, kind, name);
    Confirm(ctx, kind, what, name);
  };
  if (ctx.args.size() > 1) {
    for (const std::string_view name : ctx.args.subspan(1)) leave(name);
    return {};
  }
  const auto names = PubSub::NamesOf(connection, kind);
  for (const std::string& name : names) leave(name);
  if (names.empty()) Confirm(ctx, kind, what, std::nullopt);
  return {};
}

// SUBSCRIBE channel [channel ...]
Result<void> Subscribe(CommandContext& ctx) {
  return SubscribeTo(ctx, Kind::kChannel, "subscribe");
}
// PSUBSCRIBE pattern [pattern ...]
Result<void> PSubscribe(CommandContext& ctx) {
  return SubscribeTo(ctx, Kind::kPattern, "psubscribe");
}
// SSUBSCRIBE shardchannel [shardchannel ...]
Result<void> SSubscribe(CommandContext& ctx) {
  return SubscribeTo(ctx, Kind::kShard, "ssubscribe");
}
// UNSUBSCRIBE [channel [channel ...]]
Result<void> Unsubscribe(CommandContext& ctx) {
  return UnsubscribeFrom(ctx, Kind::kChannel, "unsubscribe");
}
// PUNSUBSCRIBE [pattern [pattern ...]]
Result<void> PUnsubscribe(CommandContext& ctx) {
  return UnsubscribeFrom(ctx, Kind::kPattern, "punsubscribe");
}
// SUNSUBSCRIBE [shardchannel [shardchannel ...]]
Result<void> SUnsubscribe(CommandContext& ctx) {
  return UnsubscribeFrom(ctx, Kind::kShard, "sunsubscribe");
}

// PUBLISH channel message
Result<void> Publish(CommandContext& ctx) {
  const size_t receivers = ServerOf(ctx).pubsub().Publish(ctx.args[1], ctx.args[2]);
  datatypes::ToReplicas(ctx).Force();
  ctx.reply.Integer(static_cast<int64_t>(receivers));
  return {};
}

// SPUBLISH shardchannel message
Result<void> SPublish(CommandContext& ctx) {
  const size_t receivers = ServerOf(ctx).pubsub().PublishToShard(ctx.args[1], ctx.args[2]);
  datatypes::ToReplicas(ctx).Force();
  ctx.reply.Integer(static_cast<int64_t>(receivers));
  return {};
}

// ---- PUBSUB
// --------------------------------------------------------------------------------------

Result<void> ListTopics(CommandContext& ctx, Kind kind) {
  if (ctx.args.size() > 3) return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  const auto at = ctx.reply.Defer();
  size_t count = 0;
  for (const auto& [name, topic] : ServerOf(ctx).pubsub().topics(kind)) {
    if (ctx.args.size() == 3 && !datatypes::GlobMatch(ctx.args[2], name)) continue;
    ctx.reply.Bulk(name);
    ++count;
  }
  ctx.reply.SetArrayLength(at, count);
  return {};
}

Result<void> CountSubscribers(CommandContext& ctx, Kind kind) {
  const auto names = ctx.args.subspan(2);
  ctx.reply.Array(2 * names.size());
  for (const std::string_view name : names) {
    ctx.reply.Bulk(name);
    ctx.reply.Integer(static_cast<int64_t>(ServerOf(ctx).pubsub().SubscribersOf(kind, name)));
  }
  return {};
}

// PUBSUB CHANNELS [pattern]
Result<void> Channels(CommandContext& ctx) {
  return ListTopics(ctx, Kind::kChannel);
}
// PUBSUB SHARDCHANNELS [pattern]
Result<void> ShardChannels(CommandContext& ctx) {
  return ListTopics(ctx, Kind::kShard);
}
// PUBSUB NUMSUB [channel [channel ...]]
Result<void> NumSub(CommandContext& ctx) {
  return CountSubscribers(ctx, Kind::kChannel);
}
// PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]
Result<void> ShardNumSub(CommandContext& ctx) {
  return CountSubscribers(ctx, Kind::kShard);
}
// PUBSUB NUMPAT
Result<void> NumPat(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ServerOf(ctx).pubsub().topics(Kind::kPattern).size()));
  return {};
}

// PUBSUB HELP
Result<void> Help(CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx,
      {"CHANNELS [<pattern>]",
       "    List the channels with subscribers, or those that match <pattern>.", "NUMPAT",
       "    Count the patterns that clients are subscribed to.", "NUMSUB [<channel> ...]",
       "    Count the subscribers of each channel, those of patterns left out.",
       "SHARDCHANNELS [<pattern>]", "    List the shard channels with subscribers.",
       "SHARDNUMSUB [<shardchannel> ...]", "    Count the subscribers of each shard channel."});
  return {};
}

constexpr uint32_t kPub = datatypes::kPubsub | datatypes::kLoading | datatypes::kStale;
constexpr uint32_t kSub = kPub | datatypes::kNoScript;
constexpr uint32_t kSend = kPub | datatypes::kFast | datatypes::kMayReplicate;

constexpr CommandSpec kSubcommands[] = {
    {.name = "channels",
     .handler = Channels,
     .arity = -2,
     .flags = kPub,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Lists the channels that have subscribers.",
     .complexity = "O(N) where N is the number of active channels, and assuming constant time "
                   "pattern matching (relatively short channels and patterns)",
     .syntax = "[pattern]"},
    {.name = "help",
     .handler = Help,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .group = "pubsub",
     .since = "6.2.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "numpat",
     .handler = NumPat,
     .arity = 2,
     .flags = kPub,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Counts the patterns that have subscribers.",
     .complexity = "O(1)"},
    {.name = "numsub",
     .handler = NumSub,
     .arity = -2,
     .flags = kPub,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Counts the subscribers of channels.",
     .complexity = "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
     .syntax = "[channel [channel ...]]"},
    {.name = "shardchannels",
     .handler = ShardChannels,
     .arity = -2,
     .flags = kPub,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Lists the shard channels that have subscribers.",
     .complexity = "O(N) where N is the number of active shard channels, and assuming constant "
                   "time pattern matching (relatively short shard channels).",
     .syntax = "[pattern]"},
    {.name = "shardnumsub",
     .handler = ShardNumSub,
     .arity = -2,
     .flags = kPub,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Counts the subscribers of shard channels.",
     .complexity =
         "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
     .syntax = "[shardchannel [shardchannel ...]]"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "psubscribe",
     .handler = PSubscribe,
     .arity = -2,
     .flags = kSub,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Listens to all channels whose names match a pattern.",
     .complexity = "O(N) where N is the number of patterns to subscribe to.",
     .syntax = "(pattern) ..."},
    {.name = "publish",
     .handler = Publish,
     .arity = 3,
     .flags = kSend,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Sends a message to a channel.",
     .complexity = "O(N+M) where N is the number of clients subscribed to the receiving channel "
                   "and M is the total number of subscribed patterns (by any client).",
     .syntax = "channel message"},
    {.name = "pubsub",
     .arity = -2,
     .subcommands = kSubcommands,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Holds the commands about channels and their subscribers.",
     .complexity = "Depends on subcommand."},
    {.name = "punsubscribe",
     .handler = PUnsubscribe,
     .arity = -1,
     .flags = kSub,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Stops listening to channels whose names match a pattern.",
     .complexity = "O(N) where N is the number of patterns to unsubscribe.",
     .syntax = "[pattern [pattern ...]]"},
    {.name = "spublish",
     .handler = SPublish,
     .arity = 3,
     .flags = kSend,
     .keys = datatypes::OneKey(1, datatypes::kNotKey),
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Sends a message to a shard channel.",
     .complexity =
         "O(N) where N is the number of clients subscribed to the receiving shard channel.",
     .syntax = "shardchannel message"},
    {.name = "ssubscribe",
     .handler = SSubscribe,
     .arity = -2,
     .flags = kSub,
     .keys = datatypes::KeysToEnd(1, datatypes::kNotKey),
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Listens to shard channels.",
     .complexity = "O(N) where N is the number of shard channels to subscribe to.",
     .syntax = "shardchannel [shardchannel ...]"},
    {.name = "subscribe",
     .handler = Subscribe,
     .arity = -2,
     .flags = kSub,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Listens to channels.",
     .complexity = "O(N) where N is the number of channels to subscribe to.",
     .syntax = "channel [channel ...]"},
    {.name = "sunsubscribe",
     .handler = SUnsubscribe,
     .arity = -1,
     .flags = kSub,
     .keys = datatypes::KeysToEnd(1, datatypes::kNotKey),
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Stops listening to shard channels.",
     .complexity = "O(N) where N is the number of shard channels to unsubscribe.",
     .syntax = "[shardchannel [shardchannel ...]]"},
    {.name = "unsubscribe",
     .handler = Unsubscribe,
     .arity = -1,
     .flags = kSub,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Stops listening to channels.",
     .complexity = "O(N) where N is the number of channels to unsubscribe.",
     .syntax = "[channel [channel ...]]"},
};

}  // namespace

std::span<const CommandSpec> PubSubCommands() {
  return kCommands;
}

}  // namespace server
