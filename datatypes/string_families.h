// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// The parts of StringCommands() and BitmapCommands() (command_table.h), each beside its handlers.
std::span<const CommandSpec> StringReadCommands();
std::span<const CommandSpec> StringSetCommands();
std::span<const CommandSpec> StringRangeCommands();
std::span<const CommandSpec> CounterCommands();
std::span<const CommandSpec> LcsCommands();
std::span<const CommandSpec> BitCommands();
std::span<const CommandSpec> BitOpCommands();
std::span<const CommandSpec> BitfieldCommands();

}  // namespace datatypes
