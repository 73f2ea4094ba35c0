// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "lsm/status.h"

namespace server {

class Server;

// BACKUP: has the store's files copied by a thread. One at a time. Owned by the Server. Loop thread
// only.
class BackupRunner {
 public:
  explicit BackupRunner(Server& server) : server_(server) {}
  // Waits for the one that is under way.
  ~BackupRunner();
  BackupRunner(const BackupRunner&) = delete;
  BackupRunner& operator=(const BackupRunner&) = delete;

  using Done = std::function<void(const lsm::Status& status)>;
  // Requires !running(). `done` is called when the copy is there, or has failed.
  void Start(const std::string& to, Done done);
  bool running() const { return thread_.joinable(); }
  // Waits for the one that is under way; nobody hears of it any more. Before the store is closed.
  void Stop();

 private:
  Server& server_;
  Done done_;
  // Whether the thread's end is still to be heard of; shared with what it posts.
  std::shared_ptr<bool> wanted_;
  std::thread thread_;
};

}  // namespace server
