// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace lsm {

// CRC-32C, and what LevelDB's logs make of it before they store it.
uint32_t Crc32c(std::string_view bytes);
constexpr uint32_t MaskCrc32c(uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

}  // namespace lsm
