// SPDX-License-Identifier: BSD-3-Clause
#include "resp/number_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace resp {
namespace {

// "00" "01" … "99": two digits are written at a time, which halves the divisions.
constexpr std::array<char, 200> MakeDigitPairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kDigitPairs = MakeDigitPairs();

char* Put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* PutZeros(char* out, int count) {
  std::memset(out, '0', static_cast<size_t>(count));
  return out + count;
}

// The significant digits of a finite number and the power of ten of the last one.
struct Decimal {
  std::array<char, 20> digits{};
  int count = 0;
  int exponent = 0;
};

Decimal ShortestDigits(double magnitude) {
  std::array<char, kMaxDoubleChars> text{};
  const char* end = std::to_chars(text.data(), text.data() + text.size(), magnitude,
                                  std::chars_format::scientific)
                        .ptr;
  Decimal decimal;
  const char* p = text.data();
  for (; p != end && *p != 'e'; ++p) {
    if (*p != '.') decimal.digits[static_cast<size_t>(decimal.count++)] = *p;
  }
  int exponent = 0;
  const char* digits = p + 2;  // Past 'e' and the sign, which is always there.
  std::from_chars(digits, end, exponent);
  if (p[1] == '-') exponent = -exponent;
  while (decimal.count > 1 && decimal.digits[static_cast<size_t>(decimal.count - 1)] == '0') {
    --decimal.count;
  }
  decimal.exponent = exponent - (decimal.count - 1);
  return decimal;
}

// The layout rules are Redis 7.2's and visible to clients: no exponent while at most seven zeros
// would have to be added on the right, or, for fractions, while the last digit is among the first
// six after the point or the number is between 0.0001 and 9999.9…
char* LayOut(char* out, const Decimal& decimal) {
  const auto count = static_cast<size_t>(decimal.count);
  const std::string_view digits(decimal.digits.data(), count);
  const int leading_exponent = decimal.exponent + decimal.count - 1;
  const int magnitude = std::abs(leading_exponent);
  if (decimal.exponent >= 0 && magnitude < decimal.count + 7) {
    return PutZeros(Put(out, digits), decimal.exponent);
  }
  if (decimal.exponent < 0 && (decimal.exponent > -7 || magnitude < 4)) {
    const int before_point = decimal.count + decimal.exponent;
    if (before_point <= 0) return Put(PutZeros(Put(out, "0."), -before_point), digits);
    out = Put(out, digits.substr(0, static_cast<size_t>(before_point)));
    return Put(Put(out, "."), digits.substr(static_cast<size_t>(before_point)));
  }
  out = Put(out, digits.substr(0, 1));
  if (count > 1) out = Put(Put(out, "."), digits.substr(1));
  out = Put(out, leading_exponent < 0 ? "e-" : "e+");
  return FormatUint64(out, static_cast<uint64_t>(magnitude));
}

}  // namespace

int DigitCount(uint64_t value) {
  int count = 1;
  while (value >= 10000) {
    value /= 10000;
    count += 4;
  }
  if (value >= 1000) return count + 3;
  if (value >= 100) return count + 2;
  return value >= 10 ? count + 1 : count;
}

char* FormatUint64(char* out, uint64_t value) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  char* const end = out + DigitCount(value);
  char* p = end;
  while (value >= 100) {
    p -= 2;
    std::memcpy(p, &kDigitPairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(p - 2, &kDigitPairs[2 * value], 2);
  } else {
    p[-1] = static_cast<char>('0' + value);
  }
  return end;
}

char* FormatInt64(char* out, int64_t value) {
  auto magnitude = static_cast<uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;  // Right for INT64_MIN too, whose negation is no int64_t.
  }
  return FormatUint64(out, magnitude);
}

char* FormatDouble(char* out, double value) {
  if (std::isnan(value)) return Put(out, "nan");
  if (std::isinf(value)) return Put(out, value < 0 ? "-inf" : "inf");
  if (value == 0) return Put(out, std::signbit(value) ? "-0" : "0");
  constexpr double kIntegerBound = 4611686018427387904.0;  // 2^62
  if (std::abs(value) <= kIntegerBound) {
    const auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value) return FormatInt64(out, integer);
  }
  if (value < 0) *out++ = '-';
  return LayOut(out, ShortestDigits(std::abs(value)));
}

char* FormatHumanDouble(char* out, long double value) {
  if (std::isnan(value)) return Put(out, "nan");
  if (std::isinf(value)) return Put(out, value < 0 ? "-inf" : "inf");
  const int length = std::snprintf(out, kMaxHumanDoubleChars, "%.17Lf", value);
  char* end = out + length;
  while (end[-1] == '0') --end;
  if (end[-1] == '.') --end;
  if (end - out == 2 && out[0] == '-' && out[1] == '0') {
    out[0] = '0';
    --end;
  }
  return end;
}

std::string Int64ToString(int64_t value) {
  std::array<char, kMaxInt64Chars> text{};
  return {text.data(), FormatInt64(text.data(), value)};
}

std::string DoubleToString(double value) {
  std::array<char, kMaxDoubleChars> text{};
  return {text.data(), FormatDouble(text.data(), value)};
}

std::string HumanDoubleToString(long double value) {
  std::array<char, kMaxHumanDoubleChars> text;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  return {text.data(), FormatHumanDouble(text.data(), value)};
}

}  // namespace resp
