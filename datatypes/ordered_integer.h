// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace datatypes {

// Integers as bytes whose order is the integers', short ones for small ones; no code is the
// beginning of another, and none begins with 00 or ff. FORMAT.md has the bytes.

inline constexpr size_t kMaxOrderedIntegerBytes = 9;

// Writes up to kMaxOrderedIntegerBytes and returns their end.
char* EncodeOrderedInteger(char* to, int64_t integer);

struct DecodedInteger {
  int64_t value = 0;
  size_t bytes = 0;
};
// The one that `bytes` begin with; nullopt: they begin with none.
std::optional<DecodedInteger> DecodeOrderedInteger(std::string_view bytes);

}  // namespace datatypes
