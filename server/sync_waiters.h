// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

namespace server {

class Connection;
class Server;

// Who waits (WAITAOF) until what he has written is on disk for sure. Loop thread only.
class SyncWaiters {
 public:
  explicit SyncWaiters(Server& server) : server_(server) {}
  SyncWaiters(const SyncWaiters&) = delete;
  SyncWaiters& operator=(const SyncWaiters&) = delete;

  void Add(Connection& connection) { waiting_.push_back(&connection); }
  void Remove(Connection& connection) { std::erase(waiting_, &connection); }

  // After each commit: asks for an fsync if somebody waits for one, and wakes all when one came.
  void AfterTurn();

 private:
  Server& server_;
  std::vector<Connection*> waiting_;
  uint64_t requested_seq_ = 0;
  uint64_t seen_synced_seq_ = 0;
};

}  // namespace server
