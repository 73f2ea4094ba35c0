// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/order_label.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

std::string Hex(const OrderLabel& label) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char each : label.view()) {
    hex += kDigits[static_cast<uint8_t>(each) >> 4];
    hex += kDigits[static_cast<uint8_t>(each) & 15];
  }
  return hex;
}

TEST_CASE("the labels of integers are stored as FORMAT.md has them") {
  CHECK(Hex(OrderLabel::FromInteger(0)) == "80");
  CHECK(Hex(OrderLabel::FromInteger(55)) == "b7");
  CHECK(Hex(OrderLabel::FromInteger(56)) == "b838");
  CHECK(Hex(OrderLabel::FromInteger(16383)) == "f7ff");
  CHECK(Hex(OrderLabel::FromInteger(16384)) == "f84000");
  CHECK(Hex(OrderLabel::FromInteger(65536)) == "f9010000");
  CHECK(Hex(OrderLabel::FromInteger(-1)) == "7f");
  CHECK(Hex(OrderLabel::FromInteger(-56)) == "48");
  CHECK(Hex(OrderLabel::FromInteger(-57)) == "47c7");
  CHECK(Hex(OrderLabel::FromInteger(-16385)) == "07bfff");
  CHECK(Hex(OrderLabel::FromInteger(std::numeric_limits<int64_t>::max())) == "fe7fffffffffffffff");
  CHECK(Hex(OrderLabel::FromInteger(std::numeric_limits<int64_t>::min())) == "018000000000000000");
}

TEST_CASE("labels of integers are ordered as the integers are") {
  std::vector<int64_t> integers;
  for (int64_t near : {int64_t{0}, int64_t{56}, int64_t{16384}, int64_t{1} << 16, int64_t{1} << 24,
                       int64_t{1} << 32, int64_t{1} << 40, int64_t{1} << 48, int64_t{1} << 56}) {
    for (int64_t off = -3; off <= 3; ++off) {
      integers.push_back(near + off);
      integers.push_back(-near + off);
    }
  }
  for (const int64_t a : integers) {
    const OrderLabel label = OrderLabel::FromInteger(a);
    CHECK(label.Before() == OrderLabel::FromInteger(a - 1));
    CHECK(label.After() == OrderLabel::FromInteger(a + 1));
    for (const int64_t b : integers) CHECK((a < b) == (label < OrderLabel::FromInteger(b)));
  }
}

TEST_CASE("between two labels there is another, until it would be too long") {
  const OrderLabel three = OrderLabel::FromInteger(3);
  const OrderLabel four = OrderLabel::FromInteger(4);
  CHECK(Hex(*OrderLabel::Between(three, four)) == "8380");
  CHECK(Hex(*OrderLabel::Between(three, *OrderLabel::Between(three, four))) == "8340");
  CHECK(OrderLabel::Between(three, OrderLabel::FromInteger(7)) == OrderLabel::FromInteger(5));
  for (const bool upwards : {false, true}) {
    OrderLabel low = three;
    OrderLabel high = four;
    int steps = 0;
    while (const std::optional<OrderLabel> label = OrderLabel::Between(low, high)) {
      REQUIRE(low < *label);
      REQUIRE(*label < high);
      REQUIRE(OrderLabel::Decode(label->view()) == *label);
      (upwards ? low : high) = *label;
      ++steps;
    }
    CHECK(steps > 150);
  }
}

TEST_CASE("labels made at random places keep their order and their one spelling") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::vector<OrderLabel> labels = {OrderLabel::FromInteger(0)};
  for (int i = 0; i < 3000; ++i) {
    const size_t at = random() % (labels.size() + 1);
    std::optional<OrderLabel> label;
    if (at == 0) {
      label = labels.front().Before();
    } else if (at == labels.size()) {
      label = labels.back().After();
    } else {
      label = OrderLabel::Between(labels[at - 1], labels[at]);
    }
    REQUIRE(label.has_value());
    REQUIRE(OrderLabel::Decode(label->view()) == *label);
    if (at > 0) REQUIRE(labels[at - 1] < *label);
    if (at < labels.size()) REQUIRE(*label < labels[at]);
    labels.insert(labels.begin() + static_cast<std::ptrdiff_t>(at), *label);
  }
}

TEST_CASE("bytes that are no label are refused") {
  const std::string with_zero("\x80\x00", 2);
  for (const std::string& bytes :
       {std::string(), std::string(1, '\0'), std::string("\xff"), std::string("\xb8"),
        std::string("\xf8\x40"), with_zero, std::string("\xb8\x01"), std::string(25, '\x80')}) {
    CHECK_FALSE(OrderLabel::Decode(bytes).has_value());
  }
}

}  // namespace
}  // namespace datatypes
