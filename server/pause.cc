// SPDX-License-Identifier: BSD-3-Clause
#include "server/pause.h"

#include <algorithm>

#include "server/server.h"

namespace server {

PauseState::PauseState(Server& server)
    : server_(server), timer_(server.loop(), [this] { Stop(); }) {}

void PauseState::Start(Mode mode, int64_t end_ms) {
  end_ms_ = mode_ == Mode::kNone ? end_ms : std::max(end_ms_, end_ms);
  mode_ = std::max(mode_, mode);
  timer_.Start(static_cast<uint64_t>(std::max<int64_t>(end_ms_ - server_.clock().NowMs(), 0)));
  server_.ApplySweeping();
}

void PauseState::Stop() {
  if (mode_ == Mode::kNone) return;
  mode_ = Mode::kNone;
  timer_.Stop();
  OnLess();
}

void PauseState::HoldWrites() {
  held_ = true;
  server_.ApplySweeping();
}

void PauseState::ReleaseWrites() {
  held_ = false;
  OnLess();
}

void PauseState::OnLess() {
  server_.ApplySweeping();
  server_.EnsureTurn();
  server_.dispatcher().RetryPostponed();
}

}  // namespace server
