// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/increments.h"

#include <cmath>
#include <optional>

#include "resp/number_parse.h"

namespace datatypes {

Result<int64_t> AddToInteger(int64_t value, int64_t increment) {
  if (__builtin_add_overflow(value, increment, &value)) return Fail(kIncrementOverflows);
  return value;
}

Result<long double> ParseLongDouble(std::string_view text, std::string_view error) {
  const std::optional<long double> number = resp::ParseLongDouble(text);
  if (!number) return Fail(error);
  return *number;
}

Result<long double> AddToFloat(long double value, long double increment) {
  value += increment;
  if (std::isnan(value) || std::isinf(value)) return Fail(kIncrementNotFinite);
  return value;
}

}  // namespace datatypes
