// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/errors.h"
#include "datatypes/result.h"

namespace datatypes {

// What INCR, HINCRBY, INCRBYFLOAT, HINCRBYFLOAT have in common: values that are numbers in text.

Result<int64_t> AddToInteger(int64_t value, int64_t increment);
// As Redis keeps it: with the precision of the machine's longest float.
Result<long double> ParseLongDouble(std::string_view text, std::string_view error = kNotAFloat);
Result<long double> AddToFloat(long double value, long double increment);

}  // namespace datatypes
