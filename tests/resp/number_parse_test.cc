// SPDX-License-Identifier: BSD-3-Clause
#include "resp/number_parse.h"

#include <limits>
#include <string>

#include <doctest/doctest.h>

using resp::ParseDouble;
using resp::ParseInt64;
using resp::ParseLongDouble;
using resp::ParseUint64;
using namespace std::string_view_literals;

TEST_CASE("integers have one spelling each") {
  CHECK(ParseInt64("0") == 0);
  CHECK(ParseInt64("7") == 7);
  CHECK(ParseInt64("-1") == -1);
  CHECK(ParseInt64("1234567890") == 1234567890);
  for (const auto text : {""sv, "-"sv, "+1"sv, " 1"sv, "1 "sv, "01"sv, "-0"sv, "-01"sv, "00"sv,
                          "1a"sv, "0x1"sv, "1.0"sv, "1\0"sv, "--1"sv}) {
    CAPTURE(text);
    CHECK(ParseInt64(text) == std::nullopt);
  }
}

TEST_CASE("integers end where int64 ends") {
  CHECK(ParseInt64("9223372036854775807") == std::numeric_limits<int64_t>::max());
  CHECK(ParseInt64("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  CHECK(ParseInt64("9223372036854775808") == std::nullopt);
  CHECK(ParseInt64("-9223372036854775809") == std::nullopt);
  CHECK(ParseInt64("18446744073709551616") == std::nullopt);
  CHECK(ParseInt64("100000000000000000000") == std::nullopt);
}

TEST_CASE("unsigned integers reach 2^64 - 1 and refuse a plain negative number") {
  CHECK(ParseUint64("0") == 0);
  CHECK(ParseUint64("18446744073709551615") == std::numeric_limits<uint64_t>::max());
  CHECK(ParseUint64("18446744073709551616") == std::nullopt);
  CHECK(ParseUint64("-1") == std::nullopt);
  CHECK(ParseUint64("") == std::nullopt);
  CHECK(ParseUint64("1x") == std::nullopt);
  CHECK(ParseUint64("1\0"sv) == std::nullopt);
}

TEST_CASE("unsigned integers may have the freedoms of strtoull") {
  CHECK(ParseUint64("007") == 7);
  CHECK(ParseUint64(" +5") == 5);
  CHECK(ParseUint64("-0") == 0);
  CHECK(ParseUint64("-01") == std::numeric_limits<uint64_t>::max());
  CHECK(ParseUint64("+-1") == std::nullopt);
  CHECK(ParseUint64(" ") == std::nullopt);
}

TEST_CASE("doubles are what strtod takes whole") {
  CHECK(ParseDouble("1") == 1.0);
  CHECK(ParseDouble("-1.5e3") == -1500.0);
  CHECK(ParseDouble("+.5") == 0.5);
  CHECK(ParseDouble("5.") == 5.0);
  CHECK(ParseDouble("0x10") == 16.0);
  CHECK(ParseDouble("inf") == std::numeric_limits<double>::infinity());
  CHECK(ParseDouble("-Infinity") == -std::numeric_limits<double>::infinity());
  CHECK(ParseDouble("5e-324") == 5e-324);
  CHECK(ParseDouble("0e999") == 0.0);
  CHECK(ParseDouble(std::string(300, '0') + "1") == 1.0);
  CHECK(ParseDouble("+" + std::string(300, '0') + "1") == 1.0);
}

TEST_CASE("doubles refuse rests, leading blanks, NaN and what leaves the range") {
  for (const auto text : {""sv, " 1"sv, "1 "sv, "1x"sv, "."sv, "-"sv, "e5"sv, "nan"sv, "-nan"sv,
                          "1e400"sv, "-1e400"sv, "1e-400"sv, "1\0"sv, "\v1"sv, "0x"sv}) {
    CAPTURE(text);
    CHECK(ParseDouble(text) == std::nullopt);
  }
}

TEST_CASE("long doubles have their own range and a bounded length") {
  CHECK(ParseLongDouble("1e400") == 1e400L);
  CHECK(ParseLongDouble("3.0e3") == 3000.0L);
  CHECK(ParseLongDouble("+1") == 1.0L);
  CHECK(ParseLongDouble("1e5000") == std::nullopt);
  CHECK(ParseLongDouble("nan") == std::nullopt);
  CHECK(ParseLongDouble(" 1") == std::nullopt);
  CHECK(ParseLongDouble("1 ") == std::nullopt);
  CHECK(ParseLongDouble("") == std::nullopt);
  CHECK(ParseLongDouble(std::string(5118, '0') + "1") == 1.0L);
  CHECK(ParseLongDouble(std::string(5119, '0') + "1") == std::nullopt);
}
