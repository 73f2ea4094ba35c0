// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "lsm/level_env.h"

namespace lsm {

// Knows up to which commit log sequence number one LevelDB instance has its writes in table files.
// Usage: LevelEnvOptions::observer = &tracker; after DB::Open call Start(the applied sequence
// number row); after each DB::Write of a batch that brings the applied row to `seq` call
// Written(seq). CommitLog::Release takes the least flushed_seq() of all shards.
//
// Why it is right: a switch happens inside the write that comes next, before its rows go in, so the
// older memtables hold what was written before, that is up to the last Written(). With several
// writers the last Written() may lag behind: then flushed_seq() is too low, which is safe.
//
// A shard that gets no rows still pins the log: write its applied row and flush it (see
// NewLevelEnv) when the log grows. Thread-safe.
class FlushTracker final : public MemtableObserver {
 public:
  // `on_flushed` is called with the new flushed_seq(), under the rules of MemtableObserver.
  explicit FlushTracker(std::function<void(uint64_t)> on_flushed = nullptr)
      : on_flushed_(std::move(on_flushed)) {}

  // What the tables held when the DB was opened, for the first time or again; nobody writes yet.
  void Start(uint64_t applied_seq);
  // The DB is about to be closed and opened again. Until Start() nothing counts as flushed: opening
  // drops the logs of memtables that were lost with the old instance, which looks like a flush.
  void Stop();
  void Written(uint64_t seq);

  uint64_t flushed_seq() const;
  uint64_t written_seq() const;

  void OnMemtableSwitch(uint64_t log_number) override;
  void OnMemtableFlushed(uint64_t next_log_number) override;

 private:
  struct Switch {
    uint64_t log_number = 0;
    uint64_t written_seq = 0;  // All up to here is in older memtables.
  };

  const std::function<void(uint64_t)> on_flushed_;
  mutable std::mutex mutex_;
  bool started_ = false;
  uint64_t written_seq_ = 0;
  uint64_t flushed_seq_ = 0;
  std::deque<Switch> switches_;  // Not yet flushed, ascending.
};

}  // namespace lsm
