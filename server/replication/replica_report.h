// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "datatypes/command_context.h"
#include "server/info_sections.h"

namespace server {

// What INFO replication begins with on a replica: role, primary, link, progress of a sync.
void InfoAsReplica(Server& server, InfoLines& lines);
// ROLE's reply on a replica.
void ReplyReplicaRole(datatypes::CommandContext& ctx);

}  // namespace server
