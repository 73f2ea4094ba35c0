// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/packed_integers.h"

#include <algorithm>
#include <bit>

namespace datatypes {
namespace {

// Bytes that hold it with its sign.
size_t WidthOf(int64_t integer) {
  if (integer == static_cast<int8_t>(integer)) return 1;
  if (integer == static_cast<int16_t>(integer)) return 2;
  return integer == static_cast<int32_t>(integer) ? 4 : 8;
}

void AppendBytes(std::string& to, int64_t integer, size_t width) {
  for (size_t i = width; i-- > 0;) to += static_cast<char>(integer >> (8 * i));
}

}  // namespace

std::optional<PackedIntegers> PackedIntegers::Of(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto width = static_cast<uint8_t>(bytes[0]);
  if (!std::has_single_bit(width) || width > 8) return std::nullopt;
  if ((bytes.size() - 1) % width != 0) return std::nullopt;
  return PackedIntegers(width, bytes.substr(1));
}

int64_t PackedIntegers::At(size_t index) const {
  const char* const at = integers_.data() + index * width_;
  uint64_t integer = static_cast<uint64_t>(int64_t{static_cast<int8_t>(at[0])});
  for (size_t i = 1; i < width_; ++i) integer = integer << 8 | static_cast<uint8_t>(at[i]);
  return static_cast<int64_t>(integer);
}

size_t PackedIntegers::Rank(int64_t integer) const {
  size_t low = 0;
  size_t high = count();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (At(middle) < integer) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::string PackedIntegers::With(int64_t integer) const {
  const size_t rank = Rank(integer);
  const size_t width = std::max(width_, WidthOf(integer));
  std::string bytes;
  bytes.reserve(1 + (count() + 1) * width);
  bytes += static_cast<char>(width);
  if (width == width_) {
    bytes += integers_.substr(0, rank * width);
    AppendBytes(bytes, integer, width);
    bytes += integers_.substr(rank * width);
    return bytes;
  }
  for (size_t i = 0; i < rank; ++i) AppendBytes(bytes, At(i), width);
  AppendBytes(bytes, integer, width);
  for (size_t i = rank; i < count(); ++i) AppendBytes(bytes, At(i), width);
  return bytes;
}

std::string PackedIntegers::Without(size_t index) const {
  std::string bytes;
  bytes.reserve(1 + integers_.size() - width_);
  bytes += static_cast<char>(width_);
  bytes += integers_.substr(0, index * width_);
  bytes += integers_.substr((index + 1) * width_);
  return bytes;
}

std::string PackedIntegers::OfOne(int64_t integer) {
  std::string bytes = Begin(integer, integer, 1);
  Append(bytes, integer);
  return bytes;
}

std::string PackedIntegers::Begin(int64_t least, int64_t greatest, size_t count) {
  const size_t width = std::max(WidthOf(least), WidthOf(greatest));
  std::string bytes;
  bytes.reserve(1 + count * width);
  bytes += static_cast<char>(width);
  return bytes;
}

void PackedIntegers::Append(std::string& bytes, int64_t integer) {
  AppendBytes(bytes, integer, static_cast<uint8_t>(bytes[0]));
}

}  // namespace datatypes
