// SPDX-License-Identifier: BSD-3-Clause
#include "server/memory_accounting.h"

#include <algorithm>

#include "server/server.h"

namespace server {
namespace {

constexpr int64_t kIntervalMs = 100;
// What is reserved halves in about 30 seconds when it is no longer used.
constexpr double kForgetPerStep = 0.0023;
// Unused pages are given back, and the share is corrected, at most this often.
constexpr int64_t kHoldBackIntervalMs = 300;
constexpr int64_t kSmallHoldBackIntervalMs = 100;
// Of maxmemory: the promise is 1.25. Above ReduceAbove(), anonymous memory is reduced.
constexpr double kPromise = 1.25;
constexpr double kLeastSlack = 0.13;
constexpr double kRelaxBelow = 0.07;  // Below ReduceAbove().
// What clients' buffers and merges may grow by before we look again. Of a small maxmemory that is
// more than the usual slack.
constexpr double kSlackBytes = 24 << 20;
constexpr double kLeastShareDown = 0.8;
constexpr double kShareUp = 1.005;
constexpr double kLeastShare = 0.3;

// However much else there is, the hot tier has a tenth.
uint64_t BudgetOf(uint64_t maxmemory, double reserved, double share) {
  const uint64_t least = std::max<uint64_t>(maxmemory / 10, 1 << 20);
  const double left = (static_cast<double>(maxmemory) - reserved) * share;
  return left > static_cast<double>(least) ? static_cast<uint64_t>(left) : least;
}

double ReduceAbove(double limit) {
  return kPromise - std::clamp(kSlackBytes / limit, kLeastSlack, kPromise / 2);
}

}  // namespace

uint64_t MemoryAccounting::InitialHotBudget(const Settings& settings, uint64_t maxmemory) {
  constexpr double kFixedBytes = 16 << 20;
  const auto memtables = 2 * settings.lsm_memtable_size * settings.lsm_shards;
  const double reserved =
      static_cast<double>(memtables + settings.lsm_block_cache_size) + kFixedBytes;
  return BudgetOf(maxmemory, reserved, 1);
}

void MemoryAccounting::Measure() {
  allocator_ = ReadAllocator();
  resident_ = ReadResidentBytes();
  if (startup_bytes_ == 0) startup_bytes_ = allocator_.allocated;
  CountPeak(server_.now_ms());
}

void MemoryAccounting::CountPeak(int64_t now_ms) {
  ServerStats& stats = server_.stats();
  if (used_bytes() <= stats.peak_memory) return;
  stats.peak_memory = used_bytes();
  stats.peak_memory_time_ms = now_ms;
}

void MemoryAccounting::Restart() {
  reserved_ = 0;
  share_ = 1;
  next_ms_ = 0;
}

void MemoryAccounting::Cron(int64_t now_ms) {
  if (now_ms < next_ms_) return;
  next_ms_ = now_ms + kIntervalMs;
  Measure();
  const uint64_t maxmemory = server_.effective_maxmemory();
  const uint64_t hot_bytes = server_.store().Stats().hot_bytes;
  const auto other = static_cast<double>(used_bytes() - std::min(used_bytes(), hot_bytes));
  reserved_ = other >= reserved_ ? other : reserved_ + (other - reserved_) * kForgetPerStep;
  HoldBack(now_ms, maxmemory);
  hot_budget_ = BudgetOf(maxmemory, reserved_, share_);
  server_.store().SetHotBudget(hot_budget_);
}

void MemoryAccounting::HoldBack(int64_t now_ms, uint64_t maxmemory) {
  const auto limit = static_cast<double>(maxmemory);
  const auto in_use = static_cast<double>(resident_.anonymous);
  const double reduce_above = ReduceAbove(limit);
  if (in_use > limit * reduce_above) {
    if (now_ms < next_hold_back_ms_) return;
    const bool small = kSlackBytes / limit > kLeastSlack;
    next_hold_back_ms_ = now_ms + (small ? kSmallHoldBackIntervalMs : kHoldBackIntervalMs);
    PurgeAllocator();
    resident_ = ReadResidentBytes();
    const double still_in_use = static_cast<double>(resident_.anonymous);
    if (still_in_use > limit * reduce_above) {
      const double down = std::max(limit * reduce_above / still_in_use, kLeastShareDown);
      share_ = std::max(share_ * down, kLeastShare);
    }
  } else if (in_use < limit * (reduce_above - kRelaxBelow) && share_ < 1) {
    share_ = std::min(share_ * kShareUp, 1.0);
  }
}

}  // namespace server
