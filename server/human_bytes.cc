// SPDX-License-Identifier: BSD-3-Clause
#include "server/human_bytes.h"

#include <string_view>

#include <fmt/format.h>

namespace server {

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{}B", bytes);
  constexpr std::string_view kUnits = "KMGTPE";
  auto number = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (number >= 1024 && unit + 1 < kUnits.size()) {
    number /= 1024;
    ++unit;
  }
  return fmt::format("{:.2f}{}", number, kUnits[unit]);
}

}  // namespace server
