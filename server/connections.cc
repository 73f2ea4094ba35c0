// SPDX-License-Identifier: BSD-3-Clause
#include "server/connections.h"

#include <algorithm>
#include <utility>

#include "server/monitors.h"
#include "server/pubsub.h"
#include "server/replication/replica_link.h"
#include "server/replication/replicas.h"
#include "server/server.h"
#include "server/tracking.h"
#include "server/turns.h"

namespace server {

Connections::Connections(Server& server)
    : server_(server),
      // Its being on is all it is for.
      spin_(server.loop(), LoopHook::Kind::kSpin, nullptr, [](void*) {}) {}

Connections::~Connections() {
  CloseAll();
}

Connection& Connections::Add(int fd, Endpoints endpoints) {
  const uint64_t id = next_id_++;
  auto connection = std::make_unique<Connection>(server_, id, fd, std::move(endpoints));
  return *all_.emplace(id, std::move(connection)).first->second;
}

Connection* Connections::Find(uint64_t id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : found->second.get();
}

void Connections::Reap() {
  // Closing one may tell others to close.
  while (!closing_.empty()) {
    Connection* const connection = closing_.back();
    closing_.pop_back();
    if (connection->from_primary()) server_.replica_link().OnClosed(*connection);
    server_.dispatcher().Cancel(*connection);
    server_.turns().Forget(*connection);
    server_.monitors().Remove(*connection);
    server_.replicas().Forget(*connection);
    server_.pubsub().Forget(*connection);
    server_.tracking().Disable(*connection);
    connection->DiscardTransaction();
    if (connection->in_backlog_) std::erase(backlog_, connection);
    all_.erase(connection->id());
  }
}

void Connections::CloseAll() {
  for (const auto& [id, connection] : all_) connection->CloseSoon();
  Reap();
}

void Connections::AddBacklog(Connection& connection) {
  if (connection.in_backlog_ || connection.closing()) return;
  connection.in_backlog_ = true;
  backlog_.push_back(&connection);
  spin_.Set(true);
}

void Connections::RunBacklog() {
  // What is added from here on is for the next iteration.
  spin_.Set(false);
  if (backlog_.empty()) return;
  running_.swap(backlog_);
  for (Connection* const connection : running_) {
    connection->in_backlog_ = false;
    connection->RunBuffered();
  }
  running_.clear();
}

void Connections::Cron(int64_t now_ms, int64_t hz) {
  const size_t visits = all_.size() / static_cast<size_t>(std::max<int64_t>(hz, 1)) + 1;
  for (size_t i = 0; i < visits; ++i) {
    const auto next = all_.lower_bound(cron_next_id_);
    if (next == all_.end()) {
      cron_next_id_ = 0;
      buffer_bytes_ = std::exchange(counting_bytes_, 0);
      return;
    }
    Connection& connection = *next->second;
    cron_next_id_ = connection.id() + 1;
    connection.CheckLimits(now_ms);
    counting_bytes_ += connection.MemoryUsage();
    ServerStats& stats = server_.stats();
    stats.max_input_buffer = std::max<uint64_t>(stats.max_input_buffer, connection.query_bytes());
    stats.max_output_buffer =
        std::max<uint64_t>(stats.max_output_buffer, connection.output_memory());
  }
}

}  // namespace server
