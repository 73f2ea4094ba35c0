// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace server {

// The switches that DEBUG moves. Loop thread only.
struct DebugState {
  // DEBUG PAUSE-CRON: the server's periodic work stands still.
  bool cron_paused = false;
  // DEBUG SET-DISABLE-DENY-SCRIPTS: scripts may call what is marked noscript.
  bool scripts_may_call_all = false;
  // DEBUG REPLYBUFFER RESIZING: whether an idle client's reply buffer is given back.
  bool reply_buffer_resizing = true;
  // DEBUG REPLYBUFFER PEAK-RESET-TIME: after how long; negative: never.
  static constexpr int64_t kDefaultPeakResetMs = 5000;
  int64_t reply_buffer_peak_reset_ms = kDefaultPeakResetMs;
};

}  // namespace server
