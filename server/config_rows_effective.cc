// SPDX-License-Identifier: BSD-3-Clause
//
// The parameters that do something here. Names, ranges and defaults of those that Redis has are
// Redis 7.2's (src/config.c).
#include <climits>
#include <limits>

#include "server/config_row.h"
#include "server/config_values.h"
#include "server/scripts.h"
#include "server/server.h"

namespace server {

using datatypes::Error;
using datatypes::Result;

namespace {

constexpr int64_t kIntMax = INT_MAX;
constexpr int64_t kUintMax = UINT_MAX;
constexpr int64_t kMiB = int64_t{1} << 20;

constexpr std::string_view kFsyncChoices[] = {"everysec", "always", "no"};
constexpr std::string_view kLogLevels[] = {"debug", "verbose", "notice", "warning", "nothing"};
constexpr std::string_view kSupervision[] = {"upstart", "systemd", "auto", "no"};
constexpr std::string_view kFacilities[] = {"user",   "local0", "local1", "local2", "local3",
                                            "local4", "local5", "local6", "local7"};

constexpr std::string_view kPolicies[] = {"volatile-lru",   "volatile-lfu", "volatile-random",
                                          "volatile-ttl",   "allkeys-lru",  "allkeys-lfu",
                                          "allkeys-random", "noeviction"};
constexpr std::string_view kProtection[] = {"no", "yes", "local"};

// The target of a member of Settings, chosen by its type.
#define FLAG(member)                                      \
  {                                                       \
    .flag = [](Settings& s) -> bool& { return s.member; } \
  }
#define NUMBER(member)                                         \
  {                                                            \
    .number = [](Settings& s) -> int64_t& { return s.member; } \
  }
#define TEXT(member)                                             \
  {                                                              \
    .text = [](Settings& s) -> std::string& { return s.member; } \
  }

void AssignFsync(Settings& settings, const std::string& value) {
  settings.appendfsync = value == "always" ? lsm::FsyncPolicy::kAlways
                         : value == "no"   ? lsm::FsyncPolicy::kNo
                                           : lsm::FsyncPolicy::kEverySec;
}

void AssignPolicy(Settings& settings, const std::string& value) {
  settings.data.lfu_policy = value.ends_with("-lfu");
}

void AssignLogLevel(Settings& settings, const std::string& value) {
  for (size_t i = 0; i < std::size(kLogLevels); ++i) {
    if (kLogLevels[i] == value) settings.loglevel = static_cast<LogLevel>(i);
  }
}

void AssignSupervision(Settings& settings, const std::string& value) {
  settings.supervised = value == "upstart"   ? Supervision::kUpstart
                        : value == "systemd" ? Supervision::kSystemd
                        : value == "auto"    ? Supervision::kAuto
                                             : Supervision::kNo;
}

Result<void> ApplyListeners(Server& server) {
  if (server.ApplyListeners().ok()) return {};
  return tl::unexpected(Error("Failed to bind to specified addresses."));
}

Result<void> ApplyMaxClients(Server& server) {
  if (server.ApplyMaxClients().ok()) return {};
  return tl::unexpected(
      Error("The operating system is not able to handle the specified number of "
            "clients"));
}

Result<void> ApplyLog(Server& server) {
  if (server.ApplyLog()) return {};
  return tl::unexpected(Error("the log file cannot be opened"));
}

Result<void> ApplyFsync(Server& server) {
  server.ApplyFsync();
  return {};
}

Result<void> ApplyScriptLimits(Server& server) {
  server.scripts().ApplyLimits();
  return {};
}

Result<void> ApplyMaxMemory(Server& server) {
  server.ApplyMaxMemory();
  return {};
}

Result<void> ApplyNotifications(Server& server) {
  server.ApplyNotifications();
  return {};
}

Result<void> ApplyHz(Server& server) {
  server.ApplyHz();
  return {};
}

constexpr ConfigRow kRows[] = {
    // ---- Network
    {.name = "port",
     .kind = ConfigKind::kInteger,
     .max = 65535,
     .default_text = "6379",
     .target = NUMBER(port),
     .apply = ApplyListeners,
     .doc = "TCP port to listen on; 0 for none."},
    {.name = "bind",
     .kind = ConfigKind::kSpecial,
     .flags = kMultiArg,
     .default_text = "* -::*",
     .target = {.assign = AssignBind},
     .canonical = CanonicalBind,
     .apply = ApplyListeners,
     .doc = "Addresses to listen on; one with a leading `-` may be missing on this machine."},
    {.name = "protected-mode",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = FLAG(protected_mode),
     .doc = "Without a password, serve loopback only."},
    {.name = "tcp-backlog",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .max = kIntMax,
     .default_text = "511",
     .target = NUMBER(tcp_backlog),
     .doc = "Length of the queue of connections not yet accepted."},
    {.name = "unixsocket",
     .flags = kImmutable,
     .target = TEXT(unixsocket),
     .doc = "Path of a Unix socket to listen on as well."},
    {.name = "unixsocketperm",
     .kind = ConfigKind::kOctal,
     .flags = kImmutable,
     .max = 0777,
     .default_text = "0",
     .target = NUMBER(unixsocketperm),
     .doc = "Mode of the Unix socket; 0 leaves it to the umask."},
    {.name = "timeout",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "0",
     .target = NUMBER(timeout_s),
     .doc = "Seconds after which an idle client is disconnected; 0: never."},
    {.name = "tcp-keepalive",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "300",
     .target = NUMBER(tcp_keepalive_s),
     .doc = "Seconds between TCP keep-alive probes; 0: none."},
    {.name = "maxclients",
     .kind = ConfigKind::kInteger,
     .min = 1,
     .max = kUintMax,
     .default_text = "10000",
     .target = NUMBER(maxclients),
     .apply = ApplyMaxClients,
     .doc = "Connections served at once."},
    {.name = "tracking-table-max-keys",
     .kind = ConfigKind::kInteger,
     .default_text = "1000000",
     .target = NUMBER(tracking_table_max_keys),
     .doc = "Keys that may be remembered for client-side caching; 0: any number. Names and readers "
            "never take more than an eighth of maxmemory."},
    {.name = "max-new-connections-per-cycle",
     .kind = ConfigKind::kInteger,
     .min = 1,
     .max = 1000,
     .default_text = "10",
     .target = NUMBER(max_new_connections_per_cycle),
     .doc = "Connections accepted in one iteration of the event loop."},
    // ---- Process
    {.name = "daemonize",
     .kind = ConfigKind::kBool,
     .flags = kImmutable,
     .default_text = "no",
     .target = FLAG(daemonize),
     .doc = "Go into the background after the start."},
    {.name = "supervised",
     .kind = ConfigKind::kEnum,
     .flags = kImmutable,
     .choices = kSupervision,
     .default_text = "no",
     .target = {.assign = AssignSupervision},
     .doc = "Tell systemd or upstart when the server is ready."},
    {.name = "pidfile",
     .flags = kImmutable,
     .target = TEXT(pidfile),
     .doc = "File that holds the process id while the server runs."},
    {.name = "loglevel",
     .kind = ConfigKind::kEnum,
     .choices = kLogLevels,
     .default_text = "notice",
     .target = {.assign = AssignLogLevel},
     .apply = ApplyLog,
     .doc = "What is worth a line in the log."},
    {.name = "logfile",
     .flags = kImmutable,
     .target = TEXT(logfile),
     .doc = "Where the log goes; empty: standard output."},
    {.name = "syslog-enabled",
     .kind = ConfigKind::kBool,
     .flags = kImmutable,
     .default_text = "no",
     .target = FLAG(syslog_enabled),
     .doc = "Send the log to syslog as well."},
    {.name = "syslog-ident",
     .flags = kImmutable,
     .default_text = "redis",
     .target = TEXT(syslog_ident),
     .doc = "Name used in syslog."},
    {.name = "syslog-facility",
     .kind = ConfigKind::kEnum,
     .flags = kImmutable,
     .choices = kFacilities,
     .default_text = "local0",
     .target = TEXT(syslog_facility),
     .doc = "Facility used in syslog."},
    {.name = "crash-log-enabled",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = FLAG(crash_log_enabled),
     .doc = "Write a stack trace to the log when the server crashes."},
    {.name = "databases",
     .kind = ConfigKind::kInteger,
     .flags = kImmutable,
     .min = 1,
     .max = kIntMax,
     .default_text = "16",
     .target = NUMBER(databases),
     .doc = "Number of databases that SELECT knows."},
    {.name = "hz",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "10",
     .target = NUMBER(hz),
     .apply = ApplyHz,
     .doc = "Periodic work per second: idle clients, statistics. Expiry does not depend on it."},
    {.name = "dir",
     .kind = ConfigKind::kSpecial,
     .flags = kProtected,
     .default_text = ".",
     .target = TEXT(dir),
     .canonical = CanonicalDir,
     .apply = [](Server&) -> Result<void> {
       return tl::unexpected(Error("the store's directory cannot change while the server runs"));
     },
     .doc = "Directory of the store. It cannot change while the server runs."},
    {.name = "shutdown-timeout",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "10",
     .target = NUMBER(shutdown_timeout_s),
     .doc = "Seconds that a shutdown waits for replicas."},
    // ---- Security
    {.name = "requirepass",
     .flags = kSensitive,
     .target = TEXT(requirepass),
     .doc = "Password of the default user; empty: none."},
    {.name = "enable-protected-configs",
     .kind = ConfigKind::kEnum,
     .flags = kImmutable,
     .choices = kProtection,
     .default_text = "no",
     .target = TEXT(enable_protected_configs),
     .doc = "Who may change protected parameters: nobody, everybody, or clients on this machine."},
    {.name = "enable-debug-command",
     .kind = ConfigKind::kEnum,
     .flags = kImmutable,
     .choices = kProtection,
     .default_text = "no",
     .target = TEXT(enable_debug_command),
     .doc = "Who may use DEBUG: nobody, everybody, or clients on this machine."},
    // ---- Clients
    {.name = "client-query-buffer-limit",
     .kind = ConfigKind::kMemory,
     .min = kMiB,
     .default_text = "1073741824",
     .target = NUMBER(client_query_buffer_limit),
     .doc = "A client whose unfinished requests grow beyond this is disconnected."},
    {.name = "proto-max-bulk-len",
     .kind = ConfigKind::kMemory,
     .min = kMiB,
     .default_text = "536870912",
     .target = NUMBER(data.proto_max_bulk_len),
     .doc = "Length of the longest argument, and of the longest string value."},
    {.name = "client-output-buffer-limit",
     .kind = ConfigKind::kSpecial,
     .flags = kMultiArg,
     .default_text = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
     .target = {.assign = AssignOutputLimits},
     .canonical = CanonicalOutputLimits,
     .doc = "Per class: hard limit, soft limit, seconds above the soft limit; then the client is "
            "disconnected."},
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
     .doc = "How slowly the counter of OBJECT FREQ grows. The hot tier has a policy of its own."},
    {.name = "lfu-decay-time",
     .kind = ConfigKind::kInteger,
     .max = kIntMax,
     .default_text = "1",
     .target = NUMBER(data.lfu_decay_time_min),
     .doc = "Minutes after which the counter of OBJECT FREQ is lowered by one."},
    {.name = "maxmemory-policy",
     .kind = ConfigKind::kEnum,
     .choices = kPolicies,
     .default_text = "noeviction",
     .target = {.assign = AssignPolicy},
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
    // ---- Observation
    {.name = "slowlog-log-slower-than",
     .kind = ConfigKind::kInteger,
     .min = -1,
     .default_text = "10000",
     .target = NUMBER(slowlog_log_slower_than_us),
     .doc = "Microseconds from which a command enters the slow log; 0: all, -1: none."},
    {.name = "slowlog-max-len",
     .kind = ConfigKind::kInteger,
     .default_text = "128",
     .target = NUMBER(slowlog_max_len),
     .doc = "Entries that the slow log keeps."},
    {.name = "latency-monitor-threshold",
     .kind = ConfigKind::kInteger,
     .default_text = "0",
     .target = NUMBER(latency_monitor_threshold_ms),
     .doc = "Milliseconds from which an event is kept for LATENCY; 0: off."},
    {.name = "latency-tracking",
     .kind = ConfigKind::kBool,
     .default_text = "yes",
     .target = FLAG(latency_tracking),
     .doc = "Keep a histogram of each command's duration."},
    {.name = "latency-tracking-info-percentiles",
     .kind = ConfigKind::kSpecial,
     .flags = kMultiArg,
     .default_text = "50 99 99.9",
     .target = {.assign = AssignPercentiles},
     .canonical = CanonicalPercentiles,
     .doc = "Percentiles that INFO latencystats shows."},
    {.name = "notify-keyspace-events",
     .kind = ConfigKind::kSpecial,
     .target = {.assign = AssignNotifyEvents},
     .canonical = CanonicalNotifyEvents,
     .apply = ApplyNotifications,
     .doc = "Classes of keyspace events that are published."},
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

#undef FLAG
#undef NUMBER
#undef TEXT

}  // namespace

std::span<const ConfigRow> EffectiveConfigRows() {
  return kRows;
}

}  // namespace server
