// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/arguments.h"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

template <typename T>
std::string ErrorOf(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().text();
}

TEST_CASE("names are compared without regard to the case of letters, and only of letters") {
  CHECK(EqualsIgnoreCase("Get", "gET"));
  CHECK_FALSE(EqualsIgnoreCase("get", "gets"));
  CHECK_FALSE(EqualsIgnoreCase("a[", "a{"));
  CHECK(EqualsIgnoreCase("", ""));
}

TEST_CASE("an integer has one spelling") {
  CHECK(ParseInteger("-12").value() == -12);
  CHECK(ErrorOf(ParseInteger("+1")) == kNotAnInteger);
  CHECK(ErrorOf(ParseInteger("")) == kNotAnInteger);
  CHECK(ErrorOf(ParseInteger("9223372036854775808")) == kNotAnInteger);
  CHECK(ErrorOf(ParseInteger("x", "ERR own text")) == "ERR own text");
}

TEST_CASE("bounds have their own errors") {
  CHECK(ParseIntegerIn("5", 1, 5).value() == 5);
  CHECK(ErrorOf(ParseIntegerIn("6", 1, 5)) ==
        "ERR value is out of range, value must between 1 and 5");
  CHECK(ErrorOf(ParseUnsigned("-1")) == kMustBePositive);
  CHECK(ErrorOf(ParseIntegerFrom("0", 1, kSyntaxError)) == kSyntaxError);
}

TEST_CASE("a database's number must be one of those that exist") {
  CHECK(ParseDb("15", 16).value() == 15);
  CHECK(ErrorOf(ParseDb("16", 16)) == kDbOutOfRange);
  CHECK(ErrorOf(ParseDb("-1", 16)) == kDbOutOfRange);
  CHECK(ErrorOf(ParseDb("x", 16)) == kNotAnInteger);
  CHECK(ErrorOf(ParseDb("99999999999", 16)) ==
        "ERR value is out of range, value must between -2147483648 and 2147483647");
}

TEST_CASE("a cursor is what strtoul takes, without leading space") {
  CHECK(ParseCursor("17").value() == 17);
  CHECK(ParseCursor("").value() == 0);
  CHECK(ParseCursor("18446744073709551615").value() == ~uint64_t{0});
  CHECK(ErrorOf(ParseCursor("18446744073709551616")) == kInvalidCursor);
  CHECK(ErrorOf(ParseCursor(" 1")) == kInvalidCursor);
  CHECK(ErrorOf(ParseCursor("1x")) == kInvalidCursor);
}

TEST_CASE("an option is taken only with all its operands") {
  const std::vector<std::string_view> args = {"SET", "k", "nx", "EX", "5", "px"};
  OptionReader options(args, 2);
  CHECK(options.Take("NX"));
  CHECK_FALSE(options.Take("NX"));
  CHECK(options.Take("ex", 1));
  CHECK(options.operand() == "5");
  CHECK_FALSE(options.Take("PX", 1));
  CHECK(options.current() == "px");
  options.Skip();
  CHECK(options.done());
}

}  // namespace
}  // namespace datatypes
