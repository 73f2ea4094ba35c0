// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/replica_rules.h"

#include "datatypes/command_spec.h"
#include "server/replication/replica_link.h"
#include "server/server.h"

namespace server {

bool IsStaleReplica(Server& server) {
  return server.is_replica() && !server.settings().replica_serve_stale_data &&
         !server.replica_link().up();
}

std::string_view ReplicaRefusal(Server& server, uint32_t any_flags, uint32_t all_flags) {
  if (!server.is_replica()) return {};
  if (server.settings().replica_read_only && (any_flags & datatypes::kWrite) != 0) {
    return kReadOnlyReplica;
  }
  if (IsStaleReplica(server) && (all_flags & datatypes::kStale) == 0) return kMasterDown;
  return {};
}

}  // namespace server
