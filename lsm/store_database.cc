// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "lsm/staged_rows.h"
#include "lsm/store_impl.h"

namespace lsm {

namespace {

// Ids are reserved in blocks, so that the row «counters» is not written for each one.
constexpr uint64_t kCollectionIdBlock = 4096;

}  // namespace

void StoreImpl::PutStoreRow(std::string_view name, std::string_view value) {
  batch_.Put(EncodeStoreKey(name), value);
}

std::string StoreImpl::RowNameOf(uint32_t db) const {
  if (IsStaged(db)) return StagedDatabaseRowName(db - StagedDb(0));
  return DatabaseRowName(db == drafts_db() ? kDraftsDatabaseNumber : db);
}

uint32_t StoreImpl::NextGeneration() {
  const uint32_t generation = counters_.next_generation++;
  PutStoreRow(kCountersRow, EncodeCounters({counters_.next_generation, reserved_collection_}));
  return generation;
}

CollectionId StoreImpl::NextCollection(std::string_view key) {
  const uint64_t number = counters_.next_collection++;
  if (number >= reserved_collection_) {
    reserved_collection_ = number + kCollectionIdBlock;
    PutStoreRow(kCountersRow, EncodeCounters({counters_.next_generation, reserved_collection_}));
  }
  return MakeCollectionId(parts_->shards->ShardOfSlot(KeySlot(key)), number);
}

void StoreImpl::EnsureGeneration(uint32_t db) {
  if (keyspaces_.at(db).generation != 0) return;
  Keyspace space;
  space.generation = NextGeneration();
  space.changed = true;
  keyspaces_.Assign(db, space);
}

void StoreImpl::Empty(uint32_t db) {
  if (keyspaces_.at(db).keys == 0) return;
  // Metas of this turn go into the batch before the keyspace goes on the garbage list: the
  // collector finds collections by their metas.
  SerialiseTurn();
  const uint32_t old = keyspaces_.at(db).generation;
  batch_.Put(EncodeGarbageKey({Garbage::Kind::kGeneration, old}), {});
  Keyspace fresh;
  fresh.generation = NextGeneration();
  fresh.changed = true;
  keyspaces_.Assign(db, fresh);
  dead_again_ = dead_again_ || dead_entries_;  // A walk under way has passed some of these.
  dead_entries_ = true;
}

void StoreImpl::Flush(uint32_t db) {
  Empty(db);
  ForEachObserver([&](KeyspaceObserver& observer) { observer.OnFlushed(db); });
}

void StoreImpl::Swap(uint32_t a, uint32_t b) {
  if (a == b) return;
  ForEachObserver([&](KeyspaceObserver& observer) { observer.OnSwapped(a, b); });
  keyspaces_.Swap(a, b);
}

// ---- Staging.

ReplicaStore& ReplicaStore::Of(Store& store) {
  return static_cast<StoreImpl&>(store);
}

void StoreImpl::DropStaged() {
  for (uint32_t db = 0; db < databases(); ++db) Empty(StagedDb(db));
}

void StoreImpl::ShowStaged() {
  for (uint32_t db = 0; db < databases(); ++db) {
    const uint32_t staged = StagedDb(db);
    if (keyspaces_.at(db).keys == 0 && keyspaces_.at(staged).keys == 0) continue;
    keyspaces_.Swap(db, staged);
    Empty(staged);
    ForEachObserver([&](KeyspaceObserver& observer) { observer.OnFlushed(db); });
  }
}

void StoreImpl::FreeDeadEntries(size_t max_segments) {
  std::vector<Entry*> segment;
  for (size_t i = 0; i < max_segments && dead_entries_; ++i) {
    segment.clear();
    dead_cursor_ = hot_.CollectSegment(dead_cursor_, segment);
    for (Entry* entry : segment) {
      if (keyspaces_.IsLive(entry->generation())) continue;
      if (HotTier::IsInTurn(*entry)) {
        dead_again_ = true;
      } else {
        hot_.Erase(entry);
      }
    }
    if (dead_cursor_ == 0) dead_entries_ = std::exchange(dead_again_, false);
  }
}

// ---- System rows.

Result<std::optional<std::string>> StoreImpl::StoreRow(std::string_view name) {
  const auto it = store_rows_.find(name);
  if (it != store_rows_.end()) return it->second.value;
  return reader_->ReadStoreRow(name);
}

Result<std::optional<std::string>> StoreImpl::GetSystem(std::string_view name) {
  return StoreRow(std::string(kSystemRowPrefix).append(name));
}

void StoreImpl::PutSystem(std::string_view name, std::string_view value) {
  std::string row = std::string(kSystemRowPrefix).append(name);
  PutStoreRow(row, value);
  store_rows_[std::move(row)] = {std::string(value), sequence()};
}

void StoreImpl::DeleteSystem(std::string_view name) {
  std::string row = std::string(kSystemRowPrefix).append(name);
  batch_.Delete(EncodeStoreKey(row));
  store_rows_[std::move(row)] = {std::nullopt, sequence()};
}

}  // namespace lsm
