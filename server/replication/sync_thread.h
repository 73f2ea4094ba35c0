// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "datatypes/settings.h"
#include "rdb/redis_source.h"
#include "server/replication/sync_batch.h"

namespace server {

// One attempt to get connected to a primary, on a thread of its own, because names are looked up
// and dumps are read there: connects, greets, asks for the stream. If the primary goes on where we
// are, that is all; if it sends a dump, its keys come as batches, of which so many wait at most
// that a primary faster than the loop does not fill memory.
//
// Made, asked and destroyed on the loop thread; destroying it waits for the thread, which a name
// server can keep for some seconds: so it is to be destroyed when ended(), but at a shutdown.
class SyncThread {
 public:
  enum class Phase : uint8_t { kConnecting, kHandshake, kTransfer };
  // How it ended.
  struct Outcome {
    enum class Kind : uint8_t { kFailed, kContinues, kSynced };
    Kind kind = Kind::kFailed;
    std::string error;           // Of kFailed.
    bool refused = false;        // It was the dump's fault: the next one will do no better.
    bool declined = false;       // The primary answered PSYNC with an error.
    int socket = -1;             // The connection; the taker closes it.
    std::string received;        // What has come of the stream so far.
    std::string stream_id;       // Empty: the same as before.
    uint64_t stream_offset = 0;  // Of kSynced.
    uint32_t stream_db = 0;      // Which database is selected there.
  };

  // `wake` is called, on the thread, when there is something to take. `settings` are copied.
  SyncThread(rdb::ReplicaGreeting greeting, const datatypes::Settings& settings, uint32_t databases,
             std::function<void()> wake);
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  // It ends soon, with kFailed.
  void Abort();
  // Nothing runs any more: the destructor does not wait.
  bool ended() const { return ended_; }

  Phase phase() const { return phase_; }
  // True once a dump has begun to come.
  bool has_dump() const { return phase_ == Phase::kTransfer; }
  uint64_t bytes_read() const { return bytes_read_; }
  // 0: not known.
  uint64_t bytes_total() const { return bytes_total_; }
  int64_t last_io_ms() const { return last_io_ms_; }

  // The next batch, or nullptr: there is none now.
  std::unique_ptr<SyncBatch> TakeBatch();
  // True once it has ended and all batches are taken; the outcome can be taken once.
  bool TakeOutcome(Outcome* outcome);

 private:
  friend class SyncHandler;
  static constexpr size_t kMaxQueuedBytes = size_t{4} << 20;

  void Run();
  Outcome Connect();
  Outcome ReadDump(rdb::RedisSource& source);
  // False: aborted, or the connection broke meanwhile.
  bool Push(std::unique_ptr<SyncBatch> batch);

  rdb::ReplicaGreeting greeting_;
  const datatypes::Settings settings_;
  const uint32_t databases_;
  const std::function<void()> wake_;
  std::atomic<bool> aborted_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<Phase> phase_ = Phase::kConnecting;
  std::atomic<uint64_t> bytes_read_ = 0;
  std::atomic<uint64_t> bytes_total_ = 0;
  std::atomic<int64_t> last_io_ms_ = 0;
  rdb::RedisSource* source_ = nullptr;  // Of the thread.

  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<std::unique_ptr<SyncBatch>> queue_;  // These three guarded by mutex_.
  size_t queued_bytes_ = 0;
  std::unique_ptr<Outcome> outcome_;
  std::thread thread_;  // Last: all else is there when it starts.
};

}  // namespace server
