// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lsm/commit_log.h"
#include "lsm/log_record.h"
#include "lsm/log_scanner.h"
#include "lsm/log_segments.h"

namespace lsm {

// The CommitLog. commit_log.cc has what other threads call, log_background.cc what runs on the
// log's own thread.
class Log final : public CommitLog {
 public:
  Log(FileSystem& file_system, const std::string& directory, LogOptions options);
  ~Log() override;

  Status Start(LogScanner& scanner, uint64_t applied_seq);
  Status StoreUnsynced(const Segment& segment, uint64_t synced_seq);  // In Start.

  Status Append(uint64_t seq, RowBatch& batch) override;
  Status EnsureRoom(uint64_t payload_bytes) override;
  std::string writable_error() const override;
  void RequestSync(uint64_t seq) override;
  Status WaitSynced(uint64_t seq) override;
  void SetPolicy(SyncPolicy policy) override;
  void Release(uint64_t flushed_seq) override;
  LogStatistics statistics() const override;
  Status Close() override;
  void RunBackground() override { Round(options_.now_ms()); }

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Dirty {
    std::shared_ptr<Segment> segment;
    uint64_t end = 0;
  };

  // Loop thread.
  bool Fits(uint64_t record_bytes) const;
  void Rotate();
  Status MakeRoom(uint64_t record_bytes);

  // Log thread, with pool_mutex_ where it says so.
  void Thread();
  void Round(uint64_t now);
  uint64_t NextWake(uint64_t now) const;
  bool SyncDue(uint64_t now) const;
  void PrepareNext(uint64_t now);
  Result<std::shared_ptr<Segment>> PrepareSegment(uint64_t record_bytes);
  void RetireReleased();
  void RetireReleasedLocked();  // With pool_mutex_.
  void GiveBackWhenQuiet(uint64_t now);
  bool NoticeQuiet(uint64_t now, std::vector<Dirty>* shorten, bool* flush_wanted);
  void ReleaseFlushed();  // With mutex_.
  Status SyncWritten(uint64_t now);
  Status Repair();
  Status RewriteUnsynced(const std::vector<Dirty>& dirty, uint64_t first_seq, uint64_t last_seq);
  Result<uint64_t> CopyRecords(const Segment& from, uint64_t limit, uint64_t first_seq, Segment* to,
                               std::string* first_header);
  void FinishRepair(const std::vector<Dirty>& dirty, std::shared_ptr<Segment> target);
  Status Seal();  // In Close.

  std::vector<Dirty> UnsyncedSegments() const;  // With mutex_.
  void UpdateRoom();                            // With mutex_.
  void TellWritable();
  void Say(const std::string& line) const {
    if (options_.log_line) options_.log_line(line);
  }

  const LogOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;    // For the log's thread.
  std::condition_variable synced_;  // For WaitSynced.
  // All below, and CommitLog's atomics when written, are guarded by mutex_.
  SyncPolicy policy_;
  std::deque<std::shared_ptr<Segment>> segments_;  // Oldest first; current_ is the last.
  std::shared_ptr<Segment> current_;               // Written now; null before the first record.
  std::shared_ptr<Segment> next_;                  // Prepared.
  std::deque<uint64_t> released_;                  // Numbers, to be retired.
  uint64_t next_number_ = 1;
  uint64_t prepared_count_ = 0;
  uint64_t requested_seq_ = 0;
  uint64_t flushed_seq_ = 0;
  uint64_t last_sync_at_ = 0;
  uint64_t prepare_retry_at_ = 0;
  uint64_t repair_retry_at_ = 0;
  uint64_t quiet_check_at_ = 0;
  uint64_t quiet_seen_bytes_ = 0;  // bytes_appended at the last look.
  bool settled_ = false;           // Nothing to give back until something is appended.
  bool repairing_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  std::string prepare_error_;
  std::string sync_error_;
  std::string told_error_;
  LogStatistics statistics_;
  // What a record may take without anything having to be made first; 0 when not writable.
  std::atomic<uint64_t> room_{0};

  std::mutex pool_mutex_;  // Taken before mutex_.
  SegmentPool pool_;       // Guarded by pool_mutex_.
  std::thread thread_;
};

}  // namespace lsm
