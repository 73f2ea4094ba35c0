// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace lsm {

// What INFO's `# Store` tells. Counters since start or ResetStats(), unless they are sizes.
struct StoreStats {
  // Hot tier.
  uint64_t hot_bytes = 0;  // Size: entries and pages, as the allocator counts them.
  uint64_t hot_budget_bytes = 0;
  uint64_t hot_entries = 0;  // Size: entries, those that say «absent» included.
  uint64_t hot_pages = 0;
  uint64_t hot_hits = 0;    // Lookups answered from RAM (absence known included).
  uint64_t hot_misses = 0;  // Lookups that had to go to LevelDB.
  uint64_t key_loads = 0;
  uint64_t page_loads = 0;
  uint64_t coalesced_loads = 0;  // Waiters that joined a load under way.
  uint64_t spot_loads = 0;       // Loads on the loop thread, in the middle of a command.
  uint64_t loads_pending = 0;    // Size.
  uint64_t evicted_entries = 0;
  uint64_t evicted_pages = 0;
  // Expiry.
  uint64_t expired_keys = 0;
  uint64_t sweeper_lag_ms = 0;  // How late the last swept key was.
  // Commit log.
  uint64_t log_bytes_on_disk = 0;
  uint64_t log_bytes_appended = 0;
  uint64_t log_appends = 0;
  uint64_t log_fsyncs = 0;
  uint64_t log_last_fsync_us = 0;
  uint64_t committed_seq = 0;
  uint64_t synced_seq = 0;
  uint64_t applied_seq = 0;
  uint64_t flushed_seq = 0;
  // Backlog and LSM.
  uint64_t backlog_bytes = 0;  // Size.
  uint64_t backlog_limit_bytes = 0;
  uint64_t write_delay_us = 0;  // The pacing in force.
  uint64_t rows_received = 0;   // Row operations handed to the applier …
  uint64_t rows_applied = 0;    // … and those left after merging.
  uint64_t lsm_bytes_on_disk = 0;
  uint64_t lsm_tables = 0;
  uint64_t lsm_memory_bytes = 0;  // Memtables, block cache, table readers.
  uint64_t lsm_block_reads = 0;   // Reads of table files; compactions' are not among them.
  uint64_t lsm_block_read_bytes = 0;
  uint64_t lsm_reopens = 0;      // After a background error.
  uint64_t garbage_pending = 0;  // Collections and generations not yet collected.
  uint64_t garbage_rows_collected = 0;
  uint64_t replayed_records = 0;  // At the last start.
  uint64_t replay_ms = 0;
};

}  // namespace lsm
