// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace lsm {

// Time, passed in so that tests own it. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since the Unix epoch: what expiry is measured in.
  virtual int64_t NowMs() = 0;
  // Microseconds of a clock that never steps back: for durations.
  virtual int64_t MonotonicUs() = 0;
};

// The machine's clocks.
Clock* SystemClock();

}  // namespace lsm
