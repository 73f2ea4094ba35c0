// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <utility>

#include "datatypes/command_spec.h"
#include "datatypes/keyspace.h"
#include "datatypes/notifications.h"
#include "datatypes/session.h"
#include "datatypes/settings.h"
#include "resp/writer.h"

namespace datatypes {

class BlockedKeys;
class CommandTable;
struct ParkedCommand;

// A command that goes on later: it waits (for loads, a key, a sync, the time), or it answers in
// pieces. The dispatcher keeps it, with copies of the arguments, until it is done.
class Suspension : public lsm::LoadWaiter {
 public:
  // Goes on with the work. True: the reply is complete. False: it still waits: for its loads, for
  // Dispatcher::Wake (also called when the output buffer has drained), or, if it has set
  // ctx.yield, for its next chance to go on.
  // What is written goes out before the next call, so no Writer::Deferred may stay open between
  // calls. An Error after a part of the reply has gone out closes the session.
  virtual Result<bool> Resume(CommandContext& ctx) = 0;
  // Its deadline has come, or CLIENT UNBLOCK: writes the reply of a time-out.
  virtual void TimeOut(CommandContext& ctx) = 0;
  // The loads this waited for have arrived: the dispatcher resumes it soon; if one failed, it ends
  // it with that error.
  void OnLoaded() final;

 private:
  friend class Dispatcher;
  ParkedCommand* parked_ = nullptr;  // Of the dispatcher; set when it keeps this.
};

// All that a handler has. Valid for one call of the handler.
struct CommandContext {
  Args args;  // Name first; of a subcommand: {"CONFIG", "GET", …}.
  const CommandSpec& spec;
  Keyspace keyspace;  // The session's database.
  resp::Writer& reply;
  Session& session;
  const Notifier& notifier;
  int64_t now_ms;  // The same during one command, EXEC or script.
  const Settings& settings;
  const CommandTable& table;
  BlockedKeys& blocked_keys;
  std::mt19937_64& random;
  // False inside EXEC and scripts: then a handler must finish at once, and loads on the spot. Also
  // when it has waited for its loads and is run again.
  bool may_suspend = true;
  // False inside EXEC and scripts: a blocking command answers as if its time were over.
  bool may_block = true;

  // Filled by a handler that suspends. The deadline counts as now_ms does; 0: none.
  std::unique_ptr<Suspension> suspension = nullptr;
  int64_t suspension_deadline_ms = 0;
  bool suspension_is_block = false;  // Then CLIENT LIST shows flag b, INFO counts it as blocked.
  // Set by a suspended command that waits for nothing and only lets others run in between.
  bool yield = false;

  void Suspend(std::unique_ptr<Suspension> what) { suspension = std::move(what); }
  void Block(std::unique_ptr<Suspension> what, int64_t deadline_ms) {
    suspension = std::move(what);
    suspension_deadline_ms = deadline_ms;
    suspension_is_block = true;
  }

  // Keyspace notification, e.g. Notify(kNotifyString, "set", key). Cheap when nobody listens.
  void Notify(uint32_t event_class, std::string_view event, std::string_view key) const {
    notifier.Send(event_class, event, keyspace.db(), key);
  }
};

}  // namespace datatypes
