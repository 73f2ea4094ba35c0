// SPDX-License-Identifier: BSD-3-Clause
//
// Parameters of memory, durability, data types and scripts. Names, ranges and defaults of those
// that Redis has are Redis 7.2's (src/config.c).
#include <climits>

#include "server/config_row.h"
#include "server/config_target.h"
#include "server/config_values.h"
#include "server/scripts.h"
#include "server/server.h"

namespace server {

using datatypes::Error;
using datatypes::Result;

namespace {

constexpr int64_t kIntMax = INT_MAX;
constexpr int64_t kMiB = int64_t{1} << 20;
constexpr std::string_view kFsyncChoices[] = {"everysec", "always", "no"};
constexpr std::string_view kPolicies[] = {"volatile-lru",   "volatile-lfu", "volatile-random",
                                          "volatile-ttl",   "allkeys-lru",  "allkeys-lfu",
                                          "allkeys-random", "noeviction"};

void AssignFsync(Settings& settings, const std::string& value) {
  settings.appendfsync = value == "always" ? lsm::FsyncPolicy::kAlways
                         : value == "no"   ? lsm::FsyncPolicy::kNo
                                           : lsm::FsyncPolicy::kEverySec;
}

void AssignPolicy(Settings& settings, const std::string& value) {
  settings.data.lfu_policy = value.ends_with("-lfu");
}

Result<void> ApplyUseCounting(Server& server) {
  lsm::SetUseCounting(server.store(), UseCountingOf(server.settings()));
  return {};
}

Result<void> ApplyMaxMemory(Server& server) {
  server.ApplyMaxMemory();
  return {};
}

Result<void> ApplyFsync(Server& server) {
  server.ApplyFsync();
  return {};
}

Result<void> ApplyScriptLimits(Server& server) {
  server.scripts().ApplyLimits();
  return {};
}

constexpr ConfigRow kRows[] = {
    // ---- Memory and durability
    {.name = "maxmemory",
     .kind = ConfigKind::kMemory,
     .flags = kUnsigned,
     .default_text = "0",
     .target = NUMBER(maxmemory),
     .apply = ApplyMaxMemory,
     .doc =
         "Memory of the whole process; the hot tier is what the rest leaves of it. 0: half of the "
         "machine or of its cgroup."},
    {.name = "appendfsync",
     .kind = ConfigKind::kEnum,
     .choices = kFsyncChoices,
     .default_text = "everysec",
     .target = {.assign = AssignFsync},
     .apply = ApplyFsync,
     .doc = "When the commit log is synced: before each reply, each second, or by the kernel."},
    // ---- Data types
    {.name = "hash-max-listpack-entries",
     .alias = "hash-max-ziplist-entries",
     .kind = ConfigKind::kInteger,
     .default_text = "512",
     .target = NUMBER(data.hash_max_listpack_entries),
     .doc = "What OBJECT ENCODING calls a listpack is a hash of at most this many fields; how it "
            "is stored does not depend on it."},
    {.name = "hash-max-listpack-value",
     .alias = "hash-max-ziplist-value",
     .kind = ConfigKind::kMemory,
     .default_text = "64",
     .target = NUMBER(data.hash_max_listpack_value),
     .doc = "What OBJECT ENCODING calls a listpack is a hash with no field or value longer than "
            "this; how it is stored does not depend on it."},
    {.name = "list-max-listpack-size",
     .alias = "list-max-ziplist-size",
     .kind = ConfigKind::kInteger,
     .min = INT_MIN,
     .max = kIntMax,
     .default_text = "-2",
     .target = NUMBER(data.list_max_listpack_size),
     .doc = "What OBJECT ENCODING calls a listpack is a list of at most this many elements "
            "(negative: bytes); how it is stored does not depend on it."},
    {.name = "set-max-intset-entries",
     .kind = ConfigKind::kInteger,
     .default_text = "512",
     .target = NUMBER(data.set_max_intset_entries),
     .doc = "What OBJECT ENCODING calls an intset is a set of at most this many integers; how it "
            "is stored does not depend on it."},
    {.name = "set-max-listpack-entries",
     .kind = ConfigKind::kInteger,
     .default_text = "128",
     .target = NUMBER(data.set_max_listpack_entries),
     .doc = "What OBJECT ENCODING calls a listpack is a set of at most this many members; how it "
            "is stored does not depend on it."},
    {.name = "set-max-listpack-value",
     .kind = ConfigKind::kMemory,
     .default_text = "64",
     .target = NUMBER(data.set_max_listpack_value),
     .doc = "What OBJECT ENCODING calls a listpack is a set with no member longer than this; how "
            "it is stored does not depend on it."},
    {.name = "zset-max-listpack-entries",
     .alias = "zset-max-ziplist-entries",
     .kind = ConfigKind::kInteger,
     .default_text = "128",
     .target = NUMBER(data.zset_max_listpack_entries),
     .doc = "What OBJECT ENCODING calls a listpack is a sorted set of at most this many members; "
            "how it is stored does not depend on it."},
    {.name = "zset-max-listpack-value",
     .alias = "zset-max-ziplist-value",
     .kind = ConfigKind::kMemory,
     .default_text = "64",
     .target = NUMBER(data.zset_max_listpack_value),
     .doc = "What OBJECT ENCODING calls a listpack is a sorted set with no member longer than "
            "this; how it is stored does not depend on it."},
    {.name = "stream-node-max-bytes",
     .kind = ConfigKind::kMemory,
     .default_text = "4096",
     .target = NUMBER(data.stream_node_max_bytes),
     .doc = "Bytes of the nodes by whose whole number approximate trimming works."},
    {.name = "stream-node-max-entries",
     .kind = ConfigKind::kInteger,
     .default_text = "100",
     .target = NUMBER(data.stream_node_max_entries),
     .doc = "Entries of the nodes by whose whole number approximate trimming works."},
    // ---- Dumps
    {.name = "dbfilename",
     .kind = ConfigKind::kSpecial,
     .flags = kProtected,
     .default_text = "dump.rdb",
     .target = TEXT(dbfilename),
     .canonical = CanonicalFileName,
     .doc = "File, in dir, that SAVE and BGSAVE write. The server does not read it."},
    {.name = "rdbcompression",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = FLAG(data.rdb_compression),
     .doc = "Compress strings in what SAVE and DUMP write."},
    {.name = "rdbchecksum",
     .kind = ConfigKind::kBool,
     .flags = kImmutable,
     .default_text = "yes",
     .target = FLAG(rdbchecksum),
     .doc = "Write a checksum at the end of RDB files."},
    {.name = "rdb-version",
     .kind = ConfigKind::kInteger,
     .min = 9,
     .max = 12,
     .default_text = "10",
     .target = NUMBER(data.rdb_version),
     .doc = "Version of what SAVE and DUMP write: 9 for Redis 5 and later, 10 for 7.0, 11 for 7.2, "
            "12 for 7.4."},
    {.name = "hll-sparse-max-bytes",
     .kind = ConfigKind::kMemory,
     .default_text = "3000",
     .target = NUMBER(data.hll_sparse_max_bytes),
     .doc = "Size from which a HyperLogLog takes its dense form."},
    {.name = "lfu-log-factor",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "10",
     .target = NUMBER(data.lfu_log_factor),
     .apply = ApplyUseCounting,
     .doc = "How slowly the counter of OBJECT FREQ grows. The hot tier has a policy of its own."},
    {.name = "lfu-decay-time",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "1",
     .target = NUMBER(data.lfu_decay_time_min),
     .apply = ApplyUseCounting,
     .doc = "Minutes after which the counter of OBJECT FREQ is lowered by one."},
    {.name = "maxmemory-policy",
     .kind = ConfigKind::kEnum,
     .choices = kPolicies,
     .default_text = "noeviction",
     .target = {.assign = AssignPolicy},
     .apply = ApplyUseCounting,
     .doc =
         "Data is never evicted, only copies in RAM are, whatever is set here. An LFU policy makes "
         "OBJECT FREQ answer instead of OBJECT IDLETIME."},
    // ---- Scripts
    {.name = "busy-reply-threshold",
     .alias = "lua-time-limit",
     .kind = ConfigKind::kInteger,
     .default_text = "5000",
     .target = NUMBER(busy_reply_threshold_ms),
     .doc = "Milliseconds that a script may run before other clients are answered -BUSY."},
    {.name = "lua-memory-limit",
     .kind = ConfigKind::kMemory,
     .min = kMiB,
     .default_text = "268435456",
     .target = NUMBER(lua_memory_limit),
     .apply = ApplyScriptLimits,
     .doc = "Memory of the Lua state in which scripts run; a script that needs more ends with an "
            "error."},
    {.name = "script-kill-undo",
     .kind = ConfigKind::kBool,
     .default_text = "no",
     .target = FLAG(script_kill_undo),
     .doc = "SCRIPT KILL and FUNCTION KILL stop a script that has written, too, and undo what it "
            "wrote. For that, what came before a script is committed before it runs."},
    {.name = "script-cache-limit",
     .kind = ConfigKind::kMemory,
     .min = kMiB,
     .default_text = "16777216",
     .target = NUMBER(script_cache_limit),
     .apply = ApplyScriptLimits,
     .doc = "Size of the script cache, in RAM and on disk; beyond it, scripts that were not used "
            "for the longest time are forgotten."},
};

}  // namespace

std::span<const ConfigRow> DataConfigRows() {
  return kRows;
}

}  // namespace server
