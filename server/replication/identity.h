// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

// The system row that says, after a clean end, what the replication stream was called and where it
// ended (FORMAT.md).
inline constexpr std::string_view kStreamRow = "replication-stream";

struct StreamIdentity {
  std::string id;  // 40 hexadecimal digits.
  uint64_t offset = 0;

  friend bool operator==(const StreamIdentity&, const StreamIdentity&) = default;
};
std::string EncodeStreamIdentity(const StreamIdentity& identity);
std::optional<StreamIdentity> DecodeStreamIdentity(std::string_view row);

}  // namespace server
