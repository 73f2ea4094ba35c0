// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/result.h"
#include "datatypes/session.h"

namespace scripting {

// The levels of redis.log(), by Redis' numbers.
enum class LogLevel : uint8_t { kDebug = 0, kVerbose = 1, kNotice = 2, kWarning = 3 };

// What scripts need of the server around them. Loop thread only.
class Host {
 public:
  virtual ~Host() = default;

  virtual void Log(LogLevel level, std::string_view text) = 0;

  // Whether the user of the session may run that: an error's text, or nothing.
  virtual datatypes::Result<void> CheckPermission(datatypes::Session& session,
                                                  const datatypes::CommandSpec& spec,
                                                  datatypes::Args args) = 0;
  // Why no write command may run now (-MISCONF), or nothing.
  virtual datatypes::Result<void> CheckWritable() = 0;
  // On a replica: why a script that may write cannot run for the session, or a command with these
  // flags cannot run from its script (-READONLY; -MASTERDOWN for the rest).
  virtual datatypes::Result<void> CheckReplicaScript(const datatypes::Session& session,
                                                     uint32_t script_flags) = 0;
  virtual datatypes::Result<void> CheckReplicaCommand(const datatypes::Session& session,
                                                      uint32_t command_flags) = 0;
  // A script's command was refused before it ran; `spec` may be nullptr. For the statistics.
  virtual void OnCommandRefused(const datatypes::CommandSpec* spec,
                                const datatypes::Error& error) = 0;

  // A script is about to run, by itself or (`alone` is false) as a part of an EXEC. True: should it
  // be killed, Undo() can take back what it has written.
  virtual bool PrepareUndo(bool alone) = 0;
  // Takes back what was written since PrepareUndo() answered true.
  virtual void Undo() = 0;

  // How long a script may hold the loop before others are answered -BUSY.
  virtual int64_t busy_threshold_ms() const = 0;
  // The running script has passed that: looks after the other clients, in a restricted way, and
  // comes back soon. Called every few milliseconds from within the script.
  virtual void ServeWhileBusy() = 0;
};

}  // namespace scripting
