// SPDX-License-Identifier: BSD-3-Clause
//
// The parameters of a server that follows another one. Names, ranges and defaults are Redis 7.2's
// (src/config.c).
#include <climits>

#include "resp/number_parse.h"
#include "server/config_row.h"
#include "server/config_values.h"

namespace server {
namespace {

// "host port", or nothing.
void AssignReplicaOf(Settings& settings, const std::string& value) {
  const size_t space = value.find(' ');
  settings.replicaof_host = value.substr(0, space);
  settings.replicaof_port =
      space == std::string::npos ? 0 : resp::ParseInt64(value.substr(space + 1)).value_or(0);
}

constexpr ConfigRow kRows[] = {
    {.name = "replicaof",
     .alias = "slaveof",
     .kind = ConfigKind::kSpecial,
     .flags = kImmutable | kMultiArg,
     .target = {.assign = AssignReplicaOf},
     .canonical = CanonicalReplicaOf,
     .doc = "The primary's host and port: this server follows it from its start on. REPLICAOF "
            "changes it in a running server."},
    {.name = "masteruser",
     .flags = kSensitive,
     .target = {.text = [](Settings& s) -> std::string& { return s.masteruser; }},
     .doc = "The user to authenticate as with the primary; empty: its default user."},
    {.name = "masterauth",
     .flags = kSensitive,
     .target = {.text = [](Settings& s) -> std::string& { return s.masterauth; }},
     .doc = "The password for the primary; empty: it wants none."},
    {.name = "replica-read-only",
     .alias = "slave-read-only",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = {.flag = [](Settings& s) -> bool& { return s.replica_read_only; }},
     .doc = "A replica refuses its clients' writes. What they write otherwise goes nowhere, and "
            "with the next full sync."},
    {.name = "replica-serve-stale-data",
     .alias = "slave-serve-stale-data",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = {.flag = [](Settings& s) -> bool& { return s.replica_serve_stale_data; }},
     .doc = "A replica answers its clients while it is not connected to its primary, and during a "
            "full sync; no: with -MASTERDOWN."},
    {.name = "replica-priority",
     .alias = "slave-priority",
     .kind = ConfigKind::kInteger,
     .max = INT_MAX,
     .default_text = "100",
     .target = {.number = [](Settings& s) -> int64_t& { return s.replica_priority; }},
     .doc = "What Sentinel goes by when it chooses a new primary: the lowest; 0: never this one."},
    {.name = "replica-announced",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = {.flag = [](Settings& s) -> bool& { return s.replica_announced; }},
     .doc = "Whether Sentinel tells its clients of this replica."},
    {.name = "replica-announce-ip",
     .alias = "slave-announce-ip",
     .target = {.text = [](Settings& s) -> std::string& { return s.replica_announce_ip; }},
     .doc = "The address that the primary is told, if it is not the one it sees."},
    {.name = "replica-announce-port",
     .alias = "slave-announce-port",
     .kind = ConfigKind::kInteger,
     .max = 65535,
     .default_text = "0",
     .target = {.number = [](Settings& s) -> int64_t& { return s.replica_announce_port; }},
     .doc = "The port that the primary is told; 0: the one that is listened on."},
    {.name = "bind-source-addr",
     .target = {.text = [](Settings& s) -> std::string& { return s.bind_source_addr; }},
     .doc = "The address that the connection to a primary is made from; empty: any."},
};

}  // namespace

std::span<const ConfigRow> ReplicaConfigRows() {
  return kRows;
}

}  // namespace server
