// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "datatypes/snapshot_dump.h"
#include "lsm/snapshot.h"
#include "lsm/status.h"
#include "rdb/sink.h"

namespace server {

// Sends one replica the whole store as an RDB file, from a snapshot, on a thread of its own that
// writes straight to the replica's socket: the loop does nothing for it, and no more memory is
// needed than for one element. The loop must not write to that socket meanwhile; it may read.
class FullSync {
 public:
  struct Plan {
    std::string header;     // Sent first: the reply to PSYNC.
    bool streamed = true;   // $EOF form: as it is made. Otherwise through a file, with its length.
    std::string end_mark;   // 40 bytes, for the $EOF form.
    std::string directory;  // Where that file goes; it has no name there.
    int64_t stall_ms = 0;   // A replica that takes nothing for so long is given up.
    datatypes::SnapshotDumpOptions dump;
  };
  // Called on the sync's thread, as the last it does.
  using Done = std::function<void(const lsm::Status& status)>;

  // Begins. `fd` is duplicated.
  FullSync(int fd, Plan plan, std::unique_ptr<lsm::Snapshot> snapshot, Done done);
  // Stops it and waits until it has.
  ~FullSync();
  FullSync(const FullSync&) = delete;
  FullSync& operator=(const FullSync&) = delete;

  // It ends soon, with an error. Does not wait.
  void Stop();
  bool ended() const { return ended_; }  // Done was called, or is about to.
  bool streamed() const { return plan_.streamed; }
  uint64_t bytes_sent() const { return sink_.sent; }
  const datatypes::SnapshotDumpLosses& losses() const { return losses_; }  // After Done.

 private:
  // The socket, whatever its mode: waits for it to take more.
  class Socket final : public rdb::Sink {
   public:
    Socket(int fd, int64_t stall_ms) : fd_(fd), stall_ms_(stall_ms) {}
    ~Socket() override;
    rdb::Result<void> Write(std::string_view bytes) override;
    void Shut();

    std::atomic<uint64_t> sent = 0;

   private:
    const int fd_;
    const int64_t stall_ms_;
    std::atomic<bool> stop_ = false;
  };

  lsm::Status Run();
  lsm::Status SendStreamed();
  lsm::Status SendThroughFile();

  Plan plan_;
  Socket sink_;
  std::unique_ptr<lsm::Snapshot> snapshot_;
  datatypes::SnapshotDumpProgress progress_;
  datatypes::SnapshotDumpLosses losses_;
  const Done done_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace server
