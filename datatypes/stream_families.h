// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// All of them, for AddDataCommands().
std::span<const CommandSpec> StreamCommands();

// The parts of that, each beside its handlers.
std::span<const CommandSpec> StreamChangeCommands();
std::span<const CommandSpec> StreamRangeCommands();
std::span<const CommandSpec> StreamReadCommands();
std::span<const CommandSpec> StreamGroupCommands();
std::span<const CommandSpec> StreamGroupReadCommands();
std::span<const CommandSpec> StreamPendingCommands();
std::span<const CommandSpec> StreamClaimCommands();
std::span<const CommandSpec> StreamInfoCommands();

}  // namespace datatypes
