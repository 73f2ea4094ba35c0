// SPDX-License-Identifier: BSD-3-Clause
// The parameters of replication that do something here. Names, ranges and defaults are Redis 7.2's.
#include <climits>

#include "server/config_row.h"
#include "server/config_values.h"
#include "server/replication/stream.h"
#include "server/server.h"

namespace server {

using datatypes::Result;

namespace {

constexpr int64_t kIntMax = INT_MAX;

Result<void> ApplyBacklogSize(Server& server) {
  server.replication_stream().set_backlog_size(
      static_cast<size_t>(server.settings().repl_backlog_size));
  return {};
}

constexpr ConfigRow kRows[] = {
    {.name = "repl-backlog-size",
     .kind = ConfigKind::kMemory,
     .min = 1,
     .default_text = "1048576",
     .target = {.number = [](Settings& s) -> int64_t& { return s.repl_backlog_size; }},
     .apply = ApplyBacklogSize,
     .doc = "Bytes of the replication stream that a replica may have missed and still continue."},
    {.name = "repl-backlog-ttl",
     .kind = ConfigKind::kInteger,
     .default_text = "3600",
     .target = {.number = [](Settings& s) -> int64_t& { return s.repl_backlog_ttl_s; }},
     .doc = "Seconds without a replica after which the backlog is freed; 0: never."},
    {.name = "repl-timeout",
     .kind = ConfigKind::kInteger,
     .min = 1,
     .max = kIntMax,
     .default_text = "60",
     .target = {.number = [](Settings& s) -> int64_t& { return s.repl_timeout_s; }},
     .doc = "Seconds of silence after which the other side of a replication link is given up."},
    {.name = "repl-ping-replica-period",
     .alias = "repl-ping-slave-period",
     .kind = ConfigKind::kInteger,
     .min = 1,
     .max = kIntMax,
     .default_text = "10",
     .target = {.number = [](Settings& s) -> int64_t& { return s.repl_ping_replica_period_s; }},
     .doc = "Seconds between two PINGs in the replication stream."},
    {.name = "repl-diskless-sync",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = {.flag = [](Settings& s) -> bool& { return s.repl_diskless_sync; }},
     .doc = "A full sync is streamed as it is made; no: through a file without a name in `dir`."},
    {.name = "repl-disable-tcp-nodelay",
     .kind = ConfigKind::kBool,
     .default_text = "no",
     .target = {.flag = [](Settings& s) -> bool& { return s.repl_disable_tcp_nodelay; }},
     .doc = "The kernel may hold back small packets to replicas, for the sake of fewer of them."},
    {.name = "min-replicas-to-write",
     .alias = "min-slaves-to-write",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "0",
     .target = {.number = [](Settings& s) -> int64_t& { return s.min_replicas_to_write; }},
     .doc = "Writes are refused while fewer replicas than this are online; 0: never."},
    {.name = "min-replicas-max-lag",
     .alias = "min-slaves-max-lag",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "10",
     .target = {.number = [](Settings& s) -> int64_t& { return s.min_replicas_max_lag_s; }},
     .doc = "For min-replicas-to-write a replica counts that was heard of within these seconds."},
};

}  // namespace

std::span<const ConfigRow> ReplicationConfigRows() {
  return kRows;
}

}  // namespace server
