// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "datatypes/snapshot_dump.h"

namespace lsm {
class Snapshot;
}

namespace server {

class Server;

// SAVE and BGSAVE: writes an RDB file from a snapshot of the store, on a thread of its own, while
// the server goes on. One at a time. Owned by the Server. Loop thread only.
class RdbSaver {
 public:
  explicit RdbSaver(Server& server);
  // Ends the save that is under way, without a file.
  ~RdbSaver();
  RdbSaver(const RdbSaver&) = delete;
  RdbSaver& operator=(const RdbSaver&) = delete;

  // Begins a save to dbfilename; `done` is called when it has ended. Requires !running().
  using Done = std::function<void(bool saved)>;
  void Start(Done done);
  bool running() const { return running_; }
  // Ends the save that is under way, without a file, and waits until it has: before the store is
  // closed.
  void Stop();
  // A cron task: progress in the log.
  void Cron(int64_t now_ms);

  // What the settings say of RDB files.
  datatypes::SnapshotDumpOptions MakeOptions() const;

  // For INFO and LASTSAVE.
  int64_t started_ms() const { return started_ms_; }
  uint64_t keys_done() const;
  uint64_t keys_total() const;
  int64_t last_save_ms() const { return last_save_ms_; }  // At first, when the server started.
  uint64_t last_save_seq() const { return last_save_seq_; }
  bool last_failed() const { return last_failed_; }
  int64_t last_duration_s() const { return last_duration_s_; }  // -1: there was none.
  uint64_t saves() const { return saves_; }

 private:
  struct Job;
  void Write(std::unique_ptr<lsm::Snapshot> snapshot);
  // On the job's own thread.
  static lsm::Status Dump(const lsm::Snapshot& snapshot, Job& job);
  void Finish(const lsm::Status& status);

  Server& server_;
  bool running_ = false;
  int64_t started_ms_ = 0;
  int64_t logged_ms_ = 0;
  int64_t last_save_ms_;
  uint64_t last_save_seq_;
  bool last_failed_ = false;
  int64_t last_duration_s_ = -1;
  uint64_t saves_ = 0;
  Done done_;
  std::shared_ptr<Job> job_;  // Shared with its thread and with what that has posted.
  std::thread thread_;
};

}  // namespace server
