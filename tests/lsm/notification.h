// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "lsm/mutex.h"

namespace lsm {

// Something that happens once, on one thread, and others wait for.
class Notification {
 public:
  void Notify() {
    const MutexLock lock(&mutex_);
    done_ = true;
    changed_.SignalAll();
  }
  void WaitForNotification() {
    const MutexLock lock(&mutex_);
    while (!done_) changed_.Wait(&mutex_);
  }
  bool HasBeenNotified() {
    const MutexLock lock(&mutex_);
    return done_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace lsm
