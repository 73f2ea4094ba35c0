// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "datatypes/command_context.h"
#include "lsm/replica_store.h"

namespace datatypes {

// Commands that come from the primary: for them nothing expires before it says so.
inline bool KeepsExpired(const CommandContext& ctx) {
  return lsm::ReplicaStore::Of(ctx.keyspace.store()).expiry_mode() ==
         lsm::ReplicaStore::ExpiryMode::kKeep;
}

// Whether an expiry that the command sets is over already. Never for one that comes from the
// primary: there it was not, and what it deletes it says.
inline bool HasPassed(const CommandContext& ctx, int64_t at_ms) {
  return at_ms <= ctx.now_ms && !KeepsExpired(ctx);
}

}  // namespace datatypes
