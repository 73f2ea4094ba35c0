// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace scripting {

// The numbers behind math.random: those of drand48(3), so that a script gets the same from every
// server that was seeded alike, as Redis promises.
class Random {
 public:
  void Seed(uint32_t seed) { state_ = uint64_t{seed} << 16 | 0x330E; }
  // In [0, 2^31).
  uint32_t Next() {
    state_ = (state_ * 0x5DEECE66D + 0xB) & ((uint64_t{1} << 48) - 1);
    return static_cast<uint32_t>(state_ >> 17);
  }

 private:
  uint64_t state_ = 0x1234ABCD330E;
};

}  // namespace scripting
