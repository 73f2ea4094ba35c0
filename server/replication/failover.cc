// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/failover.h"

#include <utility>

#include <fmt/format.h>

#include "server/pause.h"
#include "server/replication/feed.h"
#include "server/replication/replica_link.h"
#include "server/replication/replicas.h"
#include "server/server.h"

namespace server {

Failover::~Failover() = default;

std::string_view Failover::state_name() const {
  switch (state_) {
    case State::kWaitForSync:
      return "waiting-for-sync";
    case State::kInProgress:
      return "failover-in-progress";
    case State::kNone:
      break;
  }
  return "no-failover";
}

void Failover::Start(Plan plan) {
  plan_ = std::move(plan);
  state_ = State::kWaitForSync;
  deadline_ms_ = plan_.timeout_ms > 0 ? server_.clock().NowMs() + plan_.timeout_ms : 0;
  server_.pause().HoldWrites();
  server_.log().Notice(plan_.host.empty()
                           ? "FAILOVER requested."
                           : fmt::format("FAILOVER requested to {}:{}.", plan_.host, plan_.port));
}

void Failover::End() {
  state_ = State::kNone;
  plan_ = {};
  server_.pause().ReleaseWrites();
}

void Failover::Abort(std::string_view why) {
  server_.log().Notice(fmt::format("Failover aborted: {}", why));
  if (state_ == State::kInProgress) server_.replica_link().Promote();
  End();
}

bool Failover::IsTarget(const Replica& replica) const {
  if (replica.state != Replica::State::kOnline) return false;
  return plan_.host.empty() ||
         (Replicas::AddressOf(replica) == plan_.host && Replicas::PortOf(replica) == plan_.port);
}

void Failover::Look() {
  if (state_ != State::kWaitForSync) return;
  const bool late = deadline_ms_ != 0 && server_.clock().NowMs() >= deadline_ms_;
  if (late && !plan_.force) {
    Abort("Replica never caught up before timeout");
    return;
  }
  // What the open turn says is not on its way yet.
  const uint64_t all = server_.feed().offset();
  // Nobody is asked how far he is: that would make the stream longer, and replicas say so each
  // second by themselves.
  for (const Replica* const replica : server_.replicas().all()) {
    if (IsTarget(*replica) && (late || replica->acked_offset >= all)) {
      HandOver(*replica);
      return;
    }
  }
  if (late) Abort("Failover target is no longer a replica");
}

void Failover::HandOver(const Replica& target) {
  state_ = State::kInProgress;
  const std::string host = Replicas::AddressOf(target);
  const auto port = static_cast<int>(Replicas::PortOf(target));
  server_.log().Notice(fmt::format("Failover target is {}:{}", host, port));
  server_.replica_link().HandOver(host, port);
}

void Failover::OnAnswer(bool agreed) {
  if (state_ != State::kInProgress) return;
  if (agreed) {
    End();
  } else {
    Abort("Failover target rejected psync request");
  }
}

}  // namespace server
