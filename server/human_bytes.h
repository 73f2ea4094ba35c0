// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace server {

// "943.57K", "23.54G", "0B": as INFO writes sizes for people.
std::string HumanBytes(uint64_t bytes);

}  // namespace server
