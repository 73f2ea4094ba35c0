// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/recovery.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lsm/log_reader.h"

namespace lsm {

void LogLink::Set(CommitLog* log) {
  const MutexLock lock(&mutex_);
  log_ = log;
}

void LogLink::Release(uint64_t flushed_seq) {
  const MutexLock lock(&mutex_);
  if (log_ != nullptr) log_->Release(flushed_seq);
}

RecoveredStore::~RecoveredStore() {
  applier.reset();
  if (link != nullptr) link->Set(nullptr);
  log.reset();
  shards.reset();
}

namespace {

// What the applier asks of a log that is opened after it.
struct LogAccess {
  std::atomic<CommitLog*> log{nullptr};
};

Status Replay(const RecoveryOptions& options, RecoveredStore* store, uint64_t seq,
              std::string_view payload) {
  RowReader reader(payload);
  for (RowOperation op; reader.Next(&op);) {
    if (options.on_operation) LSM_RETURN_IF_ERROR(options.on_operation(seq, op));
  }
  LSM_RETURN_IF_ERROR(reader.status());
  store->applier->Submit(seq, payload);
  ++store->replayed_records;
  // Not faster than LevelDB takes it: what waits is in RAM.
  if (store->applier->backlog_bytes() < store->applier->backlog_limit_bytes()) return {};
  return store->applier->Drain();
}

Result<uint64_t> LeastApplied(const Shards& shards) {
  uint64_t least = UINT64_MAX;
  for (uint32_t shard = 0; shard < shards.count(); ++shard) {
    LSM_ASSIGN_OR_RETURN(const uint64_t applied, shards.ReadApplied(shard));
    least = std::min(least, applied);
  }
  return least;
}

Status OpenLog(const RecoveryOptions& options, RecoveredStore* store, uint64_t applied) {
  LSM_ASSIGN_OR_RETURN(store->log,
                       CommitLog::Open(*options.shards.files, options.log_directory, options.log,
                                       applied, [&](uint64_t seq, std::string_view payload) {
                                         return Replay(options, store, seq, payload);
                                       }));
  return {};
}

}  // namespace

Result<RecoveredStore> Recover(RecoveryOptions options) {
  const auto start = std::chrono::steady_clock::now();
  RecoveredStore store;
  store.link = std::make_shared<LogLink>();
  options.shards.on_flushed = [link = store.link](uint64_t seq) { link->Release(seq); };
  LSM_ASSIGN_OR_RETURN(store.shards, Shards::Open(options.shards));
  LSM_ASSIGN_OR_RETURN(const uint64_t applied, LeastApplied(*store.shards));

  const auto access = std::make_shared<LogAccess>();
  options.applier.read_log = [files = options.shards.files, directory = options.log_directory](
                                 uint64_t after, uint64_t to, const ReplayFunction& replay) {
    return ReadLog(*files, directory, after, to, replay);
  };
  // While the log is being replayed there is none yet, and all that is read from it is synced.
  options.applier.synced_seq = [access]() -> uint64_t {
    const CommitLog* log = access->log.load(std::memory_order_acquire);
    return log == nullptr ? UINT64_MAX : log->synced_seq();
  };
  options.applier.request_sync = [access](uint64_t seq) {
    CommitLog* log = access->log.load(std::memory_order_acquire);
    if (log != nullptr) log->RequestSync(seq);
  };
  store.applier = std::make_unique<Applier>(*store.shards, options.applier, applied);
  LSM_RETURN_IF_ERROR(OpenLog(options, &store, applied));
  store.committed_seq = store.log->written_seq();
  access->log.store(store.log.get(), std::memory_order_release);
  store.link->Set(store.log.get());
  store.log->Release(store.shards->flushed_seq());
  const auto took = std::chrono::steady_clock::now() - start;
  store.replay_ms =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return store;
}

}  // namespace lsm
