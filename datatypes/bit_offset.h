// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"

namespace datatypes {

// The offset of a bit as an argument: a number that a string of the allowed length has. With
// `field_bits` (not 0) "#n" is understood too: the n-th field of so many bits.
Result<uint64_t> ParseBitOffset(const CommandContext& ctx, std::string_view text,
                                unsigned field_bits = 0);

}  // namespace datatypes
