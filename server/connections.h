// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <absl/container/btree_map.h>

#include "server/connection.h"
#include "server/event_loop.h"

namespace server {

class Server;

// All clients, in the order they came. Owns them; each is destroyed at the end of the iteration in
// which it was told to close, so that nobody loses one under his feet. Loop thread only.
class Connections {
 public:
  using Map = absl::btree_map<uint64_t, std::unique_ptr<Connection>>;

  explicit Connections(Server& server);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Takes the socket over.
  Connection& Add(int fd, Endpoints endpoints);
  // nullptr: there is none.
  Connection* Find(uint64_t id) const;
  const Map& all() const { return all_; }
  // Those not yet told to close count, too.
  size_t size() const { return all_.size(); }

  // Connection::CloseSoon.
  void ScheduleClose(Connection& connection) { closing_.push_back(&connection); }
  // Destroys them. At the end of an iteration.
  void Reap();
  // Server shutdown.
  void CloseAll();

  // The connection has requests to run that wait for nothing: in this iteration if it is not over,
  // else in the next, for which the loop then does not sleep.
  void AddBacklog(Connection& connection);
  void RunBacklog();
  // The loop does not sleep before it has gone round once more.
  void KeepSpinning() { spin_.Set(true); }

  // One tick of `hz` a second: visits as many connections as it takes to see each once a second.
  void Cron(int64_t now_ms, int64_t hz);

  // Bytes in all buffers as of the last round of Cron; for the memory budget and INFO.
  size_t buffer_bytes() const { return buffer_bytes_; }

  uint64_t next_id() const { return next_id_; }

 private:
  Server& server_;
  Map all_;
  uint64_t next_id_ = 1;
  std::vector<Connection*> closing_;
  std::vector<Connection*> backlog_;
  std::vector<Connection*> running_;
  LoopHook spin_;
  uint64_t cron_next_id_ = 0;
  size_t buffer_bytes_ = 0;
  size_t counting_bytes_ = 0;
};

}  // namespace server
