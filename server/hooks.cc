// SPDX-License-Identifier: BSD-3-Clause
#include "server/hooks.h"

#include <string>

#include "server/connection.h"
#include "server/instruments.h"
#include "server/monitors.h"
#include "server/pause.h"
#include "server/server.h"
#include "server/turns.h"

namespace server {
namespace {

constexpr std::string_view kNoAuthError = "NOAUTH Authentication required.";
constexpr std::string_view kMisconf = "MISCONF Errors writing to the AOF file: ";

}  // namespace

ServerHooks::Verdict ServerHooks::Refuse(Connection& connection, const datatypes::CommandSpec& spec,
                                         std::string_view error) {
  ++server_.stats().ForCommand(spec).rejected_calls;
  server_.stats().CountError(error);
  connection.writer().Error(error);
  return Verdict::kHandled;
}

ServerHooks::Verdict ServerHooks::Admit(datatypes::Session& session,
                                        const datatypes::CommandSpec& spec,
                                        datatypes::Args /*args*/) {
  auto& connection = static_cast<Connection&>(session);
  if (!connection.authenticated() && (spec.flags & datatypes::kNoAuth) == 0) [[unlikely]] {
    return Refuse(connection, spec, kNoAuthError);
  }
  if ((spec.flags & datatypes::kAdmin) != 0 && spec.name == "debug" && !DebugAllowed(connection))
      [[unlikely]] {
    return Refuse(connection, spec, kDebugNotAllowed);
  }
  if ((spec.flags & datatypes::kWrite) != 0 && !server_.store().Writable()) [[unlikely]] {
    return Refuse(connection, spec, std::string(kMisconf) + server_.store().write_error());
  }
  // What is written now could only join those whose replies wait.
  if ((spec.flags & datatypes::kWrite) != 0 && server_.turns().failing()) [[unlikely]] {
    return Refuse(connection, spec, std::string(kMisconf) + server_.turns().failure());
  }
  if (server_.pause().mode() != PauseState::Mode::kNone) [[unlikely]] {
    if (server_.pause().Holds(spec)) {
      connection.postponed = true;
      return Verdict::kPostpone;
    }
  }
  return Verdict::kRun;
}

void ServerHooks::OnRejected(datatypes::Session& /*session*/, const datatypes::CommandSpec* spec,
                             const datatypes::Error& error) {
  if (spec != nullptr) ++server_.stats().ForCommand(*spec).rejected_calls;
  server_.stats().CountError(error.text());
}

void ServerHooks::OnStart(datatypes::Session& session, const datatypes::CommandSpec& spec,
                          datatypes::Args args) {
  auto& connection = static_cast<Connection&>(session);
  connection.last_command = &spec;
  connection.postponed = false;
  // Others are shown when they are done, as in Redis: SELECT with the new database.
  if (!server_.monitors().empty() && (spec.flags & datatypes::kBlocking) != 0) [[unlikely]] {
    ShowToMonitors(connection, spec, args);
  }
}

void ServerHooks::ShowToMonitors(const Connection& connection, const datatypes::CommandSpec& spec,
                                 datatypes::Args args) {
  constexpr uint32_t kNotShown = datatypes::kSkipMonitor | datatypes::kAdmin;
  if ((spec.flags & kNotShown) == 0) {
    server_.monitors().Feed(connection, connection.db(), spec, args);
  }
}

void ServerHooks::OnDone(datatypes::Session& session, const datatypes::CommandSpec& spec,
                         datatypes::Args args, int64_t duration_us, const datatypes::Error* error) {
  ServerStats& stats = server_.stats();
  ++stats.commands_processed;
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
    stats.CountError(error->text());
  }
  server_.instruments().OnCommand(static_cast<Connection&>(session), spec, args, duration_us);
}

}  // namespace server
