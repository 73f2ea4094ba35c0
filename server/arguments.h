// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/result.h"

namespace server {

// What commands of the server have in common beyond datatypes/arguments.h.

// A time-out in milliseconds from now, as the time of day at which it ends; 0: never.
datatypes::Result<int64_t> ParseDeadlineMs(std::string_view text, int64_t now_ms);

// "ON" or "OFF"; anything else is a syntax error.
datatypes::Result<bool> ParseOnOff(std::string_view text);

}  // namespace server
