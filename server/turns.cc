// SPDX-License-Identifier: BSD-3-Clause
#include "server/turns.h"

#include <algorithm>
#include <utility>

#include "server/connection.h"
#include "server/replication/feed.h"
#include "server/replication/replica_link.h"
#include "server/server.h"

namespace server {

void Turns::Forget(Connection& connection) {
  if (connection.in_turn_) std::erase(writers_, &connection);
  if (connection.awaits_promise_) std::erase(waiting_, &connection);
}

void Turns::SendFirst(Connection& connection) {
  connection.sends_first_ = true;
  any_first_ = true;
}

void Turns::PutFirst(std::vector<Connection*>& list) {
  std::ranges::stable_partition(list, [](const Connection* each) { return each->sends_first_; });
}

void Turns::AddPart(Connection& connection) {
  if (connection.in_turn_) return;
  connection.in_turn_ = true;
  Add(connection);
}

bool Turns::Commit() {
  if (failing_ && server_.clock().MonotonicUs() < retry_at_us_) return false;
  server_.replica_link().BeforeCommit();
  const lsm::Status status = server_.store().CommitTurn();
  if (status.ok()) {
    server_.replica_link().AfterCommit();
    if (failing_) server_.log().Notice("The commit log takes writes again");
    failing_ = false;
    server_.feed().OnCommit();
    return true;
  }
  ++server_.stats().commits_failed;
  failure_ = status.message();
  retry_at_us_ = server_.clock().MonotonicUs() + kRetryMs * 1000;
  if (!failing_) {
    failing_ = true;
    server_.log().Warning("Cannot append to the commit log, replies wait: " + status.message());
    // Who was answered before the failure may have been told of any change in the turn.
    for (Connection* writer : writers_) writer->tells_open_turn_ = true;
  }
  return false;
}

void Turns::CommitIfLarge() {
  // Not what a script that is not done has written, when others are served from within it.
  if (!busy_ && server_.store().TurnBytes() > kMaxTurnBytes) Commit();
}

void Turns::End() {
  busy_ = false;
  const bool committed = Commit();
  if (committed && !writers_.empty()) {
    FlushWriters();
  } else if (!committed) {
    FlushHarmless();
  }
  if (!waiting_.empty()) FlushWaiting();
}

// Those that tell nothing of the open turn need not wait for it.
void Turns::FlushHarmless() {
  const uint64_t seq = server_.store().committed_seq();
  const uint64_t promised = server_.store().promised_seq();
  scratch_.swap(writers_);
  for (Connection* writer : scratch_) {
    if (writer->tells_open_turn_) {
      writers_.push_back(writer);
      continue;
    }
    writer->in_turn_ = false;
    if (!writer->Release(seq, promised) && !writer->awaits_promise_) {
      writer->awaits_promise_ = true;
      waiting_.push_back(writer);
    }
    writer->Flush();
  }
  scratch_.clear();
}

void Turns::BeginBusy(bool has_written) {
  if (std::exchange(busy_, true)) return;
  if (!has_written && Commit()) {
    FlushWriters();
    return;
  }
  for (Connection* writer : writers_) writer->tells_open_turn_ = true;
}

void Turns::SendWhileBusy() {
  FlushHarmless();
  if (!waiting_.empty()) FlushWaiting();
}

void Turns::FlushWriters() {
  const uint64_t seq = server_.store().committed_seq();
  const uint64_t promised = server_.store().promised_seq();
  if (any_first_) PutFirst(writers_);
  // Sending cannot make anybody write, so the list does not change under us.
  for (Connection* writer : writers_) {
    writer->in_turn_ = false;
    writer->tells_open_turn_ = false;
    if (writer->Release(seq, promised)) {
      writer->sends_first_ = false;
    } else if (!writer->awaits_promise_) {
      writer->awaits_promise_ = true;
      waiting_.push_back(writer);
    }
    writer->Flush();
  }
  writers_.clear();
}

void Turns::FlushWaiting() {
  const uint64_t promised = server_.store().promised_seq();
  if (promised == flushed_promise_) return;
  flushed_promise_ = promised;
  if (any_first_) PutFirst(waiting_);
  std::erase_if(waiting_, [promised](Connection* connection) {
    if (!connection->ReleaseUpTo(promised)) {
      connection->Flush();
      return false;
    }
    connection->awaits_promise_ = false;
    connection->sends_first_ = false;
    connection->Flush();
    return true;
  });
  if (waiting_.empty() && writers_.empty()) any_first_ = false;
}

bool Turns::MayTellOpenTurn(const Connection& connection, datatypes::Args args) const {
  const datatypes::CommandSpec* const spec = connection.last_command;
  if (spec == nullptr) return false;
  constexpr uint32_t kAnything =
      datatypes::kWrite | datatypes::kMayReplicate | datatypes::kMovableKeys;
  if ((spec->flags & kAnything) != 0) return true;
  if ((spec->flags & datatypes::kReadonly) == 0) return spec->group == "transactions";
  std::vector<datatypes::KeyRef> keys;
  if (!datatypes::FindKeys(*spec, args, keys) || keys.empty()) return true;
  lsm::Store& store = server_.store();
  const uint64_t committed = store.committed_seq();
  return std::ranges::any_of(keys, [&](const datatypes::KeyRef& key) {
    const auto found = store.Find(connection.db(), args[key.index], lsm::Store::Access::kNoTouch);
    // What is not resident was not touched; of what is absent nobody knows when it went, and of a
    // collection not whether rows have changed.
    if (found.presence == lsm::Store::Presence::kNotResident) return false;
    return found.presence == lsm::Store::Presence::kAbsent || found.entry->has_collection() ||
           found.entry->ChangedAfter(committed);
  });
}

}  // namespace server
