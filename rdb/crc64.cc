// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/crc64.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace rdb {
namespace {

// The polynomial, its bits in reverse.
constexpr uint64_t kPolynomial = 0x95AC9329AC4BC9B5;
constexpr size_t kSlices = 8;

using Table = std::array<std::array<uint64_t, 256>, kSlices>;

// [0][b]: what byte b does to the checksum. [k][b]: the same, k bytes later.
constexpr Table MakeTable() {
  Table table = {};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = table[slice - 1][byte];
      table[slice][byte] = table[0][before & 0xff] ^ (before >> 8);
    }
  }
  return table;
}

constexpr Table kTable = MakeTable();

}  // namespace

// Eight bytes a step: their tables' entries do not wait for each other.
uint64_t Crc64(uint64_t crc, std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, at += kSlices) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= crc;
    crc = 0;
    for (size_t byte = 0; byte < kSlices; ++byte) {
      crc ^= kTable[kSlices - 1 - byte][(word >> (8 * byte)) & 0xff];
    }
  }
  for (; left > 0; --left, ++at) {
    crc = kTable[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff] ^ (crc >> 8);
  }
  return crc;
}

}  // namespace rdb
