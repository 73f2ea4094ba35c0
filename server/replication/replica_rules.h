// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace server {

class Server;

// What clients of a replica may not do; it never concerns the primary's commands.

inline constexpr std::string_view kReadOnlyReplica =
    "READONLY You can't write against a read only replica.";
inline constexpr std::string_view kMasterDown =
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";

// The link is down, and replica-serve-stale-data says that the data are not to be served then.
bool IsStaleReplica(Server& server);

// Why a command is refused, or an empty text. `any_flags` are those of the command, and of all that
// it runs (EXEC); `all_flags` those that they all have.
std::string_view ReplicaRefusal(Server& server, uint32_t any_flags, uint32_t all_flags);

}  // namespace server
