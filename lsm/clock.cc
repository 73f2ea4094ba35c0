// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/clock.h"

#include <chrono>

namespace lsm {

namespace {

class MachineClock final : public Clock {
 public:
  int64_t NowMs() override {
    using std::chrono::milliseconds;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(now).count();
  }
  int64_t MonotonicUs() override {
    using std::chrono::microseconds;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<microseconds>(now).count();
  }
};

}  // namespace

Clock* SystemClock() {
  static MachineClock clock;  // Stateless.
  return &clock;
}

}  // namespace lsm
