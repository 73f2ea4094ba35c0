// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "server/allocator.h"
#include "server/machine_memory.h"

namespace server {

class Server;
struct Settings;

// Where the process's memory goes, and how much of it the hot tier may have.
//
// maxmemory is for the whole process: memtables, block cache, table readers, backlog, log buffers
// and clients' buffers take their part, and the hot tier has what they leave. That part is
// measured, as what the allocator has handed out less what the hot tier holds: a list of its pieces
// would always lack one. It is believed at once when it grows and slowly when it shrinks, since
// memtables and buffers fill and empty all the time and room given to entries is only taken back by
// evicting them.
//
// The allocator's own loss is not in that: a quarter above maxmemory is allowed for it. When the
// anonymous memory in use gets near that, first unused pages are given back; if that is not enough,
// the hot tier is held to a share of its budget until it is. Pages that eviction has freed but the
// allocator still keeps must not count against the budget, or one eviction would call for the next.
//
// Nothing is ever refused for want of memory: what does not fit stays on disk. Loop thread only.
class MemoryAccounting {
 public:
  explicit MemoryAccounting(Server& server) : server_(server) {}
  MemoryAccounting(const MemoryAccounting&) = delete;
  MemoryAccounting& operator=(const MemoryAccounting&) = delete;

  // Before anything is measured: for opening the store.
  static uint64_t InitialHotBudget(const Settings& settings, uint64_t maxmemory);

  // Ten times a second: measures, and tells the store its budget.
  void Cron(int64_t now_ms);
  // maxmemory has changed: the next Cron() starts without a memory.
  void Restart();
  // Measures now, for a report.
  void Measure();

  // ---- As last measured -------------------------------------------------------------------
  const AllocatorBytes& allocator() const { return allocator_; }
  const ResidentBytes& resident() const { return resident_; }
  uint64_t used_bytes() const { return allocator_.allocated; }
  // All but the hot tier, smoothed.
  uint64_t reserved_bytes() const { return static_cast<uint64_t>(reserved_); }
  uint64_t hot_budget_bytes() const { return hot_budget_; }
  // Bytes in use when the server had started.
  uint64_t startup_bytes() const { return startup_bytes_; }

 private:
  void CountPeak(int64_t now_ms);
  void HoldBack(int64_t now_ms, uint64_t maxmemory);

  Server& server_;
  AllocatorBytes allocator_;
  ResidentBytes resident_;
  uint64_t startup_bytes_ = 0;
  uint64_t hot_budget_ = 0;
  double reserved_ = 0;
  double share_ = 1;  // Of its budget, that the hot tier is held to.
  int64_t next_ms_ = 0;
  int64_t next_hold_back_ms_ = 0;
};

}  // namespace server
