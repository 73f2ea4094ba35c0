// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// All commands on hashes, and its parts, each beside its handlers.
std::span<const CommandSpec> HashCommands();
std::span<const CommandSpec> HashFieldCommands();
std::span<const CommandSpec> HashReadCommands();
std::span<const CommandSpec> HashNumberCommands();
std::span<const CommandSpec> HashWalkCommands();
std::span<const CommandSpec> HashExpireCommands();
std::span<const CommandSpec> HashExCommands();

}  // namespace datatypes
