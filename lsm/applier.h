// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "lsm/log_recovery.h"
#include "lsm/mutex.h"
#include "lsm/shards.h"
#include "lsm/status.h"

namespace lsm {

class RowMerge;

// Brings committed batches into LevelDB, on a thread of its own. Batches queue up (the backlog) and
// are merged, the last operation on a row winning, so that a row overwritten many times costs
// LevelDB one write; the merge is written in the order of keys, the row «applied» of each shard
// last. While one merge is written the next ones queue.
//
// A shard that has a batch already is left alone: after a crash each shard stands somewhere else,
// and replay begins with the one that is furthest behind. To write to the others again what they
// have would put rows, and the row «applied», back to where they were before; and what lies between
// may have left the log long since.
//
// A merge starts apply_interval_ms after its first batch came, or when the backlog has reached half
// of its limit, or when a barrier wants it. It takes only what the commit log has synced: otherwise
// a power cut could leave tables with parts of turns that the log has lost.
//
// When a write fails, the merge is kept and repeated; LevelDB's instance is reopened beneath
// (Shards::Reopen) and gets what it lost from the commit log. error() tells meanwhile.
class Applier {
 public:
  struct Options {
    uint64_t backlog_limit_bytes = uint64_t{128} << 20;
    uint64_t log_ahead_limit_bytes = uint64_t{256} << 20;
    uint32_t apply_interval_ms = 1000;
    // Gives the log's records with after < seq <= to again, in order; needed after a reopening. Any
    // thread. Empty: a reopening that lost something fails.
    std::function<Status(uint64_t after, uint64_t to, const ReplayFunction&)> read_log;
    // What the log has synced, and the wish that it syncs. Empty: everything counts as synced.
    std::function<uint64_t()> synced_seq;
    std::function<void(uint64_t seq)> request_sync;
    // On the applier's thread, after applied_seq() has moved or error() has changed: wake the loop.
    std::function<void()> on_progress;
    std::function<void(char level, const std::string& line)> log_line;
    // Told of each row deleted by a merge, on the applier's thread (the space keeper counts them).
    std::function<void(uint32_t shard, std::string_view row_key)> on_delete;
  };

  // `applied_seq`: where the store stands; the next batch is the one after it. Starts the thread.
  Applier(Shards& shards, Options options, uint64_t applied_seq);
  // Stops at once; what is not applied is in the commit log. For an orderly end: Drain() first.
  ~Applier();
  Applier(const Applier&) = delete;
  Applier& operator=(const Applier&) = delete;

  // Takes a batch (RowBatch's encoding, checked when it was made or read), copying it. `seq`
  // ascends. Never blocks on I/O. Loop thread.
  void Submit(uint64_t seq, std::string_view payload);

  // The log has synced more. Any thread; spares a merge that waits for it a few milliseconds.
  void OnSynced();

  // Runs `done` on the applier's thread when everything submitted before has been applied and
  // nothing after it, with LevelDB quiet. On Stop it is called with an error.
  void Barrier(std::function<void(const Status&)> done);
  // Blocks until all that was submitted is applied, or gives the error that prevents it.
  Status Drain();
  // Blocks while the backlog is over its limit and the log has synced batches that are not applied.
  Status DrainSynced();

  // Brings what is applied into LevelDB's tables soon, so that the log can let go of it. Any
  // thread.
  void FlushSoon();

  // All batches up to here are in LevelDB (memtables included), and what they replaced is not read
  // any more.
  uint64_t applied_seq() const { return applied_seq_.load(std::memory_order_acquire); }

  uint64_t backlog_bytes() const { return backlog_bytes_.load(std::memory_order_relaxed); }
  uint64_t backlog_limit_bytes() const { return options_.backlog_limit_bytes; }
  // By how much each write command should be slowed: 0 below three quarters of the limit, then
  // rising smoothly.
  uint32_t WriteDelayUs() const;

  // Ok while batches can be applied.
  Status error() const;

  // Held while a merge is being written: who takes it sees LevelDB between two merges, with all
  // rows of a batch or none. The applier waits for it: hold it for milliseconds.
  Mutex& write_mutex() ABSL_LOCK_RETURNED(write_mutex_) { return write_mutex_; }

  struct Statistics {
    uint64_t rows_received = 0;  // Row operations in merged batches …
    uint64_t rows_applied = 0;   // … and those left after merging.
    uint64_t merges = 0;
    uint64_t forced_flushes = 0;
  };
  Statistics statistics() const;

 private:
  // Consecutive batches, concatenated: fewer allocations than one by one.
  struct Chunk {
    uint64_t last_seq = 0;
    std::string payload;
  };
  struct BarrierRequest {
    uint64_t seq = 0;
    std::function<void(const Status&)> done;
  };
  struct Applied {
    uint64_t seq = 0;
    uint64_t bytes = 0;
  };

  void Run();
  bool WaitForWork(std::vector<Chunk>* chunks);
  bool MayBegin() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t SyncedSeq() const { return options_.synced_seq ? options_.synced_seq() : UINT64_MAX; }
  uint64_t LimitSeq() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool ApplyMerge(std::vector<Chunk> chunks);
  Status WriteMerge(const RowMerge& merge, uint64_t seq);
  Status WriteShard(const RowMerge& merge, uint32_t shard, uint64_t seq);
  void Recover();
  Status Reapply(uint32_t shard, leveldb::DB& db, uint64_t after);
  bool SleepUnlessStopped(int ms);
  void RunBarriers();
  void FlushIfWanted();
  void SetError(const Status& status);

  Shards& shards_;
  const Options options_;
  std::atomic<uint64_t> applied_seq_;
  std::atomic<uint64_t> backlog_bytes_{0};
  std::atomic<bool> failed_{false};

  mutable Mutex mutex_;
  CondVar work_;      // For the thread.
  CondVar progress_;  // For Drain().
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t submitted_seq_ ABSL_GUARDED_BY(mutex_);
  std::deque<Chunk> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t queue_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sync_requested_ ABSL_GUARDED_BY(mutex_) = 0;
  // The last chunk takes no more batches: somebody waits for just what is in it.
  bool sealed_ ABSL_GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point queue_since_ ABSL_GUARDED_BY(mutex_);
  bool flush_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<BarrierRequest> barriers_ ABSL_GUARDED_BY(mutex_);
  Status error_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> told_errors_ ABSL_GUARDED_BY(mutex_);
  Statistics statistics_ ABSL_GUARDED_BY(mutex_);

  Mutex write_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  // The thread's own.
  uint32_t failed_shard_ = 0;
  std::deque<Applied> unflushed_;  // Merges whose rows may be in memtables only.
  uint64_t unflushed_bytes_ = 0;

  std::thread thread_;
};

}  // namespace lsm
