// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <absl/base/thread_annotations.h>

#include "lsm/applier.h"
#include "lsm/commit_log.h"
#include "lsm/mutex.h"
#include "lsm/row_batch.h"
#include "lsm/shards.h"
#include "lsm/status.h"

namespace lsm {

// Lets LevelDB tell the commit log what it has flushed, and the log ask for that, while all of them
// may come and go.
class LogLink {
 public:
  void Set(CommitLog* log, Applier* applier);
  void Release(uint64_t flushed_seq);
  void FlushApplied();
  // Between these two, nothing is released: the log's segments stay as they are. Any thread.
  void Hold();
  void LetGo();

 private:
  Mutex mutex_;
  CommitLog* log_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Applier* applier_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int holds_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t held_seq_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The parts of an opened store, with the log's records that LevelDB had not got handed to the
// applier. Before it is destroyed: Applier::Drain, CommitLog::Close if the end is orderly.
struct RecoveredStore {
  std::shared_ptr<LogLink> link;  // Shared with the callbacks of LevelDB.
  std::unique_ptr<Shards> shards;
  std::unique_ptr<CommitLog> log;
  std::unique_ptr<Applier> applier;
  uint64_t committed_seq = 0;  // The last batch there is; the next one is committed_seq + 1.
  uint64_t replayed_records = 0;
  uint64_t replay_ms = 0;

  // Ends the applier before all else; what calls it must not do so any more.
  void StopApplier();

  RecoveredStore() = default;
  RecoveredStore(RecoveredStore&&) = default;
  RecoveredStore& operator=(RecoveredStore&&) = delete;
  ~RecoveredStore();
};

struct RecoveryOptions {
  Shards::Options shards;
  LogOptions log;
  std::string log_directory;
  Applier::Options applier;  // Its read_log, synced_seq and request_sync are filled in.
  // Called for each operation of each replayed batch, in order, so that its keys can enter the hot
  // tier. The row's state is its last operation's.
  std::function<Status(uint64_t seq, const RowOperation& operation)> on_operation;
};

// Opens LevelDB, then the commit log, and replays the log's records after what the shard that is
// furthest behind has applied. Each shard gets what comes after its own. kCorruption if the log
// does not reach back that far.
Result<RecoveredStore> Recover(RecoveryOptions options);

}  // namespace lsm
