// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

namespace lsm {

class Entry;
class Store;

// How often a key was used of late, as Redis' LFU policies count it for OBJECT FREQ: a number up to
// 255 that grows by one with a chance that sinks as it grows (log_factor), and sinks by one for
// each decay_minutes in which the key is not used. It stands where the time of the last use would,
// so that it costs no RAM. The replacement policy of the hot tier has a counter of its own.
struct UseCounting {
  bool on = false;  // Off: entries remember the time of their last use.
  uint32_t log_factor = 10;
  uint32_t decay_minutes = 1;  // 0: never sinks.
};

class UseCounter {
 public:
  static constexpr uint8_t kFresh = 5;  // So that what is new is not the least used of all.
  static constexpr uint8_t kMost = 255;

  UseCounter(uint32_t now_s, uint8_t count) : minutes_(Minutes(now_s)), count_(count) {}
  static UseCounter Unpack(uint32_t packed) {
    UseCounter counter;
    counter.minutes_ = static_cast<uint16_t>(packed >> 8);
    counter.count_ = static_cast<uint8_t>(packed);
    return counter;
  }
  uint32_t Pack() const { return uint32_t{minutes_} << 8 | count_; }

  // The count now.
  uint8_t At(uint32_t now_s, const UseCounting& how) const {
    if (how.decay_minutes == 0) return count_;
    // Minutes come round after 45 days.
    const auto idle = static_cast<uint16_t>(Minutes(now_s) - minutes_);
    return static_cast<uint8_t>(count_ - std::min<uint32_t>(count_, idle / how.decay_minutes));
  }

  // The counter after one more use; `random` is any 32 bits.
  UseCounter Used(uint32_t now_s, const UseCounting& how, uint32_t random) const {
    uint8_t count = At(now_s, how);
    const uint64_t above = count > kFresh ? count - kFresh : 0;
    const bool grows = uint64_t{random} * (above * how.log_factor + 1) < uint64_t{1} << 32;
    if (count < kMost && grows) ++count;
    return {now_s, count};
  }

 private:
  UseCounter() = default;
  static uint16_t Minutes(uint32_t now_s) { return static_cast<uint16_t>(now_s / 60); }

  uint16_t minutes_ = 0;
  uint8_t count_ = 0;
};

// Whether the store counts uses, instead of dating them, from now on. What entries have until they
// are used again is of the other kind, as in Redis. Loop thread only, like what follows.
void SetUseCounting(Store& store, const UseCounting& how);
// While uses are counted: for OBJECT FREQ, and RESTORE … FREQ.
uint8_t UseCount(const Store& store, const Entry& entry);
void SetUseCount(Store& store, Entry* entry, uint8_t count);

}  // namespace lsm
