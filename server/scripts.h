// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string_view>

#include "scripting/function_registry.h"
#include "scripting/host.h"
#include "scripting/script_engine.h"

namespace server {

class Connection;
class Server;

// The server's scripts: the engine, and what it needs of the rest. Loop thread only.
class Scripts final : private scripting::Host {
 public:
  explicit Scripts(Server& server);
  ~Scripts() override;
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;

  // Reads the script cache and the libraries of functions.
  lsm::Status Load();
  scripting::ScriptEngine& engine() { return *engine_; }
  scripting::FunctionRegistry& functions() { return *functions_; }
  // lua-memory-limit and script-cache-limit have changed.
  void ApplyLimits();

  // What such a command may do by its row (EVAL and its kin: anything), or, if its script says what
  // it does, by that.
  uint32_t FlagsOf(const datatypes::CommandSpec& spec, datatypes::Args args);

  // The script that runs now, or nullptr.
  scripting::ScriptRun* running();
  // The command that the session runs now was called by a script.
  bool RunsFor(const datatypes::Session& session);
  // One runs and has passed the threshold: others get busy_error().
  bool busy();
  std::string_view busy_error();
  // Whether the error with which a command has just ended was counted when it happened inside a
  // script. Asked once per error.
  bool TakeErrorCounted();
  // Stops the running script. The Error says why not.
  datatypes::Result<void> Kill(bool function);
  // SHUTDOWN NOSAVE: stops it, whatever it has written. Requires running().
  void Abort();

 private:
  void Log(scripting::LogLevel level, std::string_view text) override;
  datatypes::Result<void> CheckPermission(datatypes::Session& session,
                                          const datatypes::CommandSpec& spec,
                                          datatypes::Args args) override;
  datatypes::Result<void> CheckWritable() override;
  datatypes::Result<void> CheckReplicaScript(const datatypes::Session& session,
                                             uint32_t script_flags) override;
  datatypes::Result<void> CheckReplicaCommand(const datatypes::Session& session,
                                              uint32_t command_flags) override;
  void OnCommandRefused(const datatypes::CommandSpec* spec, const datatypes::Error& error) override;
  bool PrepareUndo(bool alone) override;
  void Undo() override;
  int64_t busy_threshold_ms() const override;
  void ServeWhileBusy() override;

  Server& server_;
  std::unique_ptr<scripting::ScriptEngine> engine_;
  std::unique_ptr<scripting::FunctionRegistry> functions_;
};

}  // namespace server
