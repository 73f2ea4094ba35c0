// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

#include "lsm/entry.h"

namespace lsm {

// When rows of a key's collection are due, for a type that gives single rows an expiry.
struct RowTimes {
  // When the earliest is due, or a time before that; kNoExpiry: no row has an expiry.
  int64_t first_ms = kNoExpiry;
  // From when on all of them are, so that the key is as good as absent; kNoExpiry: never.
  int64_t all_ms = kNoExpiry;

  friend bool operator==(const RowTimes&, const RowTimes&) = default;
};

// Of two times of which kNoExpiry is the end of all.
inline int64_t EarlierOf(int64_t a_ms, int64_t b_ms) {
  if (a_ms == kNoExpiry) return b_ms;
  return b_ms == kNoExpiry ? a_ms : std::min(a_ms, b_ms);
}

}  // namespace lsm
