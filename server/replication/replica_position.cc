// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/replica_position.h"

#include <algorithm>

namespace server {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 40;
constexpr size_t kRowBytes = 1 + kIdBytes + 8 + 4;

void AppendBigEndian(std::string* out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

std::string EncodeReplicaPosition(const ReplicaPosition& position) {
  std::string out(1, kVersion);
  out += position.id;
  out.resize(1 + kIdBytes, '0');
  AppendBigEndian(&out, position.offset, 8);
  AppendBigEndian(&out, position.db, 4);
  return out;
}

std::optional<ReplicaPosition> DecodeReplicaPosition(std::string_view row) {
  if (row.size() != kRowBytes || row[0] != kVersion) return std::nullopt;
  ReplicaPosition out;
  out.id = row.substr(1, kIdBytes);
  const auto plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
  if (!std::all_of(out.id.begin(), out.id.end(), plain)) return std::nullopt;
  out.offset = ReadBigEndian(row.substr(1 + kIdBytes, 8));
  out.db = static_cast<uint32_t>(ReadBigEndian(row.substr(1 + kIdBytes + 8)));
  return out;
}

}  // namespace server
