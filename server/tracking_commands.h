// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "datatypes/command_context.h"
#include "datatypes/result.h"

namespace server {

// Subcommands of CLIENT for client-side caching; their rows are among CLIENT's.
datatypes::Result<void> ClientCaching(datatypes::CommandContext& ctx);
datatypes::Result<void> ClientGetRedir(datatypes::CommandContext& ctx);
datatypes::Result<void> ClientTracking(datatypes::CommandContext& ctx);
datatypes::Result<void> ClientTrackingInfo(datatypes::CommandContext& ctx);

}  // namespace server
