// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

#include "datatypes/command_spec.h"
#include "server/event_loop.h"

namespace server {

class Server;

// CLIENT PAUSE: until its end, commands of all clients, or those that may write, are put off, and
// keys are not expired actively. Loop thread only.
class PauseState {
 public:
  enum class Mode : uint8_t { kNone, kWrite, kAll };

  explicit PauseState(Server& server);
  PauseState(const PauseState&) = delete;
  PauseState& operator=(const PauseState&) = delete;

  // Of two pauses at once the later end and the stricter mode hold.
  void Start(Mode mode, int64_t end_ms);
  // The commands that were put off run.
  void Stop();
  // As mode kWrite, whatever clients pause and unpause, for a failover.
  void HoldWrites();
  void ReleaseWrites();
  Mode mode() const { return std::max(mode_, held_ ? Mode::kWrite : Mode::kNone); }
  // Whether a command with these flags has to wait.
  bool Holds(uint32_t command_flags) const {
    return mode() == Mode::kAll ||
           (mode() == Mode::kWrite &&
            (command_flags & (datatypes::kWrite | datatypes::kMayReplicate)) != 0);
  }

 private:
  void OnLess();

  Server& server_;
  Timer timer_;
  Mode mode_ = Mode::kNone;
  bool held_ = false;
  int64_t end_ms_ = 0;
};

}  // namespace server
