// SPDX-License-Identifier: BSD-3-Clause
//
// Parameters of the process, its sockets and clients, and of watching it. Names, ranges and
// defaults of those that Redis has are Redis 7.2's (src/config.c).
#include <climits>

#include "server/config_row.h"
#include "server/config_target.h"
#include "server/config_values.h"
#include "server/server.h"

namespace server {

using datatypes::Error;
using datatypes::Result;

namespace {

constexpr int64_t kIntMax = INT_MAX;
constexpr int64_t kUintMax = UINT_MAX;
constexpr int64_t kMiB = int64_t{1} << 20;
constexpr std::string_view kLogLevels[] = {"debug", "verbose", "notice", "warning", "nothing"};
constexpr std::string_view kSupervision[] = {"upstart", "systemd", "auto", "no"};
constexpr std::string_view kFacilities[] = {"user",   "local0", "local1", "local2", "local3",
                                            "local4", "local5", "local6", "local7"};
constexpr std::string_view kProtection[] = {"no", "yes", "local"};

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
};

}  // namespace

std::span<const ConfigRow> ServerConfigRows() {
  return kRows;
}

}  // namespace server
