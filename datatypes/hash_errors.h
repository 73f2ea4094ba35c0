// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

// The error texts of hash commands, letter for letter as Redis has them; errors.h has all others.
namespace datatypes {

inline constexpr std::string_view kHashValueNotAnInteger = "ERR hash value is not an integer";
inline constexpr std::string_view kHashValueNotAFloat = "ERR hash value is not a float";
inline constexpr std::string_view kNanOrInfinity = "ERR value is NaN or Infinity";

}  // namespace datatypes
