// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/replica_position.h"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace server {
namespace {

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return out;
}

}  // namespace

TEST_CASE("a replica's position is stored as FORMAT.md says") {
  const ReplicaPosition position = {"0123456789abcdef0123456789abcdef01234567", 258, 5};
  const std::string row = EncodeReplicaPosition(position);
  CHECK(Hex(row) ==
        "01"
        "30313233343536373839616263646566303132333435363738396162636465663031323334353637"
        "0000000000000102"
        "00000005");
  const auto decoded = DecodeReplicaPosition(row);
  REQUIRE(decoded.has_value());
  CHECK(decoded->id == position.id);
  CHECK(decoded->offset == 258);
  CHECK(decoded->db == 5);
}

TEST_CASE("what is no position is refused") {
  const std::string row = EncodeReplicaPosition({std::string(40, 'a'), 1, 0});
  CHECK(DecodeReplicaPosition(row).has_value());
  for (size_t size = 0; size < row.size(); ++size) {
    CHECK_FALSE(DecodeReplicaPosition(row.substr(0, size)).has_value());
  }
  CHECK_FALSE(DecodeReplicaPosition(row + '\0').has_value());
  std::string other = row;
  other[0] = 2;
  CHECK_FALSE(DecodeReplicaPosition(other).has_value());
  other = row;
  other[7] = '\n';  // It is sent to the primary.
  CHECK_FALSE(DecodeReplicaPosition(other).has_value());
}

}  // namespace server
