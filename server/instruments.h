// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "server/debug_state.h"
#include "server/latency_monitor.h"
#include "server/memory_accounting.h"
#include "server/slowlog.h"

namespace server {

class Connection;
class Server;

// What watches the server: slow log, latency monitor, memory, DEBUG's switches. Owned by the
// Server. Loop thread only.
struct Instruments {
  explicit Instruments(Server& server);

  // A command is done and held the loop for so long: for the slow log and the latency monitor.
  void OnCommand(const Connection& connection, const datatypes::CommandSpec& spec,
                 datatypes::Args args, int64_t duration_us);
  // Something else did: adds a sample if latency-monitor-threshold is met.
  void OnEvent(std::string_view event, int64_t duration_us);
  // A cron task.
  void Cron(int64_t now_ms);

  Server& server;
  SlowLog slowlog;
  LatencyMonitor latency;
  MemoryAccounting memory;
  DebugState debug;
  uint64_t fsyncs_seen = 0;  // By the latency monitor.
};

// The command may be used by this client, as enable-debug-command says.
bool DebugAllowed(const Connection& connection);
extern const char* const kDebugNotAllowed;

}  // namespace server
