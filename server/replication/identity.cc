// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/identity.h"

#include <algorithm>
#include <charconv>

#include "server/replication/stream.h"

namespace server {

std::string EncodeStreamIdentity(const StreamIdentity& identity) {
  return identity.id + " " + std::to_string(identity.offset);
}

std::optional<StreamIdentity> DecodeStreamIdentity(std::string_view row) {
  constexpr size_t kDigits = ReplicationStream::kIdDigits;
  if (row.size() < kDigits + 2 || row[kDigits] != ' ') return std::nullopt;
  StreamIdentity identity;
  identity.id = row.substr(0, kDigits);
  if (identity.id.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  const std::string_view number = row.substr(kDigits + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), identity.offset);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return identity;
}

}  // namespace server
