// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "datatypes/command_context.h"

namespace datatypes {

// Calls the handler again, from its start, when what it waits for has been loaded. Only once:
// should something have been evicted again, it is loaded on the spot.
std::unique_ptr<Suspension> MakeRerun();

// For a key that the command's specifications cannot name, e.g. one in another database. True: it
// is resident (or must be loaded on the spot), go on. False: the handler returns at once and is
// called again from its start when the key is there.
bool LoadedOrSuspended(CommandContext& ctx, uint32_t db, std::string_view key);

}  // namespace datatypes
