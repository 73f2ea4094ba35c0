// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/crc64.h"

#include <string>

#include <doctest/doctest.h>

TEST_CASE("The checksum is Redis' CRC-64, however the bytes are dealt out") {
  CHECK(rdb::Crc64(0, "123456789") == 0xe9c6d914c4b8d9ca);
  CHECK(rdb::Crc64(0, "") == 0);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes.push_back(static_cast<char>(i * 7));
  const uint64_t whole = rdb::Crc64(0, bytes);
  for (size_t cut = 0; cut <= bytes.size(); cut += 13) {
    const std::string_view all = bytes;
    CHECK(rdb::Crc64(rdb::Crc64(0, all.substr(0, cut)), all.substr(cut)) == whole);
  }
}
