// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "datatypes/command_spec.h"

namespace datatypes {

// The parts of GeoCommands() (command_table.h), each beside its handlers.
std::span<const CommandSpec> GeoMemberCommands();
std::span<const CommandSpec> GeoSearchCommands();

}  // namespace datatypes
