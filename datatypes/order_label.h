// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace datatypes {

// The place of an element in a list, as a subkey: bytes whose order is the elements'. A label is an
// integer, for what is pushed at an end, followed by a fraction, for what is inserted between two
// labels: 3, 3½, 3¾, 4. So a list that is only pushed to has labels of one byte (56 elements to
// either side of where it began), two (16,000), four …; and between any two there is room for ever,
// at a bit a time. FORMAT.md has the bytes.
class OrderLabel {
 public:
  // Longer ones are not made: Between() gives up, and the neighbourhood has to be labelled anew.
  static constexpr size_t kMaxBytes = 24;

  OrderLabel() = default;  // Empty: no label.
  static OrderLabel FromInteger(int64_t integer);
  // As stored. nullopt: no label could be like this.
  static std::optional<OrderLabel> Decode(std::string_view bytes);

  // The integer next to it, as a label: for a push after the last (or before the first) one.
  OrderLabel After() const;
  OrderLabel Before() const;
  // A label greater than `low` and less than `high`, which is greater; nullopt: it would be longer
  // than kMaxBytes.
  static std::optional<OrderLabel> Between(const OrderLabel& low, const OrderLabel& high);

  std::string_view view() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  bool operator==(const OrderLabel& other) const { return view() == other.view(); }
  bool operator<(const OrderLabel& other) const { return view() < other.view(); }

 private:
  size_t IntegerBytes() const;
  int64_t Integer() const;
  std::string_view Fraction() const { return view().substr(IntegerBytes()); }
  bool Append(uint8_t byte);

  std::array<char, kMaxBytes> bytes_ = {};
  uint8_t size_ = 0;
};

}  // namespace datatypes
