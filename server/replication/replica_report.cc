// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/replica_report.h"

#include <algorithm>

#include "server/connection.h"
#include "server/replication/replica_link.h"
#include "server/server.h"

namespace server {
namespace {

std::string_view StateName(ReplicaLink::State state) {
  switch (state) {
    case ReplicaLink::State::kConnect:
      return "connect";
    case ReplicaLink::State::kConnecting:
      return "connecting";
    case ReplicaLink::State::kHandshake:
      return "handshake";
    case ReplicaLink::State::kSync:
      return "sync";
    case ReplicaLink::State::kConnected:
      break;
  }
  return "connected";
}

void InfoSync(const Server& server, const SyncThread& sync, InfoLines& lines) {
  const uint64_t total = sync.bytes_total();
  const uint64_t read = sync.bytes_read();
  lines.Number("master_sync_total_bytes", total);
  lines.Number("master_sync_read_bytes", read);
  lines.Number("master_sync_left_bytes", static_cast<int64_t>(total) - static_cast<int64_t>(read));
  const double share =
      total == 0 ? 0 : 100.0 * static_cast<double>(read) / static_cast<double>(total);
  lines.Fixed("master_sync_perc", share);
  lines.Number("master_sync_last_io_seconds_ago",
               std::max<int64_t>(server.now_ms() - sync.last_io_ms(), 0) / 1000);
}

}  // namespace

void InfoAsReplica(Server& server, InfoLines& lines) {
  const ReplicaLink& link = server.replica_link();
  const Connection* const connection = link.connection();
  const int64_t now_ms = server.now_ms();
  const bool syncing = link.state() == ReplicaLink::State::kSync;
  const uint64_t offset = link.offset();
  lines.Text("role", "slave");
  lines.Text("master_host", link.host());
  lines.Number("master_port", link.port());
  lines.Text("master_link_status", link.up() ? "up" : "down");
  lines.Number("master_last_io_seconds_ago",
               connection == nullptr ? -1 : (now_ms - connection->last_interaction_ms()) / 1000);
  lines.Number("master_sync_in_progress", syncing ? 1 : 0);
  lines.Number("slave_read_repl_offset",
               offset + (connection == nullptr ? 0 : connection->query_bytes()));
  lines.Number("slave_repl_offset", offset);
  if (syncing) InfoSync(server, *link.sync(), lines);
  if (!link.up()) {
    lines.Number("master_link_down_since_seconds",
                 std::max<int64_t>(now_ms - link.down_since_ms(), 0) / 1000);
  }
  const Settings& settings = server.settings();
  lines.Number("slave_priority", settings.replica_priority);
  lines.Number("slave_read_only", settings.replica_read_only ? 1 : 0);
  lines.Number("replica_announced", settings.replica_announced ? 1 : 0);
}

void ReplyReplicaRole(datatypes::CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  const ReplicaLink& link = server.replica_link();
  ctx.reply.Array(5);
  ctx.reply.Bulk("slave");
  ctx.reply.Bulk(link.host());
  ctx.reply.Integer(link.port());
  ctx.reply.Bulk(StateName(link.state()));
  ctx.reply.Integer(link.up() ? static_cast<int64_t>(link.offset()) : -1);
}

}  // namespace server
