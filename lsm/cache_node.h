// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace lsm {

// What the replacement policy links into its queues: the base of everything that can be evicted
// (an entry of the hot tier, a resident page of a large collection). The policy owns `prev`, `next`
// and `queue`; the object keeps `charge_bytes` right and tells the policy when it changes; readers
// only ever call Touch(). Loop thread only.
struct CacheNode {
  static constexpr uint8_t kMaxFreq = 3;

  CacheNode* prev = nullptr;
  CacheNode* next = nullptr;
  uint32_t charge_bytes = 0;  // RAM that goes away with it, as allocated.
  uint8_t kind = 0;           // Who it is: a CacheNodeKind.
  uint8_t freq = 0;           // Uses since the policy last looked, saturating.
  uint8_t queue = 0;          // The policy's own.

  // A use. No list is moved on a hit; the policy reads `freq` when the node comes up for eviction.
  void Touch() {
    if (freq < kMaxFreq) ++freq;
  }
};

enum CacheNodeKind : uint8_t {
  kCacheEntry = 0,  // A hot tier entry, with all it owns but its pages.
  kCachePage = 1,   // A Page of a large collection: see Collection::EvictPage.
};

}  // namespace lsm
