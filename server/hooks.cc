// SPDX-License-Identifier: BSD-3-Clause
#include "server/hooks.h"

#include <array>
#include <string>

#include "server/connection.h"
#include "server/instruments.h"
#include "server/migrator.h"
#include "server/monitors.h"
#include "server/pause.h"
#include "server/replication/feed.h"
#include "server/replication/replica_link.h"
#include "server/replication/replica_rules.h"
#include "server/replication/replicas.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/tracking.h"
#include "server/transaction.h"
#include "server/turns.h"
#include "server/watch_table.h"

namespace server {
namespace {

constexpr std::string_view kNoAuthError = "NOAUTH Authentication required.";
constexpr std::string_view kMisconf = "MISCONF Errors writing to the AOF file: ";

constexpr std::string_view kExecName = "exec";
constexpr std::string_view kNotInMulti = "ERR Command not allowed inside a transaction";

bool IsExec(const datatypes::CommandSpec& spec) {
  return spec.group == "transactions" && spec.name == kExecName;
}

// EVAL, FCALL and their kin.
bool RunsScript(const datatypes::CommandSpec& spec) {
  return spec.group == "scripting" && (spec.flags & datatypes::kSkipMonitor) != 0;
}

// Those that are not queued.
bool RunsInMulti(const datatypes::CommandSpec& spec) {
  const std::string_view name = spec.name;
  if (spec.group == "transactions") return name != "unwatch";
  return spec.group == "connection" && (name == "quit" || name == "reset");
}

// In RESP2, where a client could not tell a reply from a message.
bool AllowedWhenSubscribed(const datatypes::CommandSpec& spec) {
  if (spec.group == "pubsub") return spec.name.ends_with("subscribe");
  const std::string_view name = spec.name;
  return spec.group == "connection" && (name == "ping" || name == "quit" || name == "reset");
}

std::string NotWhenSubscribed(std::string_view full_name) {
  return "ERR Can't execute '" + std::string(full_name) +
         "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
         "context";
}

// EXEC itself was refused: the transaction is over.
std::string ExecAborted(std::string_view error) {
  constexpr std::string_view kPlainCode = "ERR ";
  if (error.starts_with(kPlainCode)) error.remove_prefix(kPlainCode.size());
  return "EXECABORT Transaction discarded because of: " + std::string(error);
}

}  // namespace

ServerHooks::Verdict ServerHooks::Refuse(Connection& connection, const datatypes::CommandSpec& spec,
                                         std::string_view error) {
  connection.writer().Error(error);
  OnRejected(connection, &spec, datatypes::Error(error));
  return Verdict::kHandled;
}

// The stream is obeyed whatever the rules for clients say.
ServerHooks::Verdict ServerHooks::AdmitFromPrimary(Connection& connection,
                                                   const datatypes::CommandSpec& spec,
                                                   datatypes::Args args) {
  if (spec.name == "replconf") {
    // GETACK: nothing else comes.
    server_.replica_link().SendAck();
    return Verdict::kHandled;
  }
  if (connection.transaction == nullptr || RunsInMulti(spec)) return Verdict::kRun;
  connection.last_command = &spec;
  connection.transaction->Queue(spec, spec.flags, args);
  return Verdict::kHandled;
}

ServerHooks::Verdict ServerHooks::Admit(datatypes::Session& session,
                                        const datatypes::CommandSpec& spec, datatypes::Args args) {
  auto& connection = static_cast<Connection&>(session);
  if (connection.from_primary()) [[unlikely]]
    return AdmitFromPrimary(connection, spec, args);
  Transaction* const transaction = connection.transaction.get();
  // EXEC does what its queue does.
  uint32_t flags = spec.flags;
  uint32_t all_flags = spec.flags;
  if (!connection.authenticated() && (spec.flags & datatypes::kNoAuth) == 0) [[unlikely]] {
    if (!server_.settings().requirepass.empty()) return Refuse(connection, spec, kNoAuthError);
    connection.set_authenticated(true);  // The password was taken away since it connected.
  }
  if ((spec.flags & datatypes::kAdmin) != 0 && spec.name == "debug" && !DebugAllowed(connection))
      [[unlikely]] {
    return Refuse(connection, spec, kDebugNotAllowed);
  }
  if (server_.scripts().busy() && (spec.flags & datatypes::kAllowBusy) == 0) [[unlikely]] {
    return Refuse(connection, spec, server_.scripts().busy_error());
  }
  // Scripts may say what they do; that matters to a pause, now or at EXEC.
  const bool paused = server_.pause().mode() != PauseState::Mode::kNone;
  if ((transaction != nullptr || paused) && RunsScript(spec)) [[unlikely]] {
    flags = server_.scripts().FlagsOf(spec, args);
  }
  if (transaction != nullptr) {
    if ((flags & datatypes::kNoMulti) != 0) return Refuse(connection, spec, kNotInMulti);
    if (IsExec(spec)) {
      flags |= transaction->any_flags();
      all_flags &= transaction->all_flags();
    }
  }
  if ((flags & datatypes::kWrite) != 0 && !server_.store().Writable()) [[unlikely]] {
    return Refuse(connection, spec, std::string(kMisconf) + server_.store().write_error());
  }
  // What is written now could only join those whose replies wait.
  if ((flags & datatypes::kWrite) != 0 && server_.turns().failing()) [[unlikely]] {
    return Refuse(connection, spec, std::string(kMisconf) + server_.turns().failure());
  }
  if ((flags & datatypes::kWrite) != 0 && server_.settings().min_replicas_to_write > 0)
      [[unlikely]] {
    if (!server_.replicas().EnoughToWrite()) return Refuse(connection, spec, kNoReplicas);
  }
  if (const auto refusal = ReplicaRefusal(server_, flags, all_flags); !refusal.empty())
      [[unlikely]] {
    return Refuse(connection, spec, refusal);
  }
  if (connection.in_subscribed_mode() && !AllowedWhenSubscribed(spec)) [[unlikely]] {
    return Refuse(connection, spec, NotWhenSubscribed(server_.commands().FullName(spec)));
  }
  if (paused && server_.pause().Holds(flags) && !connection.is_replica) [[unlikely]] {
    connection.last_command = &spec;
    connection.postponed = true;
    return Verdict::kPostpone;
  }
  if (transaction != nullptr && !RunsInMulti(spec)) {
    connection.last_command = &spec;
    connection.postponed = false;
    if (connection.watches == nullptr || !connection.watches->dirty)
      transaction->Queue(spec, flags, args);
    connection.writer().SimpleString("QUEUED");
    return Verdict::kHandled;
  }
  if (!server_.migrator().idle() && server_.migrator().MustWait(connection, spec, args))
      [[unlikely]] {
    connection.postponed = true;
    return Verdict::kPostpone;
  }
  return Verdict::kRun;
}

void ServerHooks::OnRejected(datatypes::Session& session, const datatypes::CommandSpec* spec,
                             const datatypes::Error& error) {
  if (spec != nullptr) ++server_.stats().ForCommand(*spec).rejected_calls;
  auto& connection = static_cast<Connection&>(session);
  if (connection.from_primary()) [[unlikely]]
    TellPrimarysError(connection, spec, error);
  if (connection.tracking != nullptr) connection.tracking->last_was_client = false;
  if (spec != nullptr && IsExec(*spec)) [[unlikely]] {
    const std::string text = ExecAborted(error.text());
    server_.stats().CountError(text);
    connection.ReplaceReply(text);
    connection.DiscardTransaction();
    if (!server_.monitors().empty()) ShowToMonitors(connection, *spec, std::array{kExecName});
    return;
  }
  server_.stats().CountError(error.text());
  if (connection.transaction != nullptr) connection.transaction->Fail();
}

void ServerHooks::TellPrimarysError(Connection& connection, const datatypes::CommandSpec* spec,
                                    const datatypes::Error& error) {
  ReplicaLink& link = server_.replica_link();
  if (error.text().starts_with("MISCONF ")) {
    link.OnUnwritable(connection);
  } else {
    link.OnError(connection, spec == nullptr ? "<unknown>" : spec->name, error.text());
  }
}

void ServerHooks::OnStart(datatypes::Session& session, const datatypes::CommandSpec& spec,
                          datatypes::Args args) {
  auto& connection = static_cast<Connection&>(session);
  // To others the client runs EVAL, not what the script calls.
  if (!server_.scripts().RunsFor(session)) connection.last_command = &spec;
  connection.postponed = false;
  if (connection.parked()) server_.turns().AddPart(connection);  // A part of a long reply.
  if (server_.monitors().empty()) return;
  // Others are shown when they are done, as in Redis: SELECT with the new database. A script is
  // shown before the commands that it calls.
  if ((spec.flags & datatypes::kBlocking) != 0) {
    ShowToMonitors(connection, spec, args);
  } else if (RunsScript(spec)) {
    server_.monitors().Feed(connection, /*in_script=*/false, connection.db(), spec, args);
  }
}

void ServerHooks::ShowToMonitors(const Connection& connection, const datatypes::CommandSpec& spec,
                                 datatypes::Args args) {
  constexpr uint32_t kNotShown = datatypes::kSkipMonitor | datatypes::kAdmin;
  if ((spec.flags & kNotShown) == 0) {
    server_.monitors().Feed(connection, server_.scripts().RunsFor(connection), connection.db(),
                            spec, args);
  }
}

void ServerHooks::OnSuspended(datatypes::Session& session, const datatypes::CommandSpec& spec,
                              datatypes::Args args) {
  const auto& connection = static_cast<Connection&>(session);
  ReplicationFeed& feed = server_.feed();
  if (feed.listening()) [[unlikely]]
    feed.PauseCommand(session, spec, session.db(), args, server_.dispatcher().IsBlocked(session));
  if (connection.tracking != nullptr && (spec.flags & datatypes::kReadonly) != 0) [[unlikely]] {
    server_.tracking().Remember(connection, spec, args);
  }
}

void ServerHooks::Track(Connection& connection, const datatypes::CommandSpec& spec,
                        datatypes::Args args) {
  if ((spec.flags & datatypes::kReadonly) != 0) server_.tracking().Remember(connection, spec, args);
  connection.tracking->last_was_client =
      spec.group == "connection" && server_.commands().FullName(spec).starts_with("client|");
}

void ServerHooks::TellReplicas(Connection& connection, const datatypes::CommandSpec& spec,
                               datatypes::Args args) {
  ReplicationFeed& feed = server_.feed();
  if (const scripting::ScriptRun* const run = server_.scripts().running(); run != nullptr) {
    const ReplicationFeed::Together within_script(feed);
    feed.EndCommand(connection, spec, connection.db(), args, !run->replicates);
  } else {
    feed.EndCommand(connection, spec, connection.db(), args, /*muted=*/false);
  }
  connection.stream_offset = feed.offset();
}

void ServerHooks::OnDone(datatypes::Session& session, const datatypes::CommandSpec& spec,
                         datatypes::Args args, int64_t duration_us, const datatypes::Error* error) {
  ServerStats& stats = server_.stats();
  ++stats.commands_processed;
  if ((spec.flags & datatypes::kWrite) != 0) static_cast<Connection&>(session).NoteWrite();
  stats.eventloop_cmd_duration_us += static_cast<uint64_t>(duration_us);
  CommandStats& command = stats.ForCommand(spec);
  ++command.calls;
  command.usec += static_cast<uint64_t>(duration_us);
  if (server_.settings().latency_tracking) {
    if (command.latency == nullptr) command.latency = std::make_unique<LatencyHistogram>();
    command.latency->Record(static_cast<uint64_t>(duration_us));
  }
  if (!server_.monitors().empty() && (spec.flags & datatypes::kBlocking) == 0) [[unlikely]] {
    ShowToMonitors(static_cast<Connection&>(session), spec, args);
  }
  if (error != nullptr) [[unlikely]] {
    ++command.failed_calls;
    if (!server_.scripts().TakeErrorCounted()) stats.CountError(error->text());
  }
  auto& connection = static_cast<Connection&>(session);
  if (server_.feed().listening()) [[unlikely]]
    TellReplicas(connection, spec, args);
  if (error != nullptr && connection.from_primary()) [[unlikely]]
    TellPrimarysError(connection, &spec, *error);
  server_.tracking().AfterCommand();
  if (connection.tracking != nullptr) [[unlikely]]
    Track(connection, spec, args);
  server_.instruments().OnCommand(connection, spec, args, duration_us);
}

}  // namespace server
