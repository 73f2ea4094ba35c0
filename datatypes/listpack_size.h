// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "datatypes/settings.h"

// How large Redis' packed form of a list (listpack) would be: OBJECT ENCODING's rule for lists
// counts its bytes, and so does approximate trimming of streams.
namespace datatypes {

// Of an empty one: its head and its end.
inline constexpr uint64_t kEmptyListpackBytes = 7;
// What one element adds. Decimal numbers are kept in binary.
uint64_t ListpackElementBytes(std::string_view element);
uint64_t ListpackNumberBytes(int64_t number);

// Whether a list of that size is too large to be one listpack, by list-max-listpack-size.
bool ExceedsListpack(const Settings& settings, uint64_t bytes, uint64_t elements);
// Whether one that was too large has shrunk enough to become a listpack again: to half of that.
bool ReturnsToListpack(const Settings& settings, uint64_t bytes, uint64_t elements);

}  // namespace datatypes
