// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace datatypes {

// The settings that data commands read, with Redis' defaults. Whoever reads the configuration owns
// one and changes it; commands see it through CommandContext::settings. Loop thread only.
struct Settings {
  // The longest string, in bytes.
  int64_t proto_max_bulk_len = int64_t{512} << 20;

  // What OBJECT ENCODING's rules compare with (encoding_rules.h). How values are stored does not
  // depend on them.
  int64_t list_max_listpack_size = -2;  // Positive: elements; -1 … -5: 4, 8, 16, 32, 64 KiB.
  int64_t list_packed_threshold_bytes = int64_t{1} << 30;  // DEBUG QUICKLIST-PACKED-THRESHOLD.
  int64_t hash_max_listpack_entries = 512;
  int64_t hash_max_listpack_value = 64;
  int64_t set_max_intset_entries = 512;
  int64_t set_max_listpack_entries = 128;
  int64_t set_max_listpack_value = 64;
  int64_t zset_max_listpack_entries = 128;
  int64_t zset_max_listpack_value = 64;

  // Which version of Redis' format DUMP and SAVE write: 9 to 12.
  int64_t rdb_version = 10;
  bool rdb_compression = true;

  // Streams: the grain of XADD's and XTRIM's approximate trimming.
  int64_t stream_node_max_bytes = 4096;
  int64_t stream_node_max_entries = 100;
  int64_t hll_sparse_max_bytes = 3000;

  // maxmemory-policy names an LFU policy: OBJECT FREQ answers, OBJECT IDLETIME refuses.
  bool lfu_policy = false;
  int64_t lfu_log_factor = 10;
  int64_t lfu_decay_time_min = 1;
};

}  // namespace datatypes
