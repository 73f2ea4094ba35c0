// SPDX-License-Identifier: BSD-3-Clause
#include "resp/number_format.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include <doctest/doctest.h>

using resp::DoubleToString;
using resp::HumanDoubleToString;
using resp::Int64ToString;

TEST_CASE("integers of every length are written as to_string writes them") {
  CHECK(Int64ToString(0) == "0");
  CHECK(Int64ToString(std::numeric_limits<int64_t>::min()) == "-9223372036854775808");
  CHECK(Int64ToString(std::numeric_limits<int64_t>::max()) == "9223372036854775807");
  for (int64_t power = 1; power <= 1000000000000000000; power *= 10) {
    for (const int64_t value : {power - 1, power, power + 1, -power, 1 - power, 5 * power}) {
      CHECK(Int64ToString(value) == std::to_string(value));
    }
    if (power == 1000000000000000000) break;
  }
}

TEST_CASE("digits are counted up to the largest number") {
  CHECK(resp::DigitCount(0) == 1);
  CHECK(resp::DigitCount(9999) == 4);
  CHECK(resp::DigitCount(10000) == 5);
  CHECK(resp::DigitCount(std::numeric_limits<uint64_t>::max()) == 20);
}

TEST_CASE("doubles that are integers have no point and no exponent up to 2^62") {
  CHECK(DoubleToString(0) == "0");
  CHECK(DoubleToString(-0.0) == "-0");
  CHECK(DoubleToString(3) == "3");
  CHECK(DoubleToString(-17) == "-17");
  CHECK(DoubleToString(1e15) == "1000000000000000");
  CHECK(DoubleToString(4e18) == "4000000000000000000");
  CHECK(DoubleToString(4.7e18) == "4.7e+18");
  CHECK(DoubleToString(1e20) == "1e+20");
}

TEST_CASE("doubles have the shortest digits, in Redis 7.2's layout") {
  CHECK(DoubleToString(0.1) == "0.1");
  CHECK(DoubleToString(0.1 + 0.2) == "0.30000000000000004");
  CHECK(DoubleToString(-3.25) == "-3.25");
  CHECK(DoubleToString(3.14159265358979) == "3.14159265358979");
  CHECK(DoubleToString(1234.56789012345) == "1234.56789012345");
  CHECK(DoubleToString(12345.6789012345) == "1.23456789012345e+4");
  CHECK(DoubleToString(123456.789) == "123456.789");
  CHECK(DoubleToString(0.000001) == "0.000001");
  CHECK(DoubleToString(0.0000001) == "1e-7");
  CHECK(DoubleToString(0.00025) == "0.00025");
  CHECK(DoubleToString(0.0000314) == "3.14e-5");
  CHECK(DoubleToString(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(DoubleToString(5e-324) == "5e-324");
  CHECK(DoubleToString(-2.2250738585072014e-308) == "-2.2250738585072014e-308");
}

TEST_CASE("infinities and NaN have names") {
  CHECK(DoubleToString(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(DoubleToString(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(DoubleToString(std::nan("")) == "nan");
  CHECK(DoubleToString(-std::nan("")) == "nan");
}

TEST_CASE("any double reads back as itself and fits the promised room") {
  const unsigned seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (i % 3 == 0) value = static_cast<double>(static_cast<int64_t>(bits) >> 20) / 1000.0;
    if (!std::isfinite(value)) continue;
    const std::string text = DoubleToString(value);
    CAPTURE(text);
    REQUIRE(text.size() <= resp::kMaxDoubleChars);
    REQUIRE(std::strtod(text.c_str(), nullptr) == value);
  }
}

TEST_CASE("human doubles have 17 places at most, no trailing zeros and no exponent") {
  CHECK(HumanDoubleToString(0) == "0");
  CHECK(HumanDoubleToString(-0.0L) == "0");
  CHECK(HumanDoubleToString(3) == "3");
  CHECK(HumanDoubleToString(10.5L) == "10.5");
  CHECK(HumanDoubleToString(10.6L) == "10.6");
  CHECK(HumanDoubleToString(-0.1L) == "-0.1");
  CHECK(HumanDoubleToString(5000) == "5000");
  CHECK(HumanDoubleToString(5.0e3L + 2.0e2L) == "5200");
  CHECK(HumanDoubleToString(1e-17L) == "0.00000000000000001");
  CHECK(HumanDoubleToString(-1e-20L) == "0");
  CHECK(HumanDoubleToString(1e20L) == "100000000000000000000");
}

TEST_CASE("the largest human double fits the promised room") {
  const std::string text = HumanDoubleToString(-std::numeric_limits<long double>::max());
  CHECK(text.size() == 4934);
  CHECK(text.substr(0, 9) == "-11897314");
  CHECK(HumanDoubleToString(-std::numeric_limits<long double>::infinity()) == "-inf");
}
