// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/session.h"
#include "resp/writer.h"

namespace scripting {

// What a script said of itself in its first line: "#!lua flags=no-writes,allow-stale".
enum ScriptFlag : uint32_t {
  kNoWrites = 1U << 0,
  kAllowOom = 1U << 1,
  kAllowStale = 1U << 2,
  kNoCluster = 1U << 3,
  kAllowCrossSlotKeys = 1U << 4,
  // There was no such line: the rules are those of scripts before Redis 7.
  kNoShebang = 1U << 31,
};

// One run of a script or function: who runs it, what it may do, and what it has done so far.
// Borrowed by the LuaVm while it runs. Loop thread only.
struct ScriptRun {
  datatypes::Session& session;
  std::string_view name;  // For error texts: the script's digest, or the function's name.
  bool read_only = false;
  bool is_function = false;      // FUNCTION KILL stops it, not SCRIPT KILL.
  datatypes::Args command = {};  // What calls the function, for FUNCTION STATS.
  bool alone = true;             // False: a part of an EXEC.

  // What has become of it.
  resp::Protocol protocol = resp::Protocol::kResp2;  // redis.setresp()
  bool has_written = false;
  bool replicates = true;  // redis.set_repl(): replicas are told of what it writes.
  bool undoable = false;   // It may be killed although it has written.
  bool kill_requested = false;
  bool timed_out = false;  // It has passed the threshold: others get -BUSY.
  int64_t started_ms = 0;  // By the time of day.
};

}  // namespace scripting
