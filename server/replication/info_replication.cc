// SPDX-License-Identifier: BSD-3-Clause
// INFO's section replication.
#include <fmt/format.h>

#include "server/info_sections.h"
#include "server/replication/replica_report.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/server.h"

namespace server {

void InfoReplication(Server& server, InfoLines& lines) {
  const Replicas& replicas = server.replicas();
  const Settings& settings = server.settings();
  const ReplicationStream& stream = server.replication_stream();
  if (server.is_replica()) {
    InfoAsReplica(server, lines);
  } else {
    lines.Text("role", "master");
  }
  lines.Number("connected_slaves", replicas.all().size());
  if (settings.min_replicas_to_write > 0 && settings.min_replicas_max_lag_s > 0) {
    lines.Number("min_slaves_good_slaves", replicas.CountGood(settings.min_replicas_max_lag_s));
  }
  size_t number = 0;
  for (const Replica* const replica : replicas.all()) {
    lines.Text(fmt::format("slave{}", number++),
               fmt::format("ip={},port={},state={},offset={},lag={}", Replicas::AddressOf(*replica),
                           Replicas::PortOf(*replica), Replicas::StateName(*replica),
                           replica->acked_offset, replicas.LagSeconds(*replica)));
  }
  lines.Text("master_failover_state", server.replicas().failover().state_name());
  lines.Text("master_replid", stream.id());
  lines.Text("master_replid2", stream.second_id());
  lines.Number("master_repl_offset", stream.offset());
  lines.Number("second_repl_offset", stream.second_offset());
  lines.Number("repl_backlog_active", stream.active() ? 1 : 0);
  lines.Number("repl_backlog_size", settings.repl_backlog_size);
  lines.Number("repl_backlog_first_byte_offset", stream.active() ? stream.backlog_start() + 1 : 0);
  lines.Number("repl_backlog_histlen", stream.offset() - stream.backlog_start());
}

}  // namespace server
