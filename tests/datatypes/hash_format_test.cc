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
    const FieldValue stored(bytes);
    const auto plain = DecodeFieldValue(stored.view());
    REQUIRE((plain && plain->value == bytes && plain->expire_at_ms == lsm::kNoExpiry));
    const auto time_ms = static_cast<int64_t>(random() % (kMaxFieldExpiryMs + 1));
    const FieldValue stored_timed(bytes, time_ms);
    const auto timed = DecodeFieldValue(stored_timed.view());
    REQUIRE((timed && timed->value == bytes && timed->expire_at_ms == time_ms));
    const std::string time_key = TimeKey(time_ms, bytes);
    const auto time = DecodeTimeKey(time_key);
    REQUIRE((time && time->field == bytes && time->expire_at_ms == time_ms));
    REQUIRE(TimeKey(time_ms, bytes) >= kTimesBegin);
    REQUIRE(TimeKey(time_ms, bytes) < kTimesEnd);
    REQUIRE(FieldKey(bytes).view() >= kTimesEnd);
    if (time_ms > 0) REQUIRE(TimeKey(time_ms - 1, "\xff") < TimeKey(time_ms, bytes));
    // What is decoded has no second form.
    if (const auto field = DecodeFieldKey(bytes)) REQUIRE(FieldKey(*field).view() == bytes);
    if (const auto value = DecodeFieldValue(bytes)) {
      REQUIRE(FieldValue(value->value, value->expire_at_ms).view() == bytes);
    }
  }
}

TEST_CASE("rows of fields are those of FORMAT.md") {
  CHECK(FieldKey("field").view() == "field");
  CHECK(FieldKey("").view() == "\0\1"sv);
  CHECK(FieldKey("\0a"sv).view() == "\0\1\0a"sv);
  CHECK(FieldValue("value").view() == "value");
  CHECK(FieldValue("").view().empty());
  CHECK(FieldValue("\0b"sv).view() == "\0\0b"sv);
  CHECK(FieldValue("v", 1700000123456).view() == "\0\1\x01\x8b\xcf\xe7\x4a\x40v"sv);
  CHECK(TimeKey(1700000123456, "f") ==
        "\0\0\x01\x8b\xcf\xe7\x4a\x40"
        "f"sv);
}

TEST_CASE("rows that are no fields are refused") {
  CHECK_FALSE(DecodeFieldKey("").has_value());
  CHECK_FALSE(DecodeFieldKey("\0"sv).has_value());
  CHECK_FALSE(DecodeFieldKey("\0\1a"sv).has_value());
  CHECK_FALSE(DecodeFieldKey("\0\7a"sv).has_value());
  CHECK_FALSE(DecodeFieldValue("\0"sv).has_value());
  CHECK_FALSE(DecodeFieldValue("\0\7a"sv).has_value());
  CHECK_FALSE(DecodeFieldValue("\0\1\1\1\1\1\1"sv).has_value());
  CHECK_FALSE(DecodeFieldValue("\0\1\xff\1\1\1\1\1v"sv).has_value());
  CHECK_FALSE(DecodeTimeKey("\0\0\1\1\1\1\1"sv).has_value());
  CHECK_FALSE(DecodeTimeKey("\0\0\xff\1\1\1\1\1"sv).has_value());
  CHECK_FALSE(DecodeTimeKey("\0\1\1\1\1\1\1\1"sv).has_value());
}

}  // namespace
}  // namespace datatypes
