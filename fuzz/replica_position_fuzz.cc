// SPDX-License-Identifier: BSD-3-Clause
// What is read as a replica's position is written back as the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/replication/replica_position.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view row(reinterpret_cast<const char*>(data), size);
  const auto position = server::DecodeReplicaPosition(row);
  if (position && server::EncodeReplicaPosition(*position) != row) std::abort();
  return 0;
}
