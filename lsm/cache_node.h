// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstring>

namespace lsm {

// Bits of an address that are stored: user space needs no more on x86-64 and on ARM64.
constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;
constexpr size_t kAddressBytes = 6;

// What the replacement policy links into its queues: the base of everything that can be evicted
// (an entry of the hot tier, a resident page of a large collection). The policy owns the links and
// `queue`; the object keeps `charge_bytes` right and tells the policy when it changes; readers only
// ever call Touch(). 17 bytes, since each key has one: what derives from it begins in its padding.
// Loop thread only.
struct CacheNode {
  static constexpr uint8_t kMaxFreq = 3;

  CacheNode* prev() const { return LoadLink(0); }
  CacheNode* next() const { return LoadLink(kAddressBytes); }
  void set_prev(CacheNode* node) { StoreLink(0, node); }
  void set_next(CacheNode* node) { StoreLink(kAddressBytes, node); }

  // A use. No list is moved on a hit; the policy reads `freq` when the node comes up for eviction.
  void Touch() {
    if (freq < kMaxFreq) ++freq;
  }

 private:
  CacheNode* LoadLink(size_t at) const {
    uint64_t address;
    static_assert(2 * kAddressBytes + sizeof(charge_bytes) >= kAddressBytes + sizeof(address));
    std::memcpy(&address, reinterpret_cast<const char*>(this) + at, sizeof(address));
    return reinterpret_cast<CacheNode*>(address & kAddressMask);  // NOLINT(*-no-int-to-ptr)
  }
  void StoreLink(size_t at, const CacheNode* node) {
    const auto address = reinterpret_cast<uintptr_t>(node);
    std::memcpy(reinterpret_cast<char*>(this) + at, &address, kAddressBytes);
  }

  uint16_t links_[2 * kAddressBytes / sizeof(uint16_t)] = {};

 public:
  uint32_t charge_bytes = 0;  // RAM that goes away with it, as allocated.
  uint8_t kind : 1 = 0;       // Who it is: a CacheNodeKind.
  uint8_t freq : 2 = 0;       // Uses since the policy last looked, saturating.
  uint8_t queue : 3 = 0;      // The policy's own.
};

enum CacheNodeKind : uint8_t {
  kCacheEntry = 0,  // A hot tier entry, with all it owns but its pages.
  kCachePage = 1,   // A Page of a large collection: see Collection::EvictPage.
};

}  // namespace lsm
