// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lsm {

inline constexpr size_t kMaxVarintBytes = 10;

// Base 128, the low bits first, at most kMaxVarintBytes. Returns the first byte after it.
inline char* EncodeVarint(char* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// Takes a varint off the front of `in`. False, with `in` unchanged, if there is none, if it has
// more than 64 bits, or if it is longer than it need be (a value has one encoding).
inline bool DecodeVarint(std::string_view* in, uint64_t* value) {
  uint64_t result = 0;
  for (size_t i = 0; i < kMaxVarintBytes && i < in->size(); ++i) {
    const auto byte = static_cast<uint8_t>((*in)[i]);
    if (i == kMaxVarintBytes - 1 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    if (i > 0 && byte == 0) return false;
    in->remove_prefix(i + 1);
    *value = result;
    return true;
  }
  return false;
}

template <typename T>
void EncodeBigEndian(char* out, T value, size_t bytes = sizeof(T)) {
  for (size_t i = 0; i < bytes; ++i) {
    out[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
  }
}

// Requires in.size() >= bytes.
inline uint64_t DecodeBigEndian(std::string_view in, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(in[i]);
  return value;
}

}  // namespace lsm
