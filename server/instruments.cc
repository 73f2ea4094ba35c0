// SPDX-License-Identifier: BSD-3-Clause
#include "server/instruments.h"

#include "server/connection.h"
#include "server/monitors.h"
#include "server/scripts.h"
#include "server/server.h"

namespace server {

const char* const kDebugNotAllowed =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you "
    "can run it from a local connection, otherwise you need to set this option in the "
    "configuration file, and then restart the server.";

Instruments::Instruments(Server& owner) : server(owner), memory(owner) {}

void Instruments::OnCommand(const Connection& connection, const datatypes::CommandSpec& spec,
                            datatypes::Args args, int64_t duration_us) {
  const Settings& settings = server.settings();
  const int64_t slow_us = settings.slowlog_log_slower_than_us;
  if (slow_us >= 0 && duration_us >= slow_us && (spec.flags & datatypes::kSkipSlowlog) == 0) {
    // What a script calls has no address of its own, as in Redis.
    const bool in_script = server.scripts().RunsFor(connection);
    slowlog.Add(server.clock().NowMs(), duration_us, RedactedArgs(spec, args),
                in_script ? std::string_view("?:0") : connection.endpoints().peer,
                in_script ? std::string_view() : connection.name,
                static_cast<size_t>(settings.slowlog_max_len));
  }
  if (settings.latency_monitor_threshold_ms > 0) {
    OnEvent((spec.flags & datatypes::kFast) != 0 ? "fast-command" : "command", duration_us);
  }
}

void Instruments::OnEvent(std::string_view event, int64_t duration_us) {
  const int64_t threshold_ms = server.settings().latency_monitor_threshold_ms;
  if (threshold_ms == 0 || duration_us / 1000 < threshold_ms) return;
  latency.Add(event, server.clock().NowMs(), duration_us / 1000);
}

void Instruments::Cron(int64_t now_ms) {
  memory.Cron(now_ms);
  const lsm::Store& store = server.store();
  if (server.settings().latency_monitor_threshold_ms == 0) return;
  // They run on the log's thread: the last one of each tick stands for all.
  const lsm::StoreStats stats = store.Stats();
  if (stats.log_fsyncs != fsyncs_seen) {
    const bool always = server.settings().appendfsync == lsm::FsyncPolicy::kAlways;
    OnEvent(always ? "aof-fsync-always" : "aof-fsync",
            static_cast<int64_t>(stats.log_last_fsync_us));
  }
  fsyncs_seen = stats.log_fsyncs;
}

bool DebugAllowed(const Connection& connection) {
  const std::string& who = connection.server().settings().enable_debug_command;
  if (who == "yes") return true;
  const Endpoints& from = connection.endpoints();
  return who == "local" && (from.loopback || from.unix_socket);
}

}  // namespace server
