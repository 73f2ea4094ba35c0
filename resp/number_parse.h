// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace resp {

// Numbers as clients write them, judged as Redis judges them. Nothing if the text is not one.

// Strict: digits with an optional '-', and only the one spelling each number has: no '+', no
// spaces, no leading zeros, no "-0". What passes can be stored as an integer and read back as the
// same bytes.
std::optional<int64_t> ParseInt64(std::string_view text);

// Redis' string2ull, used for the halves of a stream's entry ID. Takes what ParseInt64 takes unless
// negative, and beyond that what strtoull(3) takes: leading space, a sign (a negative number wraps
// around) and leading zeros.
std::optional<uint64_t> ParseUint64(std::string_view text);

// strtod(3) over the whole text: decimal, hexadecimal, "inf", "infinity". No leading space, no
// NaN, nothing so large or so small that it would become infinite or zero.
std::optional<double> ParseDouble(std::string_view text);

// The same for long double; as in Redis, at most 5,119 characters.
std::optional<long double> ParseLongDouble(std::string_view text);

}  // namespace resp
