// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace server {

// The Redis whose behaviour is the reference: what drivers and tools see and decide by.
inline constexpr std::string_view kRedisVersion = "7.2.5";
inline constexpr std::string_view kTiercelVersion = "0.1.0";

}  // namespace server
