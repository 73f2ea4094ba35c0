// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

// The error texts of hash commands, letter for letter as Redis has them; errors.h has all others.
namespace datatypes {

inline constexpr std::string_view kHashValueNotAnInteger = "ERR hash value is not an integer";
inline constexpr std::string_view kHashValueNotAFloat = "ERR hash value is not a float";
inline constexpr std::string_view kNanOrInfinity = "ERR value is NaN or Infinity";
inline constexpr std::string_view kExpireTimeNegative = "ERR invalid expire time, must be >= 0";
inline constexpr std::string_view kFieldsMissing =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
inline constexpr std::string_view kFieldsNotPositive =
    "ERR Number of fields must be a positive integer";
inline constexpr std::string_view kNumFieldsNotPositive =
    "ERR Parameter `numFields` should be greater than 0";
inline constexpr std::string_view kNumFieldsMismatch =
    "ERR The `numfields` parameter must match the number of arguments";
inline constexpr std::string_view kInvalidNumberOfFields = "ERR invalid number of fields";
inline constexpr std::string_view kMissingExpireTime = "ERR missing expire time";
inline constexpr std::string_view kFnxAndFxx =
    "ERR Only one of FXX or FNX arguments can be specified";
inline constexpr std::string_view kSeveralFieldExpiries =
    "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
// Of HSETEX; the word follows.
inline constexpr std::string_view kUnknownArgument = "ERR unknown argument: ";

}  // namespace datatypes
