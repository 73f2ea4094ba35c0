// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/listpack_size.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "resp/number_parse.h"

namespace datatypes {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
// However many elements are allowed, one listpack has at most so many bytes.
constexpr uint64_t kMaxCountedBytes = 8192;
constexpr size_t kMaxNumberChars = 20;

struct Limits {
  uint64_t bytes = kNoLimit;
  uint64_t elements = kNoLimit;
};

Limits LimitsOf(const Settings& settings) {
  const int64_t size = settings.list_max_listpack_size;
  // 0 counts as 1. -1 is 4 KiB, each step below twice as much, up to 64 KiB.
  if (size >= 0) return {.elements = static_cast<uint64_t>(std::max<int64_t>(size, 1))};
  return {.bytes = uint64_t{4096} << (std::min<int64_t>(-size, 5) - 1)};
}

// A number, in its one spelling, has one of these lengths.
uint64_t NumberBytes(int64_t value) {
  if (value >= 0 && value < 128) return 1;
  if (value >= -4096 && value < 4096) return 2;
  if (value >= INT16_MIN && value <= INT16_MAX) return 3;
  if (value >= -(1 << 23) && value < (1 << 23)) return 4;
  if (value >= INT32_MIN && value <= INT32_MAX) return 5;
  return 9;
}

uint64_t TextBytes(size_t size) {
  if (size < 64) return 1 + size;
  if (size < 4096) return 2 + size;
  return 5 + size;
}

// An element is followed by its own length, for walks backwards.
uint64_t BackwardBytes(uint64_t bytes) {
  if (bytes <= 127) return 1;
  if (bytes < 16383) return 2;
  if (bytes < 2097151) return 3;
  if (bytes < 268435455) return 4;
  return 5;
}

}  // namespace

uint64_t ListpackElementBytes(std::string_view element) {
  std::optional<int64_t> number;
  if (element.size() <= kMaxNumberChars) number = resp::ParseInt64(element);
  const uint64_t bytes = number ? NumberBytes(*number) : TextBytes(element.size());
  return bytes + BackwardBytes(bytes);
}

uint64_t ListpackNumberBytes(int64_t number) {
  const uint64_t bytes = NumberBytes(number);
  return bytes + BackwardBytes(bytes);
}

bool ExceedsListpack(const Settings& settings, uint64_t bytes, uint64_t elements) {
  const Limits limits = LimitsOf(settings);
  if (limits.bytes != kNoLimit) return bytes > limits.bytes;
  return bytes > kMaxCountedBytes || elements > limits.elements;
}

bool ReturnsToListpack(const Settings& settings, uint64_t bytes, uint64_t elements) {
  const Limits limits = LimitsOf(settings);
  return bytes <= limits.bytes / 2 && elements <= limits.elements / 2;
}

}  // namespace datatypes
