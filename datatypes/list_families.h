// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// The parts of ListCommands() (command_table.h), each beside its handlers.
std::span<const CommandSpec> ListEndCommands();
std::span<const CommandSpec> ListReadCommands();
std::span<const CommandSpec> ListEditCommands();
std::span<const CommandSpec> ListMoveCommands();
std::span<const CommandSpec> ListBlockCommands();

}  // namespace datatypes
