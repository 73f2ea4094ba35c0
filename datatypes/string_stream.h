// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/string_value.h"

namespace datatypes {

// Whether so much of a string is streamed rather than loaded and replied at once.
bool IsStreamed(const CommandContext& ctx, const String& string, uint64_t begin, uint64_t end);
// Has the bytes [begin, end) of the string at args[1] streamed: the handler's last call.
Result<void> StreamBytes(CommandContext& ctx, uint64_t begin, uint64_t end);

}  // namespace datatypes
