// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// The parts of SortedSetCommands() (command_table.h), each beside its handlers.
std::span<const CommandSpec> SortedSetMemberCommands();
std::span<const CommandSpec> SortedSetRangeCommands();
std::span<const CommandSpec> SortedSetOldRangeCommands();
std::span<const CommandSpec> SortedSetRemoveCommands();
std::span<const CommandSpec> SortedSetPopCommands();
std::span<const CommandSpec> SortedSetBlockCommands();
std::span<const CommandSpec> SortedSetAlgebraCommands();
std::span<const CommandSpec> SortedSetWalkCommands();

}  // namespace datatypes
