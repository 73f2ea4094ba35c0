// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/packed_integers.h"

#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "datatypes/ordered_integer.h"

namespace datatypes {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

int64_t RandomInteger(std::mt19937_64& random) {
  return static_cast<int64_t>(random()) >> (random() % 64);
}

std::string CodeOf(int64_t integer) {
  char code[kMaxOrderedIntegerBytes];
  return {code, static_cast<size_t>(EncodeOrderedInteger(code, integer) - code)};
}

TEST_CASE("packed integers are like a std::set") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 100; ++round) {
    const int64_t first = RandomInteger(random) >> (random() % 64);
    std::set<int64_t> model = {first};
    std::string bytes = PackedIntegers::OfOne(first);
    for (int step = 0; step < 100; ++step) {
      const int64_t integer = RandomInteger(random);
      PackedIntegers packed = *PackedIntegers::Of(bytes);
      REQUIRE(packed.Contains(integer) == model.contains(integer));
      const auto at = model.lower_bound(integer);
      REQUIRE(packed.Rank(integer) == static_cast<size_t>(std::distance(model.begin(), at)));
      if (model.insert(integer).second) {
        bytes = packed.With(integer);
      } else if (model.size() > 1) {
        bytes = packed.Without(packed.Rank(integer));
        model.erase(integer);
      }
      packed = *PackedIntegers::Of(bytes);
      REQUIRE(packed.count() == model.size());
      size_t index = 0;
      for (const int64_t expected : model) REQUIRE(packed.At(index++) == expected);
    }
  }
}

TEST_CASE("packed integers are those of FORMAT.md") {
  std::string bytes = PackedIntegers::OfOne(1);
  CHECK(bytes == std::string_view("\x01\x01", 2));
  bytes = PackedIntegers::Of(bytes)->With(-1);
  CHECK(bytes == std::string_view("\x01\xff\x01", 3));
  bytes = PackedIntegers::Of(bytes)->With(300);
  CHECK(bytes == std::string_view("\x02\xff\xff\x00\x01\x01\x2c", 7));
  CHECK(PackedIntegers::OfOne(kMin) == std::string_view("\x08\x80\0\0\0\0\0\0\0", 9));
}

TEST_CASE("bytes that are no packed integers are refused") {
  CHECK_FALSE(PackedIntegers::Of("").has_value());
  CHECK_FALSE(PackedIntegers::Of("\x01").has_value());
  CHECK_FALSE(PackedIntegers::Of(std::string_view("\x00\x01", 2)).has_value());
  CHECK_FALSE(PackedIntegers::Of("\x03\x01\x01\x01").has_value());
  CHECK_FALSE(PackedIntegers::Of("\x02\x01\x01\x01").has_value());
  CHECK_FALSE(PackedIntegers::Of("\x10 1234567890123456").has_value());
}

TEST_CASE("codes of integers compare as the integers do, and none begins another") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    const int64_t a = i == 0 ? kMin : RandomInteger(random);
    const int64_t b = i == 1 ? kMax : RandomInteger(random);
    REQUIRE((a < b) == (CodeOf(a) < CodeOf(b)));
    if (a != b) REQUIRE_FALSE(CodeOf(b).starts_with(CodeOf(a)));
    const auto decoded = DecodeOrderedInteger(CodeOf(a) + "x");
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->value == a);
    REQUIRE(decoded->bytes == CodeOf(a).size());
  }
}

TEST_CASE("bytes that are no code of an integer are refused") {
  CHECK_FALSE(DecodeOrderedInteger("").has_value());
  CHECK_FALSE(DecodeOrderedInteger(std::string_view("\0", 1)).has_value());
  CHECK_FALSE(DecodeOrderedInteger("\xff").has_value());
  CHECK_FALSE(DecodeOrderedInteger("\xb8").has_value());
  CHECK_FALSE(DecodeOrderedInteger(std::string_view("\xb8\x01", 2)).has_value());      // 1 is 81.
  CHECK_FALSE(DecodeOrderedInteger(std::string_view("\xf8\x00\x01", 3)).has_value());  // Also.
  CHECK_FALSE(DecodeOrderedInteger("\xfe\x80\x01\x01\x01\x01\x01\x01\x01").has_value());
}

}  // namespace
}  // namespace datatypes
