// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/command_spec.h"
#include "datatypes/command_table.h"
#include "datatypes/notifications.h"
#include "datatypes/session.h"
#include "lsm/store.h"

namespace datatypes {

// What the server adds to running a command. Loop thread.
class DispatchHooks {
 public:
  enum class Verdict : uint8_t {
    kRun,
    kHandled,   // The hook has written the reply itself (QUEUED, an error).
    kPostpone,  // CLIENT PAUSE: park it; Dispatcher::RetryPostponed runs it later.
  };
  virtual ~DispatchHooks() = default;
  // After look-up and arity: authentication, ACL, subscribed mode, MULTI's queue, pause, -MISCONF,
  // -OOM …
  virtual Verdict Admit(Session& session, const CommandSpec& spec, Args args) = 0;
  // A request that was never run: unknown (spec is nullptr) or of wrong arity; MULTI must know.
  virtual void OnRejected(Session& session, const CommandSpec* spec, const Error& error) = 0;
  // Right before the handler runs the first time (MONITOR).
  virtual void OnStart(Session& session, const CommandSpec& spec, Args args) = 0;
  // The handler has run and goes on later, as a suspension: others' commands come in between.
  virtual void OnSuspended(Session& /*session*/, const CommandSpec& /*spec*/, Args /*args*/) {}
  // The command is done: statistics, slow log. `error` is set when the reply is one.
  virtual void OnDone(Session& session, const CommandSpec& spec, Args args, int64_t duration_us,
                      const Error* error) = 0;
};

// Runs commands: look up, check arity, ask the hooks, load what is declared and not resident
// (parking the session meanwhile), run the handler, turn an Error into a reply; in that order, and
// only here. Loop thread only.
class Dispatcher {
 public:
  Dispatcher(lsm::Store& store, lsm::Clock& clock, const CommandTable& table,
             const Notifier& notifier, const Settings& settings, DispatchHooks& hooks);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // The loop begins to run commands: time is read anew. Once this was called, it must be called at
  // the start of every turn; in exchange a command costs one reading of the clock.
  void BeginTurn();

  enum class Outcome : uint8_t { kDone, kParked };

  // Runs one request of the session; its reply is in session.writer() when kDone. kParked: it
  // waits, and session.OnUnparked() follows. Requires !session.parked() and a non-empty `args`.
  Outcome Execute(Session& session, Args args);

  // Runs a command that was looked up and admitted before (EXEC, scripts): no parking; of the hooks
  // only OnStart and OnDone are called. The reply goes to `reply`.
  void ExecuteNow(Session& session, const CommandSpec& spec, Args args, resp::Writer& reply);

  // Joins `waiter` to the loads of what `args` declares and is not resident, for a session that
  // will run several commands at once (EXEC, a script) or pipelines ahead. True: all is resident.
  bool Prefetch(Session& session, const CommandSpec& spec, Args args, lsm::LoadWaiter& waiter);

  // Goes on with the commands whose loads have arrived or that were woken, in the order in which
  // that happened. To be called after Store::RunCompletions() and after any Wake() from outside of
  // a command; Execute() does it by itself when its command is done.
  void RunReady();
  // Lets a suspended command of the session go on (what it waited for, other than loads, happened),
  // at the next RunReady(). Nothing happens if the session has no such command.
  void Wake(Session& session);
  // Ends the wait of a blocked session: as a time-out, or with an error reply. False: not blocked.
  bool Unblock(Session& session, const Error* error);
  // True when the session's parked command is a blocking one.
  bool IsBlocked(const Session& session) const;
  // True when the session's parked command has written a part of its reply, is writing it, or has
  // finished without the session knowing yet: nothing else may be put into the output.
  bool IsReplying(const Session& session) const;
  // Forgets the session's waiting command without a reply: the client is gone.
  void Cancel(Session& session);
  // Ends blocks whose deadline has come and goes on with commands that only yielded; returns when
  // (ms) it wants to be called next, 0 for never: a time that has come already means next turn.
  int64_t RunDeadlines();
  // Runs what Verdict::kPostpone parked.
  void RetryPostponed();

  // Whose command runs right now (of EXEC and scripts: who sent that); nullptr: none does.
  const Session* running() const;

  size_t parked_sessions() const;
  size_t blocked_sessions() const;
  // Keys that anybody waits for; and those whose deletion would end a wait, too.
  size_t awaited_keys() const;
  size_t awaited_deletions() const;
  // Keys that reading commands found and did not find, for INFO.
  uint64_t keyspace_hits() const;
  uint64_t keyspace_misses() const;
  void ResetStats();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The keys that a command names, by its specifications or its own function. Errors as COMMAND
// GETKEYS words them.
Result<void> FindKeys(const CommandSpec& spec, Args args, std::vector<KeyRef>& keys);

}  // namespace datatypes
