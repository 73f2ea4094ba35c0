// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/btree_set.h>

#include "datatypes/blocked_keys.h"
#include "datatypes/dispatcher.h"
#include "datatypes/field_expiry.h"
#include "datatypes/parked_command.h"
#include "lsm/replica_store.h"

namespace datatypes {

// The dispatcher's works. A request that finds all it declares in RAM goes through Execute() from
// top to bottom without an allocation. Any other becomes a ParkedCommand, and comes back by
// RunReady(), where everything is looked at again: between its load's arrival and its turn, the key
// may have been changed, deleted or evicted. After kMaxLoadRounds such disappointments it runs all
// the same, and the handler loads on the spot what is missing: slow, but certain to end.
class Dispatcher::Impl final : public ParkingLot {
 public:
  Impl(lsm::Store& store, lsm::Clock& clock, const CommandTable& table, const Notifier& notifier,
       const Settings& settings, DispatchHooks& hooks)
      : store_(store),
        replica_store_(lsm::ReplicaStore::Of(store)),
        clock_(clock),
        table_(table),
        notifier_(notifier),
        settings_(settings),
        hooks_(hooks),
        blocked_keys_(store),
        field_expiry_(store, notifier, settings) {}

  void BeginTurn();
  Outcome Execute(Session& session, Args args);
  void ExecuteNow(Session& session, const CommandSpec& spec, Args args, resp::Writer& reply);
  bool Prefetch(Session& session, const CommandSpec& spec, Args args, lsm::LoadWaiter& waiter);

  // dispatcher_parking.cc
  void OnParkedReady(ParkedCommand& parked) override;
  void RunReady();
  void Wake(Session& session);
  bool Unblock(Session& session, const Error* error);
  static bool IsBlocked(const Session& session);
  static bool IsReplying(const Session& session);
  void Cancel(Session& session);
  int64_t RunDeadlines();
  void RetryPostponed();

  const Session* running() const { return running_; }
  size_t parked_sessions() const { return parked_count_; }
  size_t blocked_sessions() const { return blocked_count_ + postponed_.size(); }
  const BlockedKeys& blocked_keys() const { return blocked_keys_; }
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }
  void ResetStats() { hits_ = misses_ = 0; }

 private:
  static constexpr int kMaxLoadRounds = 3;
  // Collections up to this many rows are loaded whole for commands that read all of them.
  static constexpr uint64_t kMaxWholeRows = 4096;
  // RunReady() within RunReady(): a woken session's next commands may wake others.
  static constexpr int kMaxReadyDepth = 16;

  // While a command of the primary's runs, or is looked at: it sees what has expired. A client's
  // command is left alone, which may be the one that changes the mode.
  class ExpiryView {
   public:
    ExpiryView(lsm::ReplicaStore& store, const Session& session)
        : store_(&session == store.primary() ? &store : nullptr), outer_(store.expiry_mode()) {
      if (store_ != nullptr) store_->SetExpiryMode(lsm::ReplicaStore::ExpiryMode::kKeep);
    }
    ~ExpiryView() {
      if (store_ != nullptr) store_->SetExpiryMode(outer_);
    }
    ExpiryView(const ExpiryView&) = delete;
    ExpiryView& operator=(const ExpiryView&) = delete;

   private:
    lsm::ReplicaStore* const store_;
    const lsm::ReplicaStore::ExpiryMode outer_;
  };

  // What a look at the declared keys has found.
  struct Located {
    bool resident = true;
    size_t keys = 0;
    size_t first_index = 0;
    lsm::Entry* first = nullptr;
    uint64_t present = 0;
  };

  const CommandSpec* LookUp(std::string_view name);
  // The row of the command or subcommand, of fitting arity; nullptr after writing the error.
  const CommandSpec* Resolve(Session& session, Args args);
  void Reject(Session& session, const CommandSpec* spec, const Error& error);

  // What to do with a command that was admitted; `parked`, if given, is this very command.
  Outcome RunAdmitted(Session& session, const CommandSpec& spec, Args args, ParkedCommand* parked);
  Located Locate(Session& session, const CommandSpec& spec, Args args);
  void CountLookups(Session& session, const CommandSpec& spec, Args args, const Located& located);
  bool RowsResident(const CommandSpec& spec, Args args, lsm::Entry& entry, lsm::LoadWaiter& waiter);
  bool PrefetchKeys(Session& session, const CommandSpec& spec, Args args, lsm::LoadWaiter& waiter);
  Outcome RunHandler(Session& session, const CommandSpec& spec, Args args, const Located& located,
                     ParkedCommand* parked);
  // Writes the error reply in place of what came after `mark`. False: some of that is gone already.
  static bool WriteError(resp::Writer& reply, size_t mark, const Error& error);
  int64_t StartTimer();
  int64_t StopTimer(int64_t started_us);
  CommandContext MakeContext(Session& session, const CommandSpec& spec, Args args,
                             resp::Writer& reply, FoundKey* found);

  // dispatcher_parking.cc
  ParkedCommand& Spare();
  ParkedCommand& Park(Session& session, const CommandSpec& spec, Args args,
                      ParkedCommand::State state);
  void KeepSuspension(ParkedCommand& parked, CommandContext& ctx);
  void SetDeadline(ParkedCommand& parked, int64_t deadline_ms);
  void MakeReady(ParkedCommand& parked);
  void ServeBlocked();
  void Continue(ParkedCommand& parked);
  void Resume(ParkedCommand& parked);
  // The reply is written (or `error` is it): ends the command. The session is told at once, or,
  // from within another command, when that one is done.
  void Finish(ParkedCommand& parked, const Error* error);
  void Release(ParkedCommand& parked);
  // As a time-out, or with an error.
  void EndWait(ParkedCommand& parked, const Error* error);
  void Forget(ParkedCommand& parked);
  void EndSuspension(ParkedCommand& parked);
  static void Erase(std::vector<ParkedCommand*>& list, const ParkedCommand* parked);

  lsm::Store& store_;
  lsm::ReplicaStore& replica_store_;
  lsm::Clock& clock_;
  const CommandTable& table_;
  const Notifier& notifier_;
  const Settings& settings_;
  DispatchHooks& hooks_;
  BlockedKeys blocked_keys_;
  FieldExpiry field_expiry_;
  std::mt19937_64 random_{std::random_device{}()};

  // The command looked up last, by its name as sent: clients send the same again and again.
  std::array<char, 24> last_name_ = {};
  size_t last_name_bytes_ = 0;
  const CommandSpec* last_spec_ = nullptr;

  // Time. In a loop that announces its turns, the end of a command is the start of the next one,
  // and the time of day is what it was at the turn's start plus what has passed since.
  bool has_turns_ = false;
  int64_t turn_started_ms_ = 0;
  int64_t turn_started_us_ = 0;
  int64_t last_us_ = 0;
  int64_t now_ms_ = 0;
  int depth_ = 0;  // Handlers on the stack.
  const Session* running_ = nullptr;

  std::unique_ptr<ParkedCommand> spare_;
  std::deque<ParkedCommand*> ready_;
  std::vector<ParkedCommand*> yielded_;
  std::vector<ParkedCommand*> postponed_;
  absl::btree_set<std::pair<int64_t, ParkedCommand*>> deadlines_;
  int ready_depth_ = 0;
  size_t parked_count_ = 0;
  size_t blocked_count_ = 0;
  std::vector<KeyRef> found_keys_;  // Reused.
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace datatypes
