// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/command_spec.h"
#include "datatypes/hyperloglog.h"
#include "datatypes/result.h"
#include "datatypes/string_value.h"

namespace datatypes {

// What the handlers of HyperLogLog commands share.

// The bytes of a HyperLogLog that is there, in place or in `scratch`; good until its next change.
// An error if the string is none.
Result<std::string_view> HyperLogLogBytes(const String& string, std::string& scratch);

// Puts `bytes` in place of a HyperLogLog, or where there is nothing yet; keeps the expiry.
// Announces nothing.
void SaveHyperLogLog(CommandContext& ctx, std::string_view key, lsm::Entry* old,
                     std::string_view bytes);

// The parts of HyperLogLogCommands() (command_table.h), each beside its handlers.
std::span<const CommandSpec> HyperLogLogDebugCommands();

}  // namespace datatypes
