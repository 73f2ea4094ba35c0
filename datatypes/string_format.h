// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace datatypes {

// The bytes of a chunked string's meta and rows; FORMAT.md has them drawn.

// The subkey of a chunk: its number, u32 big-endian, so that rows stand in the string's order.
class ChunkKey {
 public:
  explicit ChunkKey(uint64_t chunk);
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 4> bytes_;
};
// Nothing if this subkey is none.
std::optional<uint64_t> DecodeChunkKey(std::string_view subkey);

// The payload of a chunked string's meta: its length, u64 big-endian.
class ChunkedSize {
 public:
  explicit ChunkedSize(uint64_t size);
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 8> bytes_;
};
// Nothing if these bytes are none.
std::optional<uint64_t> DecodeChunkedSize(std::string_view payload);

}  // namespace datatypes
