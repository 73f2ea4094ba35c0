// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace server {

// The families of commands that look into the server and administrate it, each beside its handlers.
std::span<const datatypes::CommandSpec> InfoCommands();
std::span<const datatypes::CommandSpec> SlowlogCommands();
std::span<const datatypes::CommandSpec> LatencyCommands();
std::span<const datatypes::CommandSpec> MemoryCommands();
std::span<const datatypes::CommandSpec> MigrateCommands();
std::span<const datatypes::CommandSpec> DebugCommands();
std::span<const datatypes::CommandSpec> SaveCommands();
std::span<const datatypes::CommandSpec> ShutdownCommands();
std::span<const datatypes::CommandSpec> LolwutCommands();
std::span<const datatypes::CommandSpec> FailoverCommands();
std::span<const datatypes::CommandSpec> ReplicaCommands();

}  // namespace server
