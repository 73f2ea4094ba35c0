// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "datatypes/settings.h"
#include "lsm/store_options.h"

namespace server {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };
enum class Supervision : uint8_t { kNo, kUpstart, kSystemd, kAuto };

// Whom client-output-buffer-limit speaks of.
enum class ClientClass : uint8_t { kNormal, kReplica, kPubsub };
inline constexpr size_t kClientClasses = 3;

// One class of client-output-buffer-limit; 0: no limit.
struct OutputLimit {
  int64_t hard_bytes = 0;
  int64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

// The settings that the code reads, typed, with Redis' defaults. config.cc has a table row for
// each, which knows its name, range and text form; settings without effect live only there. The
// owner is the Server; after start only CONFIG SET changes them, on the loop thread. Integers are
// int64_t, sizes in bytes; a member says its unit if it is neither a count nor bytes.
struct Settings {
  // Network.
  int64_t port = 6379;
  std::vector<std::string> bind = {"*", "-::*"};
  std::string bind_source_addr;
  bool protected_mode = true;
  int64_t tcp_backlog = 511;
  std::string unixsocket;
  int64_t unixsocketperm = 0;
  int64_t timeout_s = 0;
  int64_t tcp_keepalive_s = 300;
  int64_t maxclients = 10000;
  int64_t max_new_connections_per_cycle = 10;

  // General.
  bool daemonize = false;
  Supervision supervised = Supervision::kNo;
  std::string pidfile;
  LogLevel loglevel = LogLevel::kNotice;
  std::string logfile;
  bool syslog_enabled = false;
  std::string syslog_ident = "redis";
  std::string syslog_facility = "local0";
  bool crash_log_enabled = true;
  int64_t databases = 16;
  std::string dbfilename = "dump.rdb";
  bool rdbchecksum = true;
  bool always_show_logo = false;
  bool set_proc_title = true;
  int64_t hz = 10;
  std::string dir = ".";

  // Security.
  std::string requirepass;
  // Who may change protected parameters and use DEBUG: "no", "yes" or "local".
  std::string enable_protected_configs = "no";
  std::string enable_debug_command = "no";

  // Clients.
  int64_t client_query_buffer_limit = int64_t{1} << 30;
  // Indexed by ClientClass.
  std::array<OutputLimit, kClientClasses> client_output_buffer_limit = {
      OutputLimit{0, 0, 0}, OutputLimit{int64_t{256} << 20, int64_t{64} << 20, 60},
      OutputLimit{int64_t{32} << 20, int64_t{8} << 20, 60}};

  // What data commands read: the dispatcher hands it to them.
  datatypes::Settings data;

  // Memory and store.
  int64_t maxmemory = 0;  // 0: half of what the machine or its cgroup has.
  lsm::FsyncPolicy appendfsync = lsm::FsyncPolicy::kEverySec;
  int64_t lsm_shards = 1;
  int64_t lsm_memtable_size = int64_t{32} << 20;
  int64_t lsm_table_size = int64_t{16} << 20;
  int64_t lsm_block_size = 4096;
  int64_t lsm_block_cache_size = int64_t{8} << 20;
  int64_t lsm_bloom_bits = 10;
  int64_t lsm_max_open_tables = 4096;
  bool lsm_compression = true;
  int64_t log_segment_size = int64_t{16} << 20;
  bool log_recovery_truncate = false;
  int64_t backlog_limit = int64_t{128} << 20;
  int64_t log_ahead_limit = int64_t{256} << 20;
  int64_t apply_interval_ms = 1000;
  int64_t loader_threads = 8;
  bool hot_tier = true;  // no: everything that may be evicted is, at the end of each turn.

  // Client-side caching.
  int64_t tracking_table_max_keys = 1'000'000;  // 0: no bound.

  // Scripts.
  int64_t busy_reply_threshold_ms = 5000;
  int64_t lua_memory_limit = int64_t{256} << 20;
  bool script_kill_undo = false;
  int64_t script_cache_limit = int64_t{16} << 20;

  // Observation.
  int64_t slowlog_log_slower_than_us = 10000;  // Negative: never; 0: every command.
  int64_t slowlog_max_len = 128;
  int64_t latency_monitor_threshold_ms = 0;
  bool latency_tracking = true;
  std::vector<double> latency_tracking_info_percentiles = {50, 99, 99.9};
  uint32_t notify_keyspace_events = 0;  // datatypes::NotifyClass.

  // Replication.
  int64_t repl_backlog_size = int64_t{1} << 20;
  int64_t repl_backlog_ttl_s = 3600;  // 0: it is never freed.
  int64_t repl_timeout_s = 60;
  int64_t repl_ping_replica_period_s = 10;
  bool repl_diskless_sync = true;
  bool repl_disable_tcp_nodelay = false;
  int64_t min_replicas_to_write = 0;
  int64_t min_replicas_max_lag_s = 10;

  // As a replica.
  std::string replicaof_host;  // Empty: at start it is none.
  int64_t replicaof_port = 0;
  std::string masteruser;
  std::string masterauth;
  bool replica_read_only = true;
  bool replica_serve_stale_data = true;
  int64_t replica_priority = 100;
  bool replica_announced = true;
  std::string replica_announce_ip;
  int64_t replica_announce_port = 0;  // 0: the one that is listened on.

  // Shutdown.
  int64_t shutdown_timeout_s = 10;
};

}  // namespace server
