// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace rdb {

// The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial AD93D23594C935A9, bits
// reflected, nothing inverted; of "123456789" it is E9C6D914C4B8D9CA. `crc` is that of the bytes
// before, 0 at the beginning.
uint64_t Crc64(uint64_t crc, std::string_view bytes);

}  // namespace rdb
