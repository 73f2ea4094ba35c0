// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash_format.h"

#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

using namespace std::string_view_literals;

std::string RandomBytes(std::mt19937_64& random) {
  std::string bytes(random() % 5, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() % 3);
  return bytes;
}

TEST_CASE("fields and values come back from their rows, whatever their bytes") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = RandomBytes(random);
    std::string scratch;
    REQUIRE(FieldSubkey(bytes, scratch) == FieldKey(bytes).view());
    REQUIRE(DecodeFieldKey(FieldKey(bytes).view()) == bytes);
    REQUIRE(DecodeFieldValue(FieldValue(bytes).view()) == bytes);
    // What is decoded has no second form.
    if (const auto field = DecodeFieldKey(bytes)) REQUIRE(FieldKey(*field).view() == bytes);
    if (const auto value = DecodeFieldValue(bytes)) REQUIRE(FieldValue(*value).view() == bytes);
  }
}

TEST_CASE("rows of fields are those of FORMAT.md") {
  CHECK(FieldKey("field").view() == "field");
  CHECK(FieldKey("").view() == "\0\1"sv);
  CHECK(FieldKey("\0a"sv).view() == "\0\1\0a"sv);
  CHECK(FieldValue("value").view() == "value");
  CHECK(FieldValue("").view().empty());
  CHECK(FieldValue("\0b"sv).view() == "\0\0b"sv);
}

TEST_CASE("rows that are no fields are refused") {
  CHECK_FALSE(DecodeFieldKey("").has_value());
  CHECK_FALSE(DecodeFieldKey("\0"sv).has_value());
  CHECK_FALSE(DecodeFieldKey("\0\1a"sv).has_value());
  CHECK_FALSE(DecodeFieldKey("\0\7a"sv).has_value());
  CHECK_FALSE(DecodeFieldValue("\0"sv).has_value());
  CHECK_FALSE(DecodeFieldValue("\0\7a"sv).has_value());
}

}  // namespace
}  // namespace datatypes
