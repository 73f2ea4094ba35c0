// SPDX-License-Identifier: BSD-3-Clause
#include "server/scripts.h"

#include <optional>
#include <string>

#include "datatypes/errors.h"
#include "scripting/script_run.h"
#include "server/connection.h"
#include "server/replication/replica_rules.h"
#include "server/replication/replicas.h"
#include "server/server.h"
#include "server/turns.h"
#include "server/version.h"

namespace server {

using datatypes::Fail;
using datatypes::Result;

namespace {

scripting::ScriptEngine::Limits LimitsOf(const Settings& settings) {
  return {.lua_memory = static_cast<size_t>(settings.lua_memory_limit),
          .cache_bytes = static_cast<size_t>(settings.script_cache_limit)};
}

}  // namespace

Scripts::Scripts(Server& server) : server_(server) {
  const scripting::VmContext context{.host = *this,
                                     .dispatcher = server.dispatcher(),
                                     .commands = server.commands(),
                                     .redis_version = kRedisVersion};
  const scripting::ScriptEngine::Limits limits = LimitsOf(server.settings());
  engine_ = std::make_unique<scripting::ScriptEngine>(context, server.store(), limits);
  functions_ =
      std::make_unique<scripting::FunctionRegistry>(context, server.store(), limits.lua_memory);
}

Scripts::~Scripts() = default;

lsm::Status Scripts::Load() {
  LSM_RETURN_IF_ERROR(engine_->Load());
  return functions_->Load();
}

void Scripts::ApplyLimits() {
  engine_->SetLimits(LimitsOf(server_.settings()));
  functions_->SetLuaMemory(static_cast<size_t>(server_.settings().lua_memory_limit));
}

uint32_t Scripts::FlagsOf(const datatypes::CommandSpec& spec, datatypes::Args args) {
  const std::string_view name = spec.name;
  std::optional<uint32_t> said;
  if (name.starts_with("evalsha")) {
    said = engine_->FlagsOfSha(args[1]);
  } else if (name.starts_with("eval")) {
    said = engine_->FlagsOf(args[1]);
  } else if (const auto* const function = functions_->functions().FindFunction(args[1])) {
    said = function->flags;
  }
  if (!said || (*said & scripting::kNoShebang) != 0) return spec.flags;
  const uint32_t others = spec.flags & ~uint32_t{datatypes::kMayReplicate};
  return (*said & scripting::kNoWrites) != 0 ? others : others | datatypes::kWrite;
}

scripting::ScriptRun* Scripts::running() {
  scripting::ScriptRun* const script = engine_->vm().running();
  return script != nullptr ? script : functions_->vm().running();
}

bool Scripts::RunsFor(const datatypes::Session& session) {
  const scripting::ScriptRun* const run = running();
  return run != nullptr && &run->session == &session;
}

bool Scripts::busy() {
  const scripting::ScriptRun* const run = running();
  return run != nullptr && run->timed_out;
}

std::string_view Scripts::busy_error() {
  return running()->is_function
             ? "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN "
               "NOSAVE."
             : "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN "
               "NOSAVE.";
}

bool Scripts::TakeErrorCounted() {
  const bool in_script = engine_->vm().TakeErrorCounted();
  return functions_->vm().TakeErrorCounted() || in_script;
}

Result<void> Scripts::Kill(bool function) {
  scripting::ScriptRun* const run = running();
  if (run == nullptr) return Fail("NOTBUSY No scripts in execution right now.");
  if (run->is_function != function) return tl::unexpected(datatypes::Error(busy_error()));
  if (run->has_written && !run->undoable) {
    return Fail(
        "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
        "either wait the script termination or kill the server in a hard way using the SHUTDOWN "
        "NOSAVE command.");
  }
  run->kill_requested = true;
  return {};
}

void Scripts::Abort() {
  running()->kill_requested = true;
}

// ---- What the engine asks for ------------------------------------------------------------------

void Scripts::Log(scripting::LogLevel level, std::string_view text) {
  const std::string line(text);
  switch (level) {
    case scripting::LogLevel::kDebug:
      server_.log().Debug(line);
      break;
    case scripting::LogLevel::kVerbose:
      server_.log().Verbose(line);
      break;
    case scripting::LogLevel::kNotice:
      server_.log().Notice(line);
      break;
    case scripting::LogLevel::kWarning:
      server_.log().Warning(line);
      break;
  }
}

// There is one user so far, who may do everything.
Result<void> Scripts::CheckPermission(datatypes::Session& /*session*/,
                                      const datatypes::CommandSpec& /*spec*/,
                                      datatypes::Args /*args*/) {
  return {};
}

Result<void> Scripts::CheckWritable() {
  constexpr const char* kMisconf = "MISCONF Errors writing to the AOF file: ";
  if (!server_.store().Writable()) return Fail(kMisconf + server_.store().write_error());
  if (server_.turns().failing()) return Fail(kMisconf + server_.turns().failure());
  if (!server_.replicas().EnoughToWrite()) return Fail(kNoReplicas);
  return {};
}

Result<void> Scripts::CheckReplicaScript(const datatypes::Session& session, uint32_t script_flags) {
  if (!server_.is_replica() || static_cast<const Connection&>(session).from_primary()) return {};
  constexpr uint32_t kMayNotWrite = scripting::kNoWrites | scripting::kNoShebang;
  if (server_.settings().replica_read_only && (script_flags & kMayNotWrite) == 0) {
    return Fail(kReadOnlyReplica);
  }
  if (IsStaleReplica(server_) && (script_flags & scripting::kAllowStale) == 0) {
    return Fail(kMasterDown);
  }
  return {};
}

Result<void> Scripts::CheckReplicaCommand(const datatypes::Session& session,
                                          uint32_t command_flags) {
  if (!server_.is_replica() || static_cast<const Connection&>(session).from_primary()) return {};
  if (server_.settings().replica_read_only && (command_flags & datatypes::kWrite) != 0) {
    return Fail(kReadOnlyReplica);
  }
  if (IsStaleReplica(server_) && (command_flags & datatypes::kStale) == 0) {
    return Fail("ERR Can not execute the command on a stale replica");
  }
  return {};
}

void Scripts::OnCommandRefused(const datatypes::CommandSpec* spec, const datatypes::Error& error) {
  if (spec != nullptr) ++server_.stats().ForCommand(*spec).rejected_calls;
  server_.stats().CountError(error.text());
}

// The turn then begins with the script, and can be rolled back as a whole.
bool Scripts::PrepareUndo(bool alone) {
  return server_.settings().script_kill_undo && alone && server_.turns().CommitNow();
}

void Scripts::Undo() {
  server_.UndoTurn();
}

int64_t Scripts::busy_threshold_ms() const {
  return server_.settings().busy_reply_threshold_ms;
}

void Scripts::ServeWhileBusy() {
  server_.ServeWhileBusy(running()->has_written);
}

}  // namespace server
