// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

// The error texts of set commands and SORT, letter for letter as Redis has them; errors.h has all
// others.
namespace datatypes {

inline constexpr std::string_view kTooManyKeys =
    "ERR Number of keys can't be greater than number of args";
inline constexpr std::string_view kSortScoreNotADouble =
    "ERR One or more scores can't be converted into double";

}  // namespace datatypes
