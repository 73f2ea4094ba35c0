// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/order_label.h"

#include <algorithm>

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

uint8_t At(std::string_view bytes, size_t i) {
  return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0;
}

// By the first byte of one that is not negative.
size_t SizeOf(uint8_t first) {
  if (first < kTwoBytes) return 1;
  if (first < kManyBytes) return 2;
  return size_t{first} - kManyBytes + 3;
}

}  // namespace

bool OrderLabel::Append(uint8_t byte) {
  if (size_ == kMaxBytes) return false;
  bytes_[size_++] = static_cast<char>(byte);
  return true;
}

OrderLabel OrderLabel::FromInteger(int64_t integer) {
  const bool negative = integer < 0;
  const uint64_t n = static_cast<uint64_t>(negative ? ~integer : integer);
  OrderLabel label;
  if (n < kOneByteEnd) {
    label.Append(static_cast<uint8_t>(kZero + n));
  } else if (n < kTwoBytesEnd) {
    label.Append(static_cast<uint8_t>(kTwoBytes + (n >> 8)));
    label.Append(static_cast<uint8_t>(n));
  } else {
    size_t bytes = 2;
    while (bytes < 8 && (n >> (8 * bytes)) != 0) ++bytes;
    label.Append(static_cast<uint8_t>(kManyBytes + bytes - 2));
    for (size_t i = bytes; i-- > 0;) label.Append(static_cast<uint8_t>(n >> (8 * i)));
  }
  if (negative) {
    for (size_t i = 0; i < label.size_; ++i) label.bytes_[i] = static_cast<char>(~label.bytes_[i]);
  }
  return label;
}

size_t OrderLabel::IntegerBytes() const {
  const uint8_t first = At(view(), 0);
  return SizeOf(first < kZero ? static_cast<uint8_t>(~first) : first);
}

int64_t OrderLabel::Integer() const {
  const bool negative = At(view(), 0) < kZero;
  const auto byte = [&](size_t i) {
    const uint8_t stored = At(view(), i);
    return negative ? static_cast<uint8_t>(~stored) : stored;
  };
  const uint8_t first = byte(0);
  uint64_t n = 0;
  if (first < kTwoBytes) {
    n = first - kZero;
  } else if (first < kManyBytes) {
    n = uint64_t{first} - kTwoBytes;
  }
  for (size_t i = 1; i < IntegerBytes(); ++i) n = n << 8 | byte(i);
  const auto integer = static_cast<int64_t>(n);
  return negative ? ~integer : integer;
}

std::optional<OrderLabel> OrderLabel::Decode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxBytes) return std::nullopt;
  OrderLabel label;
  std::memcpy(label.bytes_.data(), bytes.data(), bytes.size());
  label.size_ = static_cast<uint8_t>(bytes.size());
  const uint8_t first = At(bytes, 0);
  if (first == 0x00 || first == 0xff || label.IntegerBytes() > bytes.size()) return std::nullopt;
  const std::string_view fraction = label.Fraction();
  if (!fraction.empty() && fraction.back() == '\0') return std::nullopt;
  if (FromInteger(label.Integer()).view() != bytes.substr(0, label.IntegerBytes())) {
    return std::nullopt;
  }
  return label;
}

OrderLabel OrderLabel::After() const {
  return FromInteger(Integer() + 1);
}

OrderLabel OrderLabel::Before() const {
  // A label with a fraction is above its integer already.
  return FromInteger(Fraction().empty() ? Integer() - 1 : Integer());
}

std::optional<OrderLabel> OrderLabel::Between(const OrderLabel& low, const OrderLabel& high) {
  const int64_t below = low.Integer();
  const int64_t above = high.Integer();
  if (above > below) {
    // An integer, if one is free: the middle one.
    const auto distance = static_cast<uint64_t>(above) - static_cast<uint64_t>(below);
    if (distance > 1) return FromInteger(below + static_cast<int64_t>(distance / 2));
    if (!high.Fraction().empty()) return FromInteger(above);
  }
  // The middle of two fractions of the same integer, taken byte by byte as digits; `open`: what is
  // there of the result is less than the same part of `high` already.
  OrderLabel label = FromInteger(below);
  const std::string_view from = low.Fraction();
  const std::string_view to = high.Fraction();
  bool open = above > below;
  for (size_t i = 0;; ++i) {
    const unsigned floor = At(from, i);
    const unsigned ceiling = open ? 256 : At(to, i);
    const unsigned step = (ceiling - floor) / 2;
    if (!label.Append(static_cast<uint8_t>(floor + step))) return std::nullopt;
    if (step > 0) return label;
    open = open || ceiling > floor;
  }
}

}  // namespace datatypes
