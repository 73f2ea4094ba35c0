// SPDX-License-Identifier: BSD-3-Clause
// What replicas send: REPLCONF, PSYNC and SYNC. And ROLE.
#include <limits>
#include <string>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/errors.h"
#include "server/commands.h"
#include "server/connection.h"
#include "server/replication/replica_link.h"
#include "server/replication/replica_report.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

constexpr int64_t kMaxPort = 65535;

// REPLCONF ACK offset [FACK offset]: the only one without a reply.
Result<void> Acknowledge(CommandContext& ctx, Replica& replica) {
  const auto& args = ctx.args;
  const auto offset = datatypes::ParseUnsigned(args[2]);
  const bool with_synced = args.size() > 4 && EqualsIgnoreCase(args[3], "fack");
  const auto synced = with_synced ? datatypes::ParseUnsigned(args[4]) : Result<uint64_t>(0);
  if (offset && replica.connection.is_replica) {
    ServerOf(ctx).replicas().OnAck(replica, *offset, synced.value_or(0));
  }
  return {};
}

// REPLCONF option value [option value ...]
Result<void> ReplConf(CommandContext& ctx) {
  const auto& args = ctx.args;
  if (args.size() % 2 == 0) return Fail(datatypes::kSyntaxError);
  Replica& replica = Replicas::Of(ConnectionOf(ctx));
  for (size_t i = 1; i < args.size(); i += 2) {
    const std::string_view value = args[i + 1];
    if (EqualsIgnoreCase(args[i], "listening-port")) {
      ASSIGN_OR_RETURN(const int64_t port, datatypes::ParseInteger(value));
      if (port < 0 || port > kMaxPort) return Fail("ERR value is out of range");
      replica.announced_port = port;
    } else if (EqualsIgnoreCase(args[i], "ip-address")) {
      constexpr size_t kMaxAddress = 255;
      if (value.size() > kMaxAddress) {
        return Fail(fmt::format(
            "ERR REPLCONF ip-address provided by replica instance is too long: {} bytes",
            value.size()));
      }
      replica.announced_address = value;
    } else if (EqualsIgnoreCase(args[i], "capa")) {
      if (EqualsIgnoreCase(value, "eof")) replica.takes_eof = true;
      if (EqualsIgnoreCase(value, "psync2")) replica.takes_new_id = true;
    } else if (EqualsIgnoreCase(args[i], "ack")) {
      return Acknowledge(ctx, replica);
    } else {
      return Fail("ERR Unrecognized REPLCONF option: " + std::string(args[i]));
    }
  }
  ctx.reply.SimpleString("OK");
  return {};
}

// What any kind of sync requires. False: there is nothing to do.
Result<bool> MaySync(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  if (connection.is_replica) return false;
  if (ServerOf(ctx).is_replica() && !ServerOf(ctx).replica_link().up()) {
    return Fail("NOMASTERLINK Can't SYNC while not connected with my master");
  }
  if (connection.pending_output_bytes() > 0) {
    return Fail("ERR SYNC and PSYNC are invalid with pending output");
  }
  Server& server = ServerOf(ctx);
  if (server.settings().repl_disable_tcp_nodelay) {
    const int off = 0;
    static_cast<void>(setsockopt(connection.fd(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof off));
  }
  return true;
}

// PSYNC … FAILOVER: our primary wants to be our replica.
Result<void> TakeOver(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  if (!server.is_replica()) return Fail("ERR PSYNC FAILOVER can't be sent to a master.");
  if (ctx.args[1] != server.replication_stream().id()) {
    return Fail("ERR PSYNC FAILOVER replid must match my replid.");
  }
  server.log().Notice(fmt::format("Failover request received for replid {}.", ctx.args[1]));
  server.replica_link().Promote();
  server.log().Notice(fmt::format("MASTER MODE enabled (failover request from '{}')",
                                  ConnectionOf(ctx).Describe()));
  return {};
}

// PSYNC replicationid offset [FAILOVER]
Result<void> PSync(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  Connection& connection = ConnectionOf(ctx);
  if (connection.is_replica) return {};
  if (ctx.args.size() > 3 && EqualsIgnoreCase(ctx.args[3], "failover")) {
    RETURN_IF_ERROR(TakeOver(ctx));
  }
  ASSIGN_OR_RETURN(const int64_t wanted, datatypes::ParseInteger(ctx.args[2]));
  ASSIGN_OR_RETURN(const bool may_sync, MaySync(ctx));
  if (!may_sync) return {};
  ReplicationStream& stream = server.replication_stream();
  // It counts bytes from 1, and names the first that it lacks.
  const auto position = static_cast<uint64_t>(wanted) - 1;
  if (wanted > 0 && stream.Continues(ctx.args[1], position)) {
    server.replicas().Continue(connection, position);
    const bool tells_id = connection.replica->takes_new_id;
    ctx.reply.SimpleString(tells_id ? "CONTINUE " + stream.id() : "CONTINUE");
    server.log().Notice(fmt::format(
        "Partial resynchronization request from {} accepted. Sending {} bytes of backlog starting "
        "from offset {}.",
        Replicas::AddressOf(*connection.replica), stream.offset() - position, wanted));
    return {};
  }
  if (ctx.args[1] != "?") ++server.stats().sync_partial_err;
  server.replicas().SyncFully(connection);
  return {};
}

// SYNC
Result<void> Sync(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const bool may_sync, MaySync(ctx));
  if (!may_sync) return {};
  Connection& connection = ConnectionOf(ctx);
  Replicas::Of(connection).old_sync = true;
  ServerOf(ctx).replicas().SyncFully(connection);
  return {};
}

// ROLE
Result<void> Role(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  if (server.is_replica()) {
    ReplyReplicaRole(ctx);
    return {};
  }
  ctx.reply.Array(3);
  ctx.reply.Bulk("master");
  ctx.reply.Integer(static_cast<int64_t>(server.replication_stream().offset()));
  const auto at = ctx.reply.Defer();
  size_t count = 0;
  for (const Replica* const replica : server.replicas().all()) {
    if (replica->state != Replica::State::kOnline) continue;
    ctx.reply.Array(3);
    ctx.reply.Bulk(Replicas::AddressOf(*replica));
    ctx.reply.BulkFromInteger(Replicas::PortOf(*replica));
    ctx.reply.BulkFromInteger(static_cast<int64_t>(replica->acked_offset));
    ++count;
  }
  ctx.reply.SetArrayLength(at, count);
  return {};
}

constexpr uint32_t kSyncFlags =
    datatypes::kAdmin | datatypes::kNoScript | datatypes::kNoMulti | datatypes::kNoAsyncLoading;

constexpr CommandSpec kCommands[] = {
    {.name = "psync",
     .handler = PSync,
     .arity = -3,
     .flags = kSyncFlags,
     .group = "server",
     .since = "2.8.0",
     .summary = "Asks for the stream of a replica, from an offset on or from the beginning.",
     .complexity = "O(1); the data set is sent by a thread of its own",
     .syntax = "replicationid offset"},
    {.name = "replconf",
     .handler = ReplConf,
     .arity = -1,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kLoading | datatypes::kStale |
              datatypes::kAllowBusy,
     .group = "server",
     .since = "3.0.0",
     .summary = "What a replica tells its primary of itself.",
     .complexity = "O(1)"},
    {.name = "role",
     .handler = Role,
     .arity = 1,
     .flags = datatypes::kNoScript | datatypes::kLoading | datatypes::kStale | datatypes::kFast,
     .acl = datatypes::kAclAdmin | datatypes::kAclDangerous,
     .group = "server",
     .since = "2.8.12",
     .summary = "Tells the server's role in replication.",
     .complexity = "O(1)"},
    {.name = "sync",
     .handler = Sync,
     .arity = 1,
     .flags = kSyncFlags,
     .group = "server",
     .since = "1.0.0",
     .summary = "Asks for the stream of a replica, as before Redis 2.8.",
     .complexity = "O(1); the data set is sent by a thread of its own"},
};

}  // namespace

std::span<const CommandSpec> ReplicationCommands() {
  return kCommands;
}

}  // namespace server
