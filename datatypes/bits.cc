// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/bits.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace datatypes {
namespace {

uint8_t ByteAt(std::string_view bytes, uint64_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

bool BitAt(std::string_view bytes, uint64_t at) {
  return (ByteAt(bytes, at / 8) >> (7 - at % 8) & 1) != 0;
}

uint64_t LoadWord(const char* from) {
  uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

}  // namespace

uint64_t CountOnes(std::string_view bytes) {
  // Four sums, so that the counting of one word need not wait for the one before.
  uint64_t ones[4] = {};
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    for (size_t i = 0; i < 4; ++i) {
      ones[i] += static_cast<uint64_t>(std::popcount(LoadWord(at + i * 8)));
    }
  }
  for (; left >= 8; left -= 8, at += 8) {
    ones[0] += static_cast<uint64_t>(std::popcount(LoadWord(at)));
  }
  for (; left > 0; --left, ++at) {
    ones[0] += static_cast<uint64_t>(std::popcount(static_cast<uint8_t>(*at)));
  }
  return ones[0] + ones[1] + ones[2] + ones[3];
}

std::optional<uint64_t> FindBit(std::string_view bytes, bool bit, uint64_t begin, uint64_t end) {
  uint64_t at = begin;
  for (; at < end && at % 8 != 0; ++at) {
    if (BitAt(bytes, at) == bit) return at;
  }
  const uint64_t skipped_word = bit ? 0 : ~uint64_t{0};
  while (at + 64 <= end && LoadWord(bytes.data() + at / 8) == skipped_word) at += 64;
  const uint8_t skipped_byte = bit ? 0 : 0xff;
  while (at + 8 <= end && ByteAt(bytes, at / 8) == skipped_byte) at += 8;
  for (; at < end; ++at) {
    if (BitAt(bytes, at) == bit) return at;
  }
  return std::nullopt;
}

uint64_t ReadBits(std::string_view bytes, uint64_t offset, unsigned count) {
  uint64_t value = 0;
  for (unsigned left = count; left > 0;) {
    const unsigned in_byte = static_cast<unsigned>(offset % 8);
    const unsigned take = std::min(8 - in_byte, left);
    const unsigned byte = offset / 8 < bytes.size() ? ByteAt(bytes, offset / 8) : 0;
    value = value << take | (byte >> (8 - in_byte - take) & ((1U << take) - 1));
    offset += take;
    left -= take;
  }
  return value;
}

void WriteBits(char* bytes, uint64_t offset, unsigned count, uint64_t value) {
  for (unsigned left = count; left > 0;) {
    const unsigned in_byte = static_cast<unsigned>(offset % 8);
    const unsigned take = std::min(8 - in_byte, left);
    const unsigned shift = 8 - in_byte - take;
    const unsigned mask = ((1U << take) - 1) << shift;
    const unsigned part = static_cast<unsigned>(value >> (left - take)) << shift & mask;
    char& byte = bytes[offset / 8];
    byte = static_cast<char>((static_cast<uint8_t>(byte) & ~mask) | part);
    offset += take;
    left -= take;
  }
}

void CombineBits(BitOperation operation, char* to, size_t size, std::string_view with) {
  const size_t common = std::min(size, with.size());
  switch (operation) {
    case BitOperation::kAnd:
      for (size_t i = 0; i < common; ++i) to[i] = static_cast<char>(to[i] & with[i]);
      std::fill(to + common, to + size, '\0');
      break;
    case BitOperation::kOr:
      for (size_t i = 0; i < common; ++i) to[i] = static_cast<char>(to[i] | with[i]);
      break;
    case BitOperation::kXor:
      for (size_t i = 0; i < common; ++i) to[i] = static_cast<char>(to[i] ^ with[i]);
      break;
    case BitOperation::kNot:
      break;
  }
}

void InvertBits(char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(~bytes[i]);
}

}  // namespace datatypes
