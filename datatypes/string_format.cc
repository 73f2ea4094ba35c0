// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/string_format.h"

#include <cstddef>

namespace datatypes {
namespace {

void StoreBigEndian(uint64_t value, char* to, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) {
    to[i] = static_cast<char>(value & 0xff);
    value >>= 8;
  }
}

uint64_t LoadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

ChunkKey::ChunkKey(uint64_t chunk) : bytes_{} {
  StoreBigEndian(chunk, bytes_.data(), 4);
}

std::optional<uint64_t> DecodeChunkKey(std::string_view subkey) {
  if (subkey.size() != 4) return std::nullopt;
  return LoadBigEndian(subkey);
}

ChunkedSize::ChunkedSize(uint64_t size) : bytes_{} {
  StoreBigEndian(size, bytes_.data(), 8);
}

std::optional<uint64_t> DecodeChunkedSize(std::string_view payload) {
  if (payload.size() != 8) return std::nullopt;
  return LoadBigEndian(payload);
}

}  // namespace datatypes
