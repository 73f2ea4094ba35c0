// SPDX-License-Identifier: BSD-3-Clause
//
// Parameters of the store, which only Tiercel has.
#include <cstdint>

#include "server/config_row.h"
#include "server/config_target.h"

namespace server {

namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

constexpr ConfigRow kRows[] = {
    // ---- Ours: the store. Sizes are read at start.
    {.name = "lsm-shards",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .min = 1,
     .max = 64,
     .default_text = "1",
     .target = NUMBER(lsm_shards),
     .doc = "LevelDB instances; fixed when the store is created."},
    {.name = "lsm-memtable-size",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .min = kMiB,
     .default_text = "33554432",
     .target = NUMBER(lsm_memtable_size),
     .doc = "Bytes that LevelDB gathers in RAM before it writes a table. At most a 32nd of "
            "`maxmemory` as it is at start, and at least 1 MB."},
    {.name = "lsm-table-size",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .min = kMiB,
     .default_text = "16777216",
     .target = NUMBER(lsm_table_size),
     .doc = "Size of a table file."},
    {.name = "lsm-block-size",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .min = 1024,
     .max = kMiB,
     .default_text = "4096",
     .target = NUMBER(lsm_block_size),
     .doc = "Size of a block: what one cold read fetches."},
    {.name = "lsm-block-cache-size",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .default_text = "8388608",
     .target = NUMBER(lsm_block_cache_size),
     .doc = "LevelDB's own cache of blocks; small, since the hot tier is the cache."},
    {.name = "lsm-bloom-bits",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .max = 32,
     .default_text = "10",
     .target = NUMBER(lsm_bloom_bits),
     .doc = "Bits per row of the bloom filters; 0: none."},
    {.name = "lsm-max-open-tables",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .min = 64,
     .max = 100000,
     .default_text = "4096",
     .target = NUMBER(lsm_max_open_tables),
     .doc = "Table files kept open, their indexes and filters in RAM."},
    {.name = "lsm-compression",
     .kind = ConfigKind::kBool,
     .flags = kImmutable,
     .default_text = "yes",
     .target = FLAG(lsm_compression),
     .doc = "Compress the blocks of table files."},
    {.name = "log-segment-size",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .min = kMiB,
     .default_text = "16777216",
     .target = NUMBER(log_segment_size),
     .doc =
         "Size of a preallocated file of the commit log. Some are kept for reuse, and given back "
         "when little is written for half a minute."},
    {.name = "log-recovery-truncate",
     .kind = ConfigKind::kBool,
     .flags = kImmutable,
     .default_text = "no",
     .target = FLAG(log_recovery_truncate),
     .doc = "Start with a commit log that is damaged in the middle by cutting it there: what came "
            "after the damage is lost."},
    {.name = "backlog-limit",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .min = kMiB,
     .default_text = "134217728",
     .target = NUMBER(backlog_limit),
     .doc = "RAM for what is in the commit log and not in LevelDB yet; near it, writers are "
            "slowed. At most an eighth of `maxmemory` as it is at start."},
    {.name = "log-ahead-limit",
     .kind = ConfigKind::kMemory,
     .flags = kImmutable,
     .min = kMiB,
     .default_text = "268435456",
     .target = NUMBER(log_ahead_limit),
     .doc = "Bytes of commit log to replay after a crash, at most about this."},
    {.name = "apply-interval",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .min = 1,
     .max = 60000,
     .default_text = "1000",
     .target = NUMBER(apply_interval_ms),
     .doc = "Milliseconds after which the backlog is written to LevelDB at the latest."},
    {.name = "loader-threads",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .min = 1,
     .max = 128,
     .default_text = "8",
     .target = NUMBER(loader_threads),
     .doc = "Threads that read cold keys and pages."},
    {.name = "hot-tier",
     .kind = ConfigKind::kBool,
     .flags = kImmutable,
     .default_text = "yes",
     .target = FLAG(hot_tier),
     .doc = "`no` drops from RAM all that may be dropped after every turn: for tests."},
};

}  // namespace

std::span<const ConfigRow> StoreConfigRows() {
  return kRows;
}

}  // namespace server
