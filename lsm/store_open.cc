// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "lsm/store_impl.h"
#include "lsm/turn_rollback.h"

namespace lsm {

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options, FileSystem& files,
                                           Clock& clock, std::function<void()> wake_loop) {
  auto store = std::make_unique<StoreImpl>(options, files, clock, std::move(wake_loop));
  LSM_RETURN_IF_ERROR(store->Start());
  return std::unique_ptr<Store>(std::move(store));
}

SyncPolicy LogPolicy(FsyncPolicy policy) {
  switch (policy) {
    case FsyncPolicy::kAlways:
      return SyncPolicy::kAlways;
    case FsyncPolicy::kEverySec:
      return SyncPolicy::kEverySecond;
    case FsyncPolicy::kNo:
      return SyncPolicy::kNo;
  }
  ENSURE(false);
}

StoreImpl::StoreImpl(const StoreOptions& options, FileSystem& files, Clock& clock,
                     std::function<void()> wake_loop)
    : options_(options),
      files_(files),
      clock_(clock),
      wake_loop_(wake_loop ? std::move(wake_loop) : [] {}),
      fsync_policy_(options.fsync_policy),
      // The visible ones, the drafts', and the staged ones.
      keyspaces_(2 * options.databases + 1),
      // Not to be guessed from outside, or chosen keys could fill one segment.
      hot_(std::random_device()() * uint64_t{0x9E3779B97F4A7C15}, *this, &collection_env_),
      hot_budget_bytes_(options.hot_budget_bytes),
      random_(std::random_device()()) {
  collection_env_.rows = this;
  collection_env_.source = this;
  collection_env_.listener = &hot_;
  if (options_.hot_tier == HotTierMode::kOff) hot_.SetKeptInUse(0);
  ttl_rows_.emplace();
  UpdateCoarseClock();
}

StoreImpl::~StoreImpl() {
  pool_.reset();  // No worker reads any more; what it had not begun is dropped.
  board_.reset();
  collector_.reset();
  if (parts_ == nullptr) return;
  {
    const MutexLock lock(&helpers_mutex_);
    synced_applier_ = nullptr;
  }
  parts_->StopApplier();
  {
    const MutexLock lock(&helpers_mutex_);
    deletes_to_ = nullptr;
  }
  space_.reset();
  reader_.reset();
  {
    // What came back and was not taken may hold a snapshot of the shards.
    std::vector<std::function<void()>> left;
    {
      const MutexLock lock(&inbox_mutex_);
      left.swap(inbox_);
    }
  }
  parts_.reset();
}

Status StoreImpl::Start() {
  LSM_RETURN_IF_ERROR(files_.CreateDirectory(options_.dir));
  LSM_ASSIGN_OR_RETURN(lock_, files_.Lock(options_.dir));
  LSM_RETURN_IF_ERROR(RecoverParts());
  reader_ = std::make_unique<DiskReader>(*parts_->shards);
  pool_ = std::make_unique<LoaderPool>(std::max<uint32_t>(1, options_.loader_threads), wake_loop_);
  board_ = std::make_unique<LoadBoard>(*pool_, *reader_, static_cast<LoadSink&>(*this));
  board_->HoldRows(rows_held_until_ != 0);
  LSM_RETURN_IF_ERROR(ReadKeyspaces());
  StartHelpers();
  if (keyspaces_.at(drafts_db()).keys > 0) Flush(drafts_db());  // A crash has left them.
  return Status();
}

// ---- Recovery.

Status StoreImpl::RecoverParts() {
  RecoveryOptions recovery;
  recovery.shards.store = options_;
  recovery.shards.files = &files_;
  recovery.log_directory = options_.dir + "/" + std::string(kLogDirectoryName);
  recovery.log.policy = LogPolicy(options_.fsync_policy);
  recovery.log.segment_bytes = options_.log_segment_bytes;
  recovery.log.first_segment_bytes =
      std::min<uint64_t>(recovery.log.first_segment_bytes, options_.log_segment_bytes);
  recovery.log.on_damage =
      options_.log_recovery_truncate ? DamagePolicy::kTruncate : DamagePolicy::kRefuse;
  recovery.log.on_synced = [this](uint64_t) {
    {
      const MutexLock lock(&helpers_mutex_);
      if (synced_applier_ != nullptr) synced_applier_->OnSynced();
    }
    wake_loop_();
  };
  recovery.log.on_writable = [this](const std::string& error) {
    if (error.empty()) {
      Log('*', "the commit log takes writes again");
    } else {
      Log('#', "the commit log does not take writes: " + error);
    }
    wake_loop_();
  };
  recovery.log.log_line = [this](std::string_view line) { Log('*', std::string(line)); };
  recovery.applier.backlog_limit_bytes = options_.backlog_limit_bytes;
  recovery.applier.log_ahead_limit_bytes = options_.log_ahead_limit_bytes;
  recovery.applier.apply_interval_ms = options_.apply_interval_ms;
  recovery.applier.on_progress = wake_loop_;
  recovery.applier.log_line = options_.log_line;
  recovery.applier.on_delete = [this](uint32_t shard, std::string_view row_key) {
    const MutexLock lock(&helpers_mutex_);
    if (deletes_to_ != nullptr) deletes_to_->OnDelete(shard, row_key, 0);
  };
  recovery.on_operation = [this](uint64_t seq, const RowOperation& operation) {
    return Replay(seq, operation);
  };
  Result<RecoveredStore> recovered = Recover(std::move(recovery));
  if (!recovered.has_value()) return recovered.error();
  parts_ = std::make_unique<RecoveredStore>(*std::move(recovered));
  committed_seq_ = parts_->committed_seq;
  const MutexLock lock(&helpers_mutex_);
  synced_applier_ = parts_->applier.get();
  return Status();
}

Status StoreImpl::Replay(uint64_t seq, const RowOperation& operation) {
  if (operation.key.empty()) return Status::Corruption("commit log: a row without a name");
  switch (static_cast<RowTag>(operation.key.front())) {
    case RowTag::kMeta:
      return ReplayMeta(seq, operation);
    case RowTag::kTtl:
      return ReplayTtl(seq, operation);
    case RowTag::kRow:
      // Collections read their rows from LevelDB only, so not before it has this one.
      rows_held_until_ = seq;
      return Status();
    case RowTag::kStore: {
      LSM_ASSIGN_OR_RETURN(const std::string_view name, DecodeStoreKey(operation.key));
      PendingStoreRow& row = store_rows_[std::string(name)];
      row.seq = seq;
      row.value.reset();
      if (operation.kind == RowOperation::Kind::kPut) row.value = std::string(operation.value);
      return Status();
    }
    case RowTag::kGarbage:
      return Status();
  }
  return Status::Corruption("commit log: a row of an unknown kind");
}

Status StoreImpl::ReplayMeta(uint64_t seq, const RowOperation& operation) {
  LSM_ASSIGN_OR_RETURN(const MetaKey name, DecodeMetaKey(operation.key));
  EntryParts parts;
  parts.generation = name.generation;
  parts.key = name.key;
  if (operation.kind == RowOperation::Kind::kPut) {
    LSM_ASSIGN_OR_RETURN(const MetaView meta, DecodeMeta(operation.value));
    parts.type = meta.head.type;
    parts.type_flags = meta.head.type_flags;
    parts.expire_at_ms = meta.head.expire_at_ms;
    parts.ttl_row_ms = meta.head.ttl_row_ms;
    parts.payload = meta.payload;
    if (meta.head.collection != 0) {
      parts.collection =
          new EntryCollection(meta.head.collection, &collection_env_, meta.head.count);
      parts.collection->row_times = meta.head.row_times;
    }
  }
  const uint64_t hash = hot_.Hash(name.generation, name.key);
  Entry* entry = hot_.Find(hash, name.generation, name.key);
  // It may be new with this batch; if it was there before, LevelDB gets it with an earlier one.
  if (parts.type != kAbsentType && (entry == nullptr || !entry->exists())) {
    new_keys_.Add(name.generation, name.position, name.key, seq);
  }
  if (entry == nullptr) {
    entry = hot_.Insert(hash, parts, /*arrival=*/false);
  } else {
    EntryCollection* old = EntryAllocator::CollectionOf(*entry);
    entry = hot_.Reshape(entry, parts);
    if (old != nullptr) hot_.FreeCollection(old);
  }
  HotTier::SetDirty(entry, seq);
  SetFresh(entry);
  return Status();
}

Status StoreImpl::ReplayTtl(uint64_t seq, const RowOperation& operation) {
  LSM_ASSIGN_OR_RETURN(const TtlKey row, DecodeTtlKey(operation.key));
  if (operation.kind == RowOperation::Kind::kPut) {
    ttl_rows_->OnTtlRowPut(row.expire_ms, row.generation, row.key, seq);
  } else {
    ttl_rows_->OnTtlRowDeleted(row.expire_ms, row.generation, row.key, seq);
  }
  return Status();
}

Status StoreImpl::ReadKeyspaces() {
  LSM_ASSIGN_OR_RETURN(const std::optional<std::string> counters, StoreRow(kCountersRow));
  if (counters.has_value()) {
    LSM_ASSIGN_OR_RETURN(counters_, DecodeCounters(*counters));
  }
  reserved_collection_ = counters_.next_collection;
  for (uint32_t db = 0; db < keyspaces_.size(); ++db) {
    LSM_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, StoreRow(RowNameOf(db)));
    Keyspace space;
    if (bytes.has_value()) {
      LSM_ASSIGN_OR_RETURN(const DatabaseRow row, DecodeDatabase(*bytes));
      space.generation = row.generation;
      space.keys = row.keys;
      space.expiring = row.expiring;
    }
    keyspaces_.Assign(db, space);
  }
  CountResidents();
  return Status();
}

void StoreImpl::CountResidents() {
  std::vector<Entry*> segment;
  uint64_t cursor = 0;
  do {
    segment.clear();
    cursor = hot_.CollectSegment(cursor, segment);
    for (const Entry* entry : segment) {
      Keyspace* space = keyspaces_.Find(entry->generation());
      if (space == nullptr) {
        dead_entries_ = true;
      } else if (entry->exists()) {
        ++space->resident;
      }
    }
  } while (cursor != 0);
}

void StoreImpl::StartHelpers() {
  SpaceKeeper::Options space;
  space.log_line = options_.log_line;
  space_ = std::make_unique<SpaceKeeper>(*parts_->shards, space);
  {
    const MutexLock lock(&helpers_mutex_);
    deletes_to_ = space_.get();
  }
  GarbageCollector::Options garbage;
  garbage.log_line = options_.log_line;
  collector_ =
      std::make_unique<GarbageCollector>(*parts_->shards, *parts_->applier, *space_, garbage);
}

// ---- Closing and reopening.

void StoreImpl::DrainLoads() {
  do {
    TakeApplied();
    board_->Submit();
    pool_->Drain();
  } while (board_->pending() > 0 && rows_held_until_ == 0);
}

Status StoreImpl::Close(bool flush) {
  LSM_RETURN_IF_ERROR(CommitTurn());
  DrainLoads();
  LSM_RETURN_IF_ERROR(CommitTurn());  // What the loads of due keys have brought about.
  LSM_RETURN_IF_ERROR(parts_->log->WaitSynced(committed_seq_));
  LSM_RETURN_IF_ERROR(parts_->applier->Drain());
  if (flush) {
    collector_.reset();
    for (uint32_t shard = 0; shard < parts_->shards->count(); ++shard) {
      LSM_RETURN_IF_ERROR(parts_->shards->FlushMemtable(shard));
    }
  }
  return parts_->log->Close();
}

Status StoreImpl::Reopen() {
  LSM_RETURN_IF_ERROR(CommitTurn());
  LSM_RETURN_IF_ERROR(parts_->applier->Drain());
  DrainLoads();
  LSM_RETURN_IF_ERROR(CommitTurn());
  LSM_RETURN_IF_ERROR(parts_->applier->Drain());
  return ReadAgain();
}

// All that the open turn has changed is RAM and its batch: LevelDB, the commit log, and the threads
// that work on them (the garbage collector, too) only know of committed turns. So it is undone by
// forgetting both.
Status StoreImpl::RollBackTurn() {
  DrainLoads();
  batch_.Clear();
  turn_meta_bytes_ = 0;
  LSM_RETURN_IF_ERROR(parts_->applier->Drain());
  TakeApplied();
  new_keys_.Forget(sequence());
  store_rows_.clear();
  // All at once: databases may have exchanged their generations.
  for (uint32_t db = 0; db < keyspaces_.size(); ++db) keyspaces_.Assign(db, Keyspace());
  return ReadAgain();
}

Status RollBackTurn(Store& store) {
  return static_cast<StoreImpl&>(store).RollBackTurn();
}

Status StoreImpl::ReadAgain() {
  TakeApplied();
  hot_.Clear();
  ttl_rows_.emplace();
  ttl_rows_->OnApplied(hot_.applied_seq());
  sweep_retries_.clear();
  dead_entries_ = dead_again_ = false;
  dead_cursor_ = 0;
  counters_ = CountersRow();
  return ReadKeyspaces();
}

}  // namespace lsm
