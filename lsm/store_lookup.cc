// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <utility>

#include "lsm/store_impl.h"

namespace lsm {

Entry* StoreImpl::FindEntry(const Keyspace& space, std::string_view key) {
  return hot_.Find(hot_.Hash(space.generation, key), space.generation, key);
}

bool StoreImpl::IsExpired(const Entry& entry) const {
  const int64_t end_ms = EarlierOf(entry.expire_at_ms(), HotTier::RowTimesOf(entry).all_ms);
  return end_ms != kNoExpiry && end_ms <= clock_.NowMs();
}

bool StoreImpl::ExpireIfDue(Entry* entry) {
  if (expiry_mode_ == ExpiryMode::kKeep || !IsExpired(*entry)) return false;
  if (expiry_mode_ == ExpiryMode::kHide) return true;
  // On a full disk nothing may enter the turn, or replies to reads would wait for space too.
  if (Writable() && !expiry_held_) ExpireNow(entry);
  return true;
}

void StoreImpl::Use(Entry* entry) {
  if (!use_counting_.on) [[likely]] {
    HotTier::Touch(entry, coarse_now_s_);
    return;
  }
  const UseCounter counter = UseCounter::Unpack(entry->last_access_s());
  const auto random = static_cast<uint32_t>(random_());
  HotTier::Touch(entry, counter.Used(coarse_now_s_, use_counting_, random).Pack());
}

void StoreImpl::SetFresh(Entry* entry) {
  HotTier::SetLastAccess(entry, use_counting_.on
                                    ? UseCounter(coarse_now_s_, UseCounter::kFresh).Pack()
                                    : coarse_now_s_);
}

uint8_t StoreImpl::UseCount(const Entry& entry) const {
  return UseCounter::Unpack(entry.last_access_s()).At(coarse_now_s_, use_counting_);
}

void StoreImpl::SetUseCount(Entry* entry, uint8_t count) {
  HotTier::SetLastAccess(entry, UseCounter(coarse_now_s_, count).Pack());
}

Store::Lookup StoreImpl::Find(uint32_t db, std::string_view key, Access access) {
  const Keyspace& space = keyspaces_.at(db);
  Entry* entry = FindEntry(space, key);
  if (entry == nullptr) {
    if (space.all_resident()) {
      ++counts_.hot_hits;
      return {Presence::kAbsent, nullptr};
    }
    return {Presence::kNotResident, nullptr};
  }
  ++counts_.hot_hits;
  // Before it may go: an expired entry moves when it is made absent.
  if (access == Access::kTouch) Use(entry);
  if (!entry->exists() || ExpireIfDue(entry)) return {Presence::kAbsent, nullptr};
  // What was loaded into a collection on the spot is weighed when the key is looked at again.
  if (entry->has_collection()) hot_.Recharge(entry);
  return {Presence::kPresent, entry};
}

void StoreImpl::Hint(uint32_t db, std::span<const std::string_view> keys) const {
  constexpr size_t kMax = 64;
  std::array<uint64_t, kMax> hashes;  // NOLINT(*-member-init): filled as far as it is read.
  const size_t n = std::min(keys.size(), kMax);
  const uint32_t generation = keyspaces_.at(db).generation;
  for (size_t i = 0; i < n; ++i) {
    hashes[i] = hot_.Hash(generation, keys[i]);
    hot_.PrefetchSlot(hashes[i]);
  }
  for (size_t i = 0; i < n; ++i) hot_.PrefetchEntry(hashes[i]);
}

bool StoreImpl::Prefetch(uint32_t db, std::string_view key, LoadWaiter& waiter) {
  const Keyspace& space = keyspaces_.at(db);
  const KeyName name{hot_.Hash(space.generation, key), space.generation, key};
  if (hot_.Peek(name.hash, name.generation, key) != nullptr || space.all_resident()) return true;
  board_->JoinKey(name, waiter);
  ++counts_.hot_misses;
  ++awaited_lookups_;
  return false;
}

bool StoreImpl::PrefetchRow(Entry& entry, std::string_view subkey, LoadWaiter& waiter) {
  if (!entry.has_collection()) return true;
  // Most are resident: looks before it copies the subkey.
  std::optional<LoadRequest> missing = entry.collection().Check(subkey);
  if (!missing.has_value()) return true;
  board_->JoinRows({HashOf(entry), entry.generation(), entry.key()}, *std::move(missing),
                   {RowsWanted::What::kRow, std::string(subkey), 0, 0, false}, waiter);
  return false;
}

bool StoreImpl::PrefetchRows(Entry& entry, RowsWanted wanted, LoadWaiter& waiter) {
  std::optional<LoadRequest> missing = MissingOf(entry, wanted);
  if (!missing.has_value()) return true;
  board_->JoinRows({HashOf(entry), entry.generation(), entry.key()}, *std::move(missing),
                   std::move(wanted), waiter);
  return false;
}

bool StoreImpl::PrefetchAt(Entry& entry, uint64_t rank, LoadWaiter& waiter) {
  if (!entry.has_collection() || !entry.collection().CheckAt(rank).has_value()) return true;
  return PrefetchRows(entry, {RowsWanted::What::kAt, {}, 0, rank, false}, waiter);
}

bool StoreImpl::PrefetchScan(Entry& entry, std::optional<std::string_view> from, uint64_t rows,
                             Collection::Direction direction, LoadWaiter& waiter) {
  if (!entry.has_collection()) return true;
  if (!entry.collection().CheckScan(from, rows, direction).has_value()) return true;
  RowsWanted wanted;
  wanted.what = direction == Collection::Direction::kForward ? RowsWanted::What::kForward
                                                             : RowsWanted::What::kBackward;
  wanted.subkey = from.value_or(std::string_view());
  wanted.rows = rows;
  wanted.from_end = !from.has_value();
  return PrefetchRows(entry, std::move(wanted), waiter);
}

bool StoreImpl::PrefetchAll(Entry& entry, uint64_t max_rows, LoadWaiter& waiter) {
  if (!entry.has_collection() || entry.collection().fully_resident()) return true;
  return PrefetchRows(entry, {RowsWanted::What::kAll, {}, max_rows, 0, false}, waiter);
}

void StoreImpl::Abandon(LoadWaiter& waiter) {
  AbandonScans(waiter);
  AbandonStreams(waiter);
  AbandonApplied(waiter);
  board_->Abandon(waiter);
}

Result<Entry*> StoreImpl::FindOrLoad(uint32_t db, std::string_view key, Access access) {
  const Lookup found = Find(db, key, access);
  if (found.presence != Presence::kNotResident) return found.entry;
  const Keyspace& space = keyspaces_.at(db);
  ++counts_.spot_loads;
  ++counts_.hot_misses;
  LSM_ASSIGN_OR_RETURN(std::optional<StoredMeta> meta, reader_->ReadMeta(space.generation, key));
  const KeyName name{hot_.Hash(space.generation, key), space.generation, key};
  Entry* entry = Install(name, std::move(meta), /*arrival=*/false);
  if (!entry->exists() || ExpireIfDue(entry)) return nullptr;
  if (access == Access::kTouch) SetFresh(entry);
  return entry;
}

Entry* StoreImpl::Install(const KeyName& name, std::optional<StoredMeta> meta, bool arrival) {
  Keyspace* space = keyspaces_.Find(name.generation);
  if (space == nullptr) return nullptr;
  // What is resident is never older than what was read.
  Entry* entry = hot_.Find(name.hash, name.generation, name.key);
  if (entry != nullptr) return entry;
  EntryParts parts;
  parts.generation = name.generation;
  parts.key = name.key;
  if (meta.has_value()) {
    const MetaHead& head = meta->head;
    parts.type = head.type;
    parts.type_flags = head.type_flags;
    parts.expire_at_ms = head.expire_at_ms;
    parts.ttl_row_ms = head.ttl_row_ms;
    parts.payload = meta->payload();
    if (head.collection != 0) {
      parts.collection = new EntryCollection(head.collection, &collection_env_, head.count);
      parts.collection->row_times = head.row_times;
    }
    ++space->resident;
  }
  entry = hot_.Insert(name.hash, parts, arrival);
  SetFresh(entry);
  return entry;
}

void StoreImpl::OnKeyLoaded(const KeyName& name, std::optional<StoredMeta> meta) {
  Install(name, std::move(meta), /*arrival=*/true);
}

Status StoreImpl::OnRunLoaded(const KeyName& name, const LoadedRun& run) {
  Entry* entry = hot_.Find(name.hash, name.generation, name.key);
  if (entry == nullptr || !entry->has_collection() ||
      entry->collection().id() != run.request.collection) {
    return Status();  // Gone, or another one: who waits looks again.
  }
  hot_.SetPagesArrive(true);
  const Result<Collection::Installed> installed = entry->collection().Install(run);
  hot_.SetPagesArrive(false);
  hot_.Recharge(entry);
  if (!installed.has_value()) return installed.error();
  return Status();  // Stale parts are asked for again by StillMissing.
}

std::optional<LoadRequest> StoreImpl::MissingOf(Entry& entry, const RowsWanted& wanted) {
  const Collection& collection = entry.collection();
  switch (wanted.what) {
    case RowsWanted::What::kRow:
      return collection.Check(wanted.subkey);
    case RowsWanted::What::kRank:
      return collection.Check(wanted.subkey, Collection::Want::kRank);
    case RowsWanted::What::kAt:
      return collection.CheckAt(wanted.rank);
    case RowsWanted::What::kForward:
      return collection.CheckScan(wanted.subkey, wanted.rows, Collection::Direction::kForward,
                                  wanted.bound);
    case RowsWanted::What::kBackward: {
      std::optional<std::string_view> from;
      if (!wanted.from_end) from = wanted.subkey;
      return collection.CheckScan(from, wanted.rows, Collection::Direction::kBackward,
                                  wanted.bound);
    }
    case RowsWanted::What::kAll:
      break;
  }
  if (collection.count() > wanted.rows) return std::nullopt;
  return collection.CheckAll();
}

std::optional<LoadRequest> StoreImpl::StillMissing(const KeyName& name, CollectionId collection,
                                                   const RowsWanted& wanted) {
  Entry* entry = hot_.Find(name.hash, name.generation, name.key);
  if (entry == nullptr || !entry->has_collection() || entry->collection().id() != collection) {
    return std::nullopt;
  }
  return MissingOf(*entry, wanted);
}

void StoreImpl::OnEvicted(const Entry& entry) {
  Keyspace* space = keyspaces_.Find(entry.generation());
  if (space == nullptr) return;
  if (entry.exists()) --space->resident;
  board_->OnForgotten({HashOf(entry), entry.generation(), entry.key()});
}

Result<LoadedRun> StoreImpl::LoadRun(const LoadRequest& request) {
  ++counts_.spot_loads;
  // After a crash, rows from the log come to LevelDB in the background; none is read before.
  if (parts_->applier->applied_seq() < rows_held_until_) {
    LSM_RETURN_IF_ERROR(parts_->applier->Drain());
  }
  return reader_->LoadRun(request);
}

// ---- Uses.

void SetUseCounting(Store& store, const UseCounting& how) {
  static_cast<StoreImpl&>(store).SetUseCounting(how);
}

uint8_t UseCount(const Store& store, const Entry& entry) {
  return static_cast<const StoreImpl&>(store).UseCount(entry);
}

void SetUseCount(Store& store, Entry* entry, uint8_t count) {
  static_cast<StoreImpl&>(store).SetUseCount(entry, count);
}

}  // namespace lsm
