// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <utility>

#include "lsm/store_impl.h"

namespace lsm {

// ---- Serialising.

void StoreImpl::PutTtlRow(int64_t at_ms, uint32_t generation, std::string_view key) {
  batch_.Put({EncodeTtlKeyPrefix(at_ms, generation).view(), key}, {});
  ttl_rows_->OnTtlRowPut(at_ms, generation, key, sequence());
}

void StoreImpl::DeleteTtlRow(int64_t at_ms, uint32_t generation, std::string_view key) {
  batch_.Delete({EncodeTtlKeyPrefix(at_ms, generation).view(), key});
  ttl_rows_->OnTtlRowDeleted(at_ms, generation, key, sequence());
}

Entry* StoreImpl::SettleTtlRow(Entry* entry) {
  const int64_t stands_at = EntryAllocator::TtlRowMs(*entry);
  const int64_t due = EarlierOf(entry->expire_at_ms(), HotTier::RowTimesOf(*entry).first_ms);
  // A row that is early is left alone: the sweeper arms it again when it meets it.
  const bool good =
      due == kNoExpiry ? stands_at == kNoExpiry : stands_at != kNoExpiry && stands_at <= due;
  if (good) return entry;
  if (stands_at != kNoExpiry) DeleteTtlRow(stands_at, entry->generation(), entry->key());
  if (due != kNoExpiry) PutTtlRow(due, entry->generation(), entry->key());
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  parts.ttl_row_ms = due;
  return hot_.Reshape(entry, parts);
}

void StoreImpl::SerialiseEntry(Entry* entry, bool created) {
  const uint64_t position = parts_->shards->PositionOf(entry->key());
  entry = SettleTtlRow(entry);
  const MetaKeyPrefix prefix = EncodeMetaKeyPrefix(entry->generation(), position);
  if (!entry->exists()) {
    batch_.Delete({prefix.view(), entry->key()});
    return;
  }
  MetaHead head;
  head.type = entry->type();
  head.type_flags = entry->type_flags();
  head.expire_at_ms = entry->expire_at_ms();
  head.ttl_row_ms = EntryAllocator::TtlRowMs(*entry);
  if (entry->has_collection()) {
    head.collection = entry->collection().id();
    head.count = entry->collection().count();
    head.row_times = HotTier::RowTimesOf(*entry);
    hot_.Recharge(entry);
  }
  char bytes[kMaxMetaHeadBytes];
  const size_t size = EncodeMetaHead(head, bytes);
  batch_.Put({prefix.view(), entry->key()}, {std::string_view(bytes, size), entry->payload()});
  if (created) new_keys_.Add(entry->generation(), position, entry->key(), sequence());
}

void StoreImpl::SerialiseTurn() {
  while (!hot_.turn().empty()) {
    bool created = false;
    Entry* entry = hot_.TakeFromTurn(sequence(), &created);
    SerialiseEntry(entry, created);
  }
  turn_meta_bytes_ = 0;
  for (uint32_t db = 0; db < keyspaces_.size(); ++db) {
    Keyspace& space = keyspaces_.at(db);
    if (!space.changed) continue;
    space.changed = false;
    PutStoreRow(RowNameOf(db), EncodeDatabase({space.generation, space.keys, space.expiring}));
  }
}

// ---- Committing.

bool StoreImpl::TurnIsDirty() const {
  if (!batch_.empty() || !hot_.turn().empty()) return true;
  for (uint32_t db = 0; db < keyspaces_.size(); ++db) {
    if (keyspaces_.at(db).changed) return true;
  }
  return false;
}

Status StoreImpl::CommitTurn() {
  SerialiseTurn();
  hot_.FoldUnused();
  board_->Submit();
  if (batch_.empty()) return Status();
  const uint64_t seq = sequence();
  // After a failure all stays as it is; what the turn still gets joins the same record.
  LSM_RETURN_IF_ERROR(parts_->log->Append(seq, batch_));
  parts_->applier->Submit(seq, batch_.payload());
  batch_.Clear();
  committed_seq_ = seq;
  return Status();
}

uint64_t StoreImpl::promised_seq() const {
  return fsync_policy_ == FsyncPolicy::kAlways ? parts_->log->synced_seq() : committed_seq_;
}

void StoreImpl::SetFsyncPolicy(FsyncPolicy policy) {
  fsync_policy_ = policy;
  parts_->log->SetPolicy(LogPolicy(policy));
  // What was committed under a weaker promise and is not synced yet is waited for from now on.
  if (policy == FsyncPolicy::kAlways) RequestSync();
}

bool StoreImpl::Writable() const {
  return parts_->log->writable() && BacklogHasRoom();
}

bool StoreImpl::BacklogHasRoom() const {
  // A LevelDB that is only slow is waited for, by pacing; one that takes nothing is not.
  return parts_->applier->backlog_bytes() < 2 * parts_->applier->backlog_limit_bytes() ||
         parts_->applier->error().ok();
}

std::string StoreImpl::write_error() const {
  if (!parts_->log->writable()) return parts_->log->writable_error();
  if (!BacklogHasRoom()) {
    return parts_->applier->error().message();
  }
  return {};
}

// ---- What comes back.

void StoreImpl::UpdateCoarseClock() {
  coarse_now_s_ = static_cast<uint32_t>(clock_.NowMs() / 1000);
}

void StoreImpl::TakeApplied() {
  const uint64_t applied = parts_->applier->applied_seq();
  if (applied == hot_.applied_seq()) return;
  hot_.SetAppliedSeq(applied);
  new_keys_.OnApplied(applied);
  ttl_rows_->OnApplied(applied);
  std::erase_if(store_rows_, [applied](const auto& row) { return row.second.seq <= applied; });
  if (rows_held_until_ != 0 && applied >= rows_held_until_) {
    rows_held_until_ = 0;
    board_->HoldRows(false);
  }
  collector_->Poke();
}

void StoreImpl::Post(std::function<void()> task) {
  {
    const MutexLock lock(&inbox_mutex_);
    inbox_.push_back(std::move(task));
  }
  wake_loop_();
}

void StoreImpl::RunCompletions() {
  UpdateCoarseClock();
  TakeApplied();
  pool_->RunCompletions();
  std::vector<std::function<void()>> tasks;
  {
    const MutexLock lock(&inbox_mutex_);
    tasks.swap(inbox_);
  }
  for (const auto& task : tasks) task();
  board_->Submit();
}

}  // namespace lsm
