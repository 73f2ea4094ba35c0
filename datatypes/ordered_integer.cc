// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/ordered_integer.h"

namespace datatypes {
namespace {

// An integer of 0 and more begins with one of:
//   0x80 … 0xb7         0 … 55, in this byte
//   0xb8 … 0xf7  b      up to 16,383: the byte's number in this range · 256 + b
//   0xf8 … 0xfe  b…     larger: in 2, 3 … 8 bytes, as few as hold it
// A negative one is the complement of all bytes of −1 − n.
constexpr uint8_t kZero = 0x80;
constexpr uint64_t kOneByteEnd = 0xb8 - kZero;
constexpr uint8_t kTwoBytes = 0xb8;
constexpr uint64_t kTwoBytesEnd = 0x4000;
constexpr uint8_t kManyBytes = 0xf8;

// By the first byte of one that is not negative.
size_t SizeOf(uint8_t first) {
  if (first < kTwoBytes) return 1;
  if (first < kManyBytes) return 2;
  return size_t{first} - kManyBytes + 3;
}

// Whether `n` is written in that many bytes, and no fewer.
bool FitsSize(uint64_t n, size_t bytes) {
  if (bytes == 1) return true;
  if (bytes == 2) return n >= kOneByteEnd;
  if (bytes == 3) return n >= kTwoBytesEnd;
  return n >> (8 * (bytes - 2)) != 0 && n <= uint64_t{INT64_MAX};
}

}  // namespace

char* EncodeOrderedInteger(char* to, int64_t integer) {
  const uint8_t flip = integer < 0 ? 0xff : 0;
  const uint64_t n = static_cast<uint64_t>(integer < 0 ? ~integer : integer);
  const auto append = [&to, flip](uint64_t byte) { *to++ = static_cast<char>(byte ^ flip); };
  if (n < kOneByteEnd) {
    append(kZero + n);
  } else if (n < kTwoBytesEnd) {
    append(kTwoBytes + (n >> 8));
    append(n);
  } else {
    size_t bytes = 2;
    while (bytes < 8 && (n >> (8 * bytes)) != 0) ++bytes;
    append(kManyBytes + bytes - 2);
    for (size_t i = bytes; i-- > 0;) append(n >> (8 * i));
  }
  return to;
}

std::optional<DecodedInteger> DecodeOrderedInteger(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto front = static_cast<uint8_t>(bytes[0]);
  if (front == 0x00 || front == 0xff) return std::nullopt;
  const uint8_t flip = front < kZero ? 0xff : 0;
  const auto first = static_cast<uint8_t>(front ^ flip);
  const size_t size = SizeOf(first);
  if (size > bytes.size()) return std::nullopt;
  uint64_t n = 0;
  if (first < kTwoBytes) {
    n = first - kZero;
  } else if (first < kManyBytes) {
    n = uint64_t{first} - kTwoBytes;
  }
  for (size_t i = 1; i < size; ++i) n = n << 8 | (static_cast<uint8_t>(bytes[i]) ^ flip);
  if (!FitsSize(n, size)) return std::nullopt;
  const auto integer = static_cast<int64_t>(n);
  return DecodedInteger{flip != 0 ? ~integer : integer, size};
}

}  // namespace datatypes
