// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lsm/file_system.h"
#include "lsm/log_recovery.h"
#include "lsm/row_batch.h"
#include "lsm/status.h"

namespace lsm {

enum class SyncPolicy {
  kAlways,       // Each append is followed by a sync, shared by all appends that wait for it.
  kEverySecond,  // A sync each second, if there is anything to sync.
  kNo,           // Only on RequestSync, on Close, and when the kernel wishes.
};

struct LogOptions {
  SyncPolicy policy = SyncPolicy::kEverySecond;

  // Size of a segment. The first ones of a process are smaller, doubling up from
  // `first_segment_bytes`. A record larger than that gets a segment of its own size.
  uint64_t segment_bytes = 64 << 20;
  uint64_t first_segment_bytes = 4 << 20;

  // Segments that are no longer needed are kept for reuse up to this number.
  uint32_t max_spare_segments = 2;

  // Room is kept for speed. When less than `quiet_bytes` were appended in `quiet_ms`, it is given
  // back: spares are removed, and what segments have behind their records is cut, down to
  // `quiet_bytes` in all for each. 0 ms: never.
  uint64_t quiet_ms = 30'000;
  uint64_t quiet_bytes = 1 << 20;

  // What Open does with a log that is damaged before its tail.
  DamagePolicy on_damage = DamagePolicy::kRefuse;

  // The log's thread calls it, without locks held, each time synced_seq() has moved.
  std::function<void(uint64_t synced_seq)> on_synced;

  // Told on the log's thread when writable() changes; the text is empty when it became true.
  std::function<void(const std::string& error)> on_writable;

  // In Open, before a record is replayed: the records seen so far say that all up to here was
  // synced. What comes after may be in the page cache only until Open returns.
  std::function<void(uint64_t synced_seq)> on_replay_synced;

  // On the log's thread: the log is quiet, and keeps more than quiet_bytes of records only because
  // LevelDB has not flushed them.
  std::function<void()> on_quiet;

  // Messages for the server's log (recovery, failures, repairs). Any thread.
  std::function<void(std::string_view line)> log_line;

  // Monotonic milliseconds, and random numbers for segment ids. Empty: the system's.
  std::function<uint64_t()> now_ms;
  std::function<uint64_t()> random;

  // False: no thread; the owner calls RunBackground() (tests).
  bool own_thread = true;
};

struct LogStatistics {
  uint64_t bytes_on_disk = 0;   // All segments, the prepared one and spares included.
  uint64_t bytes_retained = 0;  // Segments with records not yet released.
  uint64_t bytes_appended = 0;  // Since Open.
  uint64_t appends = 0;
  uint64_t append_errors = 0;
  uint64_t syncs = 0;
  uint64_t sync_errors = 0;
  uint64_t last_sync_micros = 0;
  uint64_t pending_records = 0;  // Written, not yet synced.
  uint64_t segments = 0;
  uint64_t spare_segments = 0;
};

// The commit log: one record per batch, atomic, in preallocated segment files `wal-NNNNNNNNNN`
// (lsm/FORMAT.md). Sequence numbers start at 1 and have no gaps.
//
// Threads: Append, EnsureRoom and Close on the loop's thread; everything else on any. File work
// other than the append itself (sync, preparing and recycling segments) runs on the log's own
// thread.
//
// When a sync fails, the bytes since the last good sync may be gone though a later sync succeeds.
// So nothing is claimed: writable() turns false, Append refuses, and the log's thread reads the
// unsynced records back, checks them, writes them to a new segment and syncs that; only then it
// goes on. If they cannot be read back, it waits until Release says that LevelDB has them in its
// tables.
//
// Who applies batches to several LevelDB instances must apply only up to synced_seq() (RequestSync
// under SyncPolicy::kNo): else a power cut could leave a batch in one instance and nowhere else.
class CommitLog {
 public:
  // Recovers the log in `directory` (created if absent), calling `replay` in order for each record
  // after `applied_seq` (what LevelDB's tables hold, the least of all shards), then opens it for
  // appending. A full disk does not fail it: then writable() is false. The file system must outlive
  // the log. `report`, if given, says what recovery found.
  static Result<std::unique_ptr<CommitLog>> Open(FileSystem& file_system, std::string directory,
                                                 LogOptions options, uint64_t applied_seq,
                                                 const ReplayFunction& replay,
                                                 LogReport* report = nullptr);

  CommitLog(const CommitLog&) = delete;
  CommitLog& operator=(const CommitLog&) = delete;
  // As Close, its errors only reported to log_line.
  virtual ~CommitLog() = default;

  // Writes the batch as the record `seq`, which must be written_seq() + 1, with one write call.
  // Under kAlways this also asks for a sync. After an error call again with the
  // very same batch before anything else: should the process end before that, recovery finds the
  // record or does not. The batch's header room is overwritten.
  virtual Status Append(uint64_t seq, RowBatch& batch) = 0;

  // Ok if a batch of `payload_bytes` will find allocated space, whatever happens to the disk. Call
  // it before a write command changes anything. Cheap, unless the batch is larger than a segment:
  // then space is allocated on the spot. An error's message is what to tell the client.
  virtual Status EnsureRoom(uint64_t payload_bytes) = 0;

  // False when space for the next segment could not be allocated or a sync has failed; turns
  // true by itself when a retry (each second) succeeds.
  bool writable() const { return writable_.load(std::memory_order_acquire); }
  virtual std::string writable_error() const = 0;

  // Syncs soon, at least up to `seq`, whatever the policy. on_synced tells when.
  virtual void RequestSync(uint64_t seq) = 0;

  // Waits until synced_seq() >= seq, or gives the error of a sync that failed. Not for the loop.
  virtual Status WaitSynced(uint64_t seq) = 0;

  virtual void SetPolicy(SyncPolicy policy) = 0;

  // Everything up to here is written (survives the process), synced (survives the machine).
  uint64_t written_seq() const { return written_seq_.load(std::memory_order_acquire); }
  uint64_t synced_seq() const { return synced_seq_.load(std::memory_order_acquire); }

  // LevelDB's tables hold everything up to `flushed_seq`: segments not needed any more are recycled
  // on the log's thread.
  virtual void Release(uint64_t flushed_seq) = 0;

  virtual LogStatistics statistics() const = 0;

  // Syncs, marks the log as cleanly closed and stops the thread. No call but the destructor after.
  virtual Status Close() = 0;

  // One round of background work, at the time now_ms() gives. Only without own_thread.
  virtual void RunBackground() = 0;

 protected:
  CommitLog() = default;

  std::atomic<uint64_t> written_seq_{0};
  std::atomic<uint64_t> synced_seq_{0};
  std::atomic<bool> writable_{false};
};

}  // namespace lsm
