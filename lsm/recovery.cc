// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/recovery.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lsm/log_reader.h"

namespace lsm {

void LogLink::Set(CommitLog* log, Applier* applier) {
  const MutexLock lock(&mutex_);
  log_ = log;
  applier_ = applier;
}

void LogLink::FlushApplied() {
  const MutexLock lock(&mutex_);
  if (applier_ != nullptr) applier_->FlushSoon();
}

void LogLink::Release(uint64_t flushed_seq) {
  const MutexLock lock(&mutex_);
  if (holds_ > 0) {
    held_seq_ = std::max(held_seq_, flushed_seq);
  } else if (log_ != nullptr) {
    log_->Release(flushed_seq);
  }
}

void LogLink::Hold() {
  const MutexLock lock(&mutex_);
  ++holds_;
}

void LogLink::LetGo() {
  const MutexLock lock(&mutex_);
  if (--holds_ == 0 && held_seq_ > 0 && log_ != nullptr) log_->Release(held_seq_);
}

void RecoveredStore::StopApplier() {
  if (link != nullptr) link->Set(log.get(), nullptr);
  applier.reset();
}

RecoveredStore::~RecoveredStore() {
  StopApplier();
  if (link != nullptr) link->Set(nullptr, nullptr);
  log.reset();
  shards.reset();
}

namespace {

// What the applier asks of a log that is opened after it.
struct LogAccess {
  std::atomic<CommitLog*> log{nullptr};
  // While the log is being replayed: what of it is known to be synced. The rest was in the page
  // cache when the process died; in tables it would outlive a power cut that the log does not.
  std::atomic<uint64_t> replay_synced{0};
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
  // Not faster than LevelDB takes it: what waits is in RAM. What may not be applied yet waits there
  // all the same, as it did in the process that wrote it.
  return store->applier->DrainSynced();
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

// A log that was cut where it is damaged may end before what a shard has. The numbers of the
// batches that were cut are given anew, and must not be taken for those.
Status RewindShards(const RecoveryOptions& options, RecoveredStore* store) {
  for (uint32_t shard = 0; shard < store->shards->count(); ++shard) {
    const uint64_t has = store->shards->written_seq(shard);
    if (has <= store->committed_seq) continue;
    LSM_RETURN_IF_ERROR(store->applier->Drain());
    if (options.shards.store.log_line) {
      options.shards.store.log_line(
          '#', "LSM shard " + std::to_string(shard) + " has batches up to " + std::to_string(has) +
                   ", but the commit log ends with " + std::to_string(store->committed_seq) +
                   ": what was cut off the log may be half there");
    }
    LSM_RETURN_IF_ERROR(store->shards->Rewind(shard, store->committed_seq));
  }
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
  options.log.on_replay_synced = [access](uint64_t seq) {
    access->replay_synced.store(seq, std::memory_order_release);
  };
  options.applier.synced_seq = [access]() -> uint64_t {
    const CommitLog* log = access->log.load(std::memory_order_acquire);
    return log == nullptr ? access->replay_synced.load(std::memory_order_acquire)
                          : log->synced_seq();
  };
  options.applier.request_sync = [access](uint64_t seq) {
    CommitLog* log = access->log.load(std::memory_order_acquire);
    if (log != nullptr) log->RequestSync(seq);
  };
  store.applier = std::make_unique<Applier>(*store.shards, options.applier, applied);
  // The log's thread runs from its opening on; the applier ends before the log.
  options.log.on_quiet = [link = store.link] { link->FlushApplied(); };
  LSM_RETURN_IF_ERROR(OpenLog(options, &store, applied));
  store.committed_seq = store.log->written_seq();
  access->log.store(store.log.get(), std::memory_order_release);
  LSM_RETURN_IF_ERROR(RewindShards(options, &store));
  store.link->Set(store.log.get(), store.applier.get());
  store.log->Release(store.shards->flushed_seq());
  const auto took = std::chrono::steady_clock::now() - start;
  store.replay_ms =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return store;
}

}  // namespace lsm
