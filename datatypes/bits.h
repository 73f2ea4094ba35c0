// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace datatypes {

// Bit arithmetic on byte strings. Bits are counted as Redis counts them: bit 0 is the highest of
// the first byte.

uint64_t CountOnes(std::string_view bytes);

// The first bit equal to `bit` in [begin, end), which lies within `bytes`.
std::optional<uint64_t> FindBit(std::string_view bytes, bool bit, uint64_t begin, uint64_t end);

// `count` <= 64 bits from `offset` on as a number, the first one highest. Bits past the end are 0.
uint64_t ReadBits(std::string_view bytes, uint64_t offset, unsigned count);
// Writes the lowest `count` <= 64 bits of `value` to there; they must lie within the bytes.
void WriteBits(char* bytes, uint64_t offset, unsigned count, uint64_t value);

enum class BitOperation : uint8_t { kAnd, kOr, kXor, kNot };
// to = to <operation> with; bytes that `with` has not got count as 0. Not for kNot.
void CombineBits(BitOperation operation, char* to, size_t size, std::string_view with);
void InvertBits(char* bytes, size_t size);

}  // namespace datatypes
