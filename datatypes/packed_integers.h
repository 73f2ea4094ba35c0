// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace datatypes {

// A few integers, each once and ascending, in one string: a byte that says how many bytes each has
// (1, 2, 4 or 8, as the widest needs), and then they, big-endian. FORMAT.md has an example. This is
// a view of such a string.
class PackedIntegers {
 public:
  // nullopt: `bytes` are not this. (That they ascend is not looked at.)
  static std::optional<PackedIntegers> Of(std::string_view bytes);

  size_t count() const { return integers_.size() / width_; }
  // Requires index < count().
  int64_t At(size_t index) const;
  // How many are less.
  size_t Rank(int64_t integer) const;
  bool Contains(int64_t integer) const {
    const size_t rank = Rank(integer);
    return rank < count() && At(rank) == integer;
  }

  // The string with one more integer, which it does not contain.
  std::string With(int64_t integer) const;
  // The string without the one at `index`; requires another one.
  std::string Without(size_t index) const;
  // The string of one integer.
  static std::string OfOne(int64_t integer);
  // Appends an integer to a string in the making that was begun by Begin(); all ascending, and none
  // wider than was said.
  static std::string Begin(int64_t least, int64_t greatest, size_t count);
  static void Append(std::string& bytes, int64_t integer);

 private:
  PackedIntegers(size_t width, std::string_view integers) : width_(width), integers_(integers) {}

  size_t width_;
  std::string_view integers_;
};

}  // namespace datatypes
