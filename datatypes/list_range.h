// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace datatypes {

// Indexes as clients give them: from 0, or from −1 at the end backwards.

// nullopt: there is no such element.
inline std::optional<uint64_t> IndexFromHead(int64_t index, uint64_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || static_cast<uint64_t>(index) >= size) return std::nullopt;
  return static_cast<uint64_t>(index);
}

struct IndexRange {
  uint64_t from = 0;
  uint64_t count = 0;
};
// Both ends inclusive, cut to what there is.
inline IndexRange RangeFromHead(int64_t start, int64_t stop, uint64_t size) {
  const auto end = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + end, 0);
  if (stop < 0) stop += end;
  stop = std::min(stop, end - 1);
  if (start > stop) return {};
  return {static_cast<uint64_t>(start), static_cast<uint64_t>(stop - start) + 1};
}

}  // namespace datatypes
