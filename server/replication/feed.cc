// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/feed.h"

#include <array>

#include "datatypes/to_replicas.h"

namespace server {

using datatypes::ToReplicas;

namespace {

constexpr std::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";
// A turn's bytes are kept for the next turn's use up to here.
constexpr size_t kKeptBytes = size_t{256} << 10;

}  // namespace

void ReplicationFeed::Listen(bool on) {
  if (on == listening_) return;
  listening_ = on;
  changes_ = 0;
  suppressed_ = false;
  instead_.clear();
  told_.clear();
  OnUndo();
  on_listen_(on);
}

// ---- What happens ------------------------------------------------------------------------------

void ReplicationFeed::OnVanished(uint32_t db, std::string_view key) {
  --changes_;
  unit_.push_back({db, ToReplicas::Encode(std::array<std::string_view, 2>{"DEL", key})});
}

void ReplicationFeed::OnSaid(std::string_view what, uint32_t db, std::string_view command) {
  if (what == ToReplicas::kInstead) {
    suppressed_ = true;
    instead_.emplace_back(command);
  } else if (what == ToReplicas::kNothing) {
    suppressed_ = true;
  } else if (what == ToReplicas::kAlways) {
    NoteChange();
  } else if (what == ToReplicas::kAtOnce) {
    unit_.push_back({db, std::string(command)});
  }
}

// True: something was told.
bool ReplicationFeed::Take(const datatypes::CommandSpec& spec, uint32_t db, datatypes::Args args,
                           bool muted) {
  const bool changed = std::exchange(changes_, 0) > 0;
  const bool suppressed = std::exchange(suppressed_, false);
  std::vector<std::string> instead = std::exchange(instead_, {});
  // Those that only read may still have put what they read in order; that is nobody else's affair.
  constexpr uint32_t kTold = datatypes::kWrite | datatypes::kMayReplicate;
  if (!changed || muted || (spec.flags & kTold) == 0) return false;
  const bool any = !suppressed || !instead.empty();
  for (std::string& bytes : instead) unit_.push_back({db, std::move(bytes)});
  if (!suppressed) unit_.push_back({db, ToReplicas::Encode(args)});
  return any;
}

void ReplicationFeed::EndCommand(const datatypes::Session& session,
                                 const datatypes::CommandSpec& spec, uint32_t db,
                                 datatypes::Args args, bool muted) {
  const bool told = !told_.empty() && together_ == 0 && std::erase(told_, &session) > 0;
  Take(spec, db, args, muted || told);
  EndUnit();
}

void ReplicationFeed::PauseCommand(const datatypes::Session& session,
                                   const datatypes::CommandSpec& spec, uint32_t db,
                                   datatypes::Args args, bool blocks) {
  if (Take(spec, db, args, /*muted=*/false) && !blocks) told_.push_back(&session);
  EndUnit();
}

void ReplicationFeed::EndUnit() {
  if (together_ > 0 || unit_.empty()) return;
  const bool several = unit_.size() > 1;
  if (several) {
    Select(unit_.front().db);
    pending_ += kMulti;
  }
  for (const Command& command : unit_) Write(command);
  if (several) pending_ += kExec;
  unit_.clear();
}

// ---- The stream --------------------------------------------------------------------------------

void ReplicationFeed::Select(uint32_t db) {
  if (db == selected_db_) return;
  selected_db_ = db;
  const std::string number = std::to_string(db);
  pending_ += ToReplicas::Encode(std::array<std::string_view, 2>{"SELECT", number});
}

void ReplicationFeed::Write(const Command& command) {
  Select(command.db);
  pending_ += command.bytes;
}

void ReplicationFeed::OnCommit() {
  if (!listening_) return;
  // What the sweeper did: one by one.
  for (const Command& command : unit_) Write(command);
  unit_.clear();
  if (pending_.empty()) return;
  stream_.Append(pending_);
  pending_.clear();
  if (pending_.capacity() > kKeptBytes) pending_.shrink_to_fit();
}

void ReplicationFeed::OnUndo() {
  unit_.clear();
  pending_.clear();
  ForgetDatabase();
}

void ReplicationFeed::AppendPlain(datatypes::Args args) {
  if (listening_) pending_ += ToReplicas::Encode(args);
}

}  // namespace server
