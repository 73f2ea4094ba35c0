// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace resp {

// Room that is always enough for the text of a number, by kind. None of the functions below writes
// a terminating NUL; each returns the end of what it wrote.
inline constexpr size_t kMaxInt64Chars = 20;
inline constexpr size_t kMaxDoubleChars = 40;
// The largest long double has 4,933 digits before the point; 17 digits follow it.
inline constexpr size_t kMaxHumanDoubleChars = size_t{5} * 1024;

// How many characters `value` has in decimal.
int DigitCount(uint64_t value);

// Decimal text, with a '-' if negative. At most kMaxInt64Chars.
char* FormatUint64(char* out, uint64_t value);
char* FormatInt64(char* out, int64_t value);

// A double as Redis 7.2 shows it in a reply: "inf", "-inf", "nan", "-0"; an integer without point
// or exponent while it is within ±2^62; else the shortest digits that read back as the same double,
// plain ("0.0001", "3.25") or, when that would be long, with an exponent of no padding ("1e-7",
// "1.23456789012345e+4"). At most kMaxDoubleChars.
// Redis finds the digits with Grisu2, which in about one of a thousand cases gives a digit
// more than the shortest; ours are always the shortest.
char* FormatDouble(char* out, double value);

// A long double as Redis' INCRBYFLOAT shows it: 17 digits after the point, trailing zeros and a
// bare point dropped, never an exponent; "inf", "-inf", "nan"; never "-0".
// At most kMaxHumanDoubleChars.
char* FormatHumanDouble(char* out, long double value);

std::string Int64ToString(int64_t value);
std::string DoubleToString(double value);
std::string HumanDoubleToString(long double value);

}  // namespace resp
