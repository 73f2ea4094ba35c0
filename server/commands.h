// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"
#include "datatypes/command_table.h"

namespace server {

// The families of commands about connections and the server, each beside its handlers.
std::span<const datatypes::CommandSpec> ConfigCommands();
std::span<const datatypes::CommandSpec> ConnectionCommands();
std::span<const datatypes::CommandSpec> ClientCommands();
std::span<const datatypes::CommandSpec> PubSubCommands();
std::span<const datatypes::CommandSpec> ReplicationCommands();
std::span<const datatypes::CommandSpec> ScriptCommands();
std::span<const datatypes::CommandSpec> FunctionCommands();
std::span<const datatypes::CommandSpec> TransactionCommands();
std::span<const datatypes::CommandSpec> WaitCommands();

// Adds them all: the one list of them.
void AddServerCommands(datatypes::CommandTable& table);

}  // namespace server
