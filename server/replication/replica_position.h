// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

// How far a replica has come in its primary's stream. It is a system row of the store, written in
// the same batch as what was applied, so that after a crash the stream goes on exactly there.
struct ReplicaPosition {
  std::string id;       // 40 digits.
  uint64_t offset = 0;  // Bytes of the stream that are applied.
  uint32_t db = 0;      // The database that the stream has selected.
};

inline constexpr std::string_view kReplicaPositionRow = "replica";

// server/replication/FORMAT.md has the bytes.
std::string EncodeReplicaPosition(const ReplicaPosition& position);
// nullopt: no such row.
std::optional<ReplicaPosition> DecodeReplicaPosition(std::string_view row);

}  // namespace server
