// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace lsm {

// When an acknowledged write is safe: at the reply (kAlways), within a second (kEverySec), or when
// the kernel gets to it (kNo). All three survive the death of the process.
enum class FsyncPolicy : uint8_t { kAlways, kEverySec, kNo };

// How much is in RAM. The replies are the same in all three; tests run them all.
enum class HotTierMode : uint8_t {
  kBounded,   // What hot_budget_bytes allows.
  kOff,       // Everything that may be evicted is, at the end of each turn.
};

// Where the commit log is, within the store's directory.
inline constexpr std::string_view kLogDirectoryName = "log";

struct StoreOptions {
  std::string dir;
  uint32_t databases = 16;

  // Commit log.
  FsyncPolicy fsync_policy = FsyncPolicy::kEverySec;
  size_t log_segment_bytes = size_t{16} << 20;
  // Cuts a log that is damaged in the middle at the damage instead of refusing to open.
  bool log_recovery_truncate = false;

  // Hot tier.
  HotTierMode hot_tier = HotTierMode::kBounded;
  uint64_t hot_budget_bytes = uint64_t{1} << 30;

  // Way to disk. The backlog holds what is in the log and not in LevelDB, merged by row.
  uint64_t backlog_limit_bytes = uint64_t{128} << 20;
  // The log may be this much ahead of LevelDB's tables: it bounds the replay after a crash.
  uint64_t log_ahead_limit_bytes = uint64_t{256} << 20;
  // The applier writes at the latest after this time, earlier when the backlog has grown.
  uint32_t apply_interval_ms = 1000;

  // LevelDB.
  uint32_t shards = 1;  // Fixed when the store is created.
  size_t memtable_bytes = size_t{32} << 20;
  size_t table_bytes = size_t{16} << 20;
  size_t block_bytes = 4096;
  size_t block_cache_bytes = size_t{8} << 20;
  int bloom_bits_per_key = 10;
  int max_open_tables = 4096;
  bool compress = true;

  uint32_t loader_threads = 8;

  // A line for the server's log, from any thread. Level as Redis': '.', '-', '*', '#'.
  std::function<void(char level, const std::string& line)> log_line;
};

}  // namespace lsm
