// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "tests/lsm/fault_file_system.h"

namespace server {

// Lets fsyncs of the log wait for the test.
class SyncGate {
 public:
  explicit SyncGate(lsm::FaultFileSystem& files) {
    files.SetHook([this](lsm::FileOperation operation, const std::string& path) {
      if (operation != lsm::FileOperation::kSync || path.find("/log/") == std::string::npos) return;
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return open_; });
    });
  }
  void Set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
};

}  // namespace server
