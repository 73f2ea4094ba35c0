// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/order_label.h"

#include <algorithm>

#include "datatypes/ordered_integer.h"

namespace datatypes {
namespace {

uint8_t At(std::string_view bytes, size_t i) {
  return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0;
}

}  // namespace

bool OrderLabel::Append(uint8_t byte) {
  if (size_ == kMaxBytes) return false;
  bytes_[size_++] = static_cast<char>(byte);
  return true;
}

OrderLabel OrderLabel::FromInteger(int64_t integer) {
  OrderLabel label;
  const char* const end = EncodeOrderedInteger(label.bytes_.data(), integer);
  label.size_ = static_cast<uint8_t>(end - label.bytes_.data());
  return label;
}

size_t OrderLabel::IntegerBytes() const {
  return DecodeOrderedInteger(view())->bytes;
}

int64_t OrderLabel::Integer() const {
  return DecodeOrderedInteger(view())->value;
}

std::optional<OrderLabel> OrderLabel::Decode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxBytes) return std::nullopt;
  const std::optional<DecodedInteger> integer = DecodeOrderedInteger(bytes);
  if (!integer || (integer->bytes < bytes.size() && bytes.back() == '\0')) return std::nullopt;
  OrderLabel label;
  std::memcpy(label.bytes_.data(), bytes.data(), bytes.size());
  label.size_ = static_cast<uint8_t>(bytes.size());
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
