// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// SORT and SORT_RO, on lists, sets and sorted sets.
std::span<const CommandSpec> SortCommands();

// All commands on sets, and its parts, each beside its handlers.
std::span<const CommandSpec> SetCommands();
std::span<const CommandSpec> SetMemberCommands();
std::span<const CommandSpec> SetWalkCommands();
std::span<const CommandSpec> SetRandomCommands();
std::span<const CommandSpec> SetAlgebraCommands();

}  // namespace datatypes
