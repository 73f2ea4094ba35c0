// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace server {

// Counts durations in buckets that are at most 1/32 wide of their value, so that percentiles are
// within about 3 %. Durations are microseconds; above 2^32 they count as 2^32. Loop thread only.
class LatencyHistogram {
 public:
  void Record(uint64_t us) {
    ++counts_[IndexOf(us)];
    ++total_;
  }
  uint64_t total() const { return total_; }

  // The least value that `percent` of all recorded values do not exceed; 0 when nothing is
  // recorded.
  uint64_t Percentile(double percent) const {
    const auto wanted = static_cast<uint64_t>(static_cast<double>(total_) * percent / 100.0 + 0.5);
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (counts_[i] > 0 && seen >= wanted) return HighestOf(i);
    }
    return 0;
  }

  // How many recorded values are at most `us`, as far as the buckets tell.
  uint64_t CountUpTo(uint64_t us) const {
    uint64_t seen = 0;
    for (size_t i = 0; i <= IndexOf(us); ++i) seen += counts_[i];
    return seen;
  }

 private:
  static constexpr size_t kSubBits = 5;
  static constexpr size_t kSub = size_t{1} << kSubBits;
  static constexpr size_t kMaxBits = 32;
  static constexpr size_t kBuckets = (kMaxBits - kSubBits + 2) * kSub;

  static size_t IndexOf(uint64_t us) {
    if (us < kSub) return us;
    const auto bits = static_cast<size_t>(std::bit_width(us));
    if (bits > kMaxBits) return kBuckets - 1;
    const size_t shift = bits - 1 - kSubBits;
    return (shift + 1) * kSub + ((us >> shift) - kSub);
  }
  static uint64_t HighestOf(size_t index) {
    if (index < kSub) return index;
    const size_t shift = index / kSub - 1;
    return ((index % kSub + kSub + 1) << shift) - 1;
  }

  std::array<uint32_t, kBuckets> counts_{};
  uint64_t total_ = 0;
};

}  // namespace server
