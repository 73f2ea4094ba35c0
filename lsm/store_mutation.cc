// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "lsm/store_impl.h"

namespace lsm {

Keyspace& StoreImpl::SpaceOf(const Entry& entry) {
  Keyspace* space = keyspaces_.Find(entry.generation());
  ENSURE(space != nullptr);
  return *space;
}

void StoreImpl::Modified(const Entry& entry) {
  if (observer_ == nullptr && more_observers_.empty()) return;
  const uint32_t db = keyspaces_.IndexOf(SpaceOf(entry));
  if (db >= drafts_db()) return;  // Nobody sees drafts, or what is staged.
  ForEachObserver([&](KeyspaceObserver& observer) { observer.OnModified(db, entry.key()); });
}

void StoreImpl::Touched(Entry* entry) {
  if (!HotTier::IsInTurn(*entry)) {
    turn_meta_bytes_ += entry->key().size() + entry->payload().size() + kMaxMetaHeadBytes;
    hot_.MarkInTurn(entry);
  }
  Modified(*entry);
}

void StoreImpl::DropCollection(EntryParts& parts) {
  if (parts.collection == nullptr) return;
  batch_.Put(EncodeGarbageKey({Garbage::Kind::kCollection, parts.collection->id()}), {});
  hot_.FreeCollection(std::exchange(parts.collection, nullptr));
}

Entry* StoreImpl::Create(uint32_t db, std::string_view key, TypeCode type, uint8_t type_flags,
                         std::string_view payload) {
  ENSURE(type != kAbsentType);
  EnsureGeneration(db);
  Keyspace& space = keyspaces_.at(db);
  const uint64_t hash = hot_.Hash(space.generation, key);
  Entry* entry = hot_.Find(hash, space.generation, key);
  EntryParts parts;
  parts.generation = space.generation;
  parts.key = key;
  parts.type = type;
  parts.type_flags = type_flags;
  parts.payload = payload;
  const bool existed = entry != nullptr && entry->exists();
  if (entry == nullptr) {
    ENSURE(space.all_resident());
    entry = hot_.Insert(hash, parts, /*arrival=*/false);
  } else {
    if (entry->has_expiry()) {
      --space.expiring;
      space.changed = true;
    }
    if (entry->has_collection()) {
      EntryParts old = EntryAllocator::PartsOf(*entry);
      DropCollection(old);
    }
    parts.ttl_row_ms = EntryAllocator::TtlRowMs(*entry);
    entry = hot_.Reshape(entry, parts);
  }
  if (!existed) {
    HotTier::MarkCreated(entry);
    ++space.keys;
    ++space.resident;
    space.changed = true;
  }
  // A value that replaces another keeps the count of its uses.
  if (!existed || !use_counting_.on) SetFresh(entry);
  Touched(entry);
  return entry;
}

Entry* StoreImpl::SetPayload(Entry* entry, std::string_view payload) {
  const std::string_view old = entry->payload();
  const std::less<> before;
  if (!payload.empty() && !before(payload.data(), old.data()) &&
      before(payload.data(), old.data() + old.size())) {
    EntryParts parts = EntryAllocator::PartsOf(*entry);  // It is a part of the old one.
    parts.payload = payload;
    entry = hot_.Reshape(entry, parts);
  } else {
    char* bytes = nullptr;
    entry = hot_.ResizePayload(entry, payload.size(), &bytes, /*fill=*/false);
    if (!payload.empty()) std::memcpy(bytes, payload.data(), payload.size());
  }
  Touched(entry);
  return entry;
}

Entry* StoreImpl::ResizePayload(Entry* entry, size_t size, char** bytes) {
  entry = hot_.ResizePayload(entry, size, bytes, /*fill=*/true);
  Touched(entry);
  return entry;
}

void StoreImpl::SetIdle(Entry* entry, uint32_t idle_s) {
  HotTier::SetLastAccess(entry, coarse_now_s_ - std::min(idle_s, Entry::kMaxIdleSeconds));
}

void StoreImpl::SetTypeFlags(Entry* entry, uint8_t type_flags) {
  HotTier::SetTypeFlags(entry, type_flags);
  Touched(entry);
}

Entry* StoreImpl::SetExpiry(Entry* entry, int64_t expire_at_ms) {
  // Rows know no time before 1970; such a one has passed as well at 0.
  if (expire_at_ms != kNoExpiry) expire_at_ms = std::max<int64_t>(expire_at_ms, 0);
  if (expire_at_ms != entry->expire_at_ms()) {
    Keyspace& space = SpaceOf(*entry);
    space.changed = true;
    space.expiring += (expire_at_ms != kNoExpiry ? 1 : 0);
    space.expiring -= (entry->has_expiry() ? 1 : 0);
    EntryParts parts = EntryAllocator::PartsOf(*entry);
    parts.expire_at_ms = expire_at_ms;
    entry = hot_.Reshape(entry, parts);
  }
  Touched(entry);
  return entry;
}

void StoreImpl::SetTimes(Entry* entry, const RowTimes& times) {
  hot_.SetRowTimes(entry, times);
  Touched(entry);
}

Entry* StoreImpl::AttachCollection(Entry* entry) {
  ENSURE(!entry->has_collection());
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  parts.collection = hot_.NewCollection(NextCollection(entry->key()));
  entry = hot_.Reshape(entry, parts);
  Touched(entry);
  return entry;
}

Entry* StoreImpl::DetachCollection(Entry* entry) {
  ENSURE(entry->has_collection());
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  DropCollection(parts);
  entry = hot_.Reshape(entry, parts);
  Touched(entry);
  return entry;
}

Entry* StoreImpl::MakeAbsent(Entry* entry) {
  Keyspace& space = SpaceOf(*entry);
  --space.keys;
  --space.resident;
  if (entry->has_expiry()) --space.expiring;
  space.changed = true;
  EntryParts parts;
  parts.generation = entry->generation();
  parts.key = entry->key();
  parts.ttl_row_ms = EntryAllocator::TtlRowMs(*entry);
  entry = hot_.Reshape(entry, parts);
  Touched(entry);
  return entry;
}

void StoreImpl::Delete(Entry* entry) {
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  DropCollection(parts);
  MakeAbsent(entry);
}

Entry* StoreImpl::Move(Entry* entry, uint32_t to_db, std::string_view to_key) {
  EnsureGeneration(to_db);
  Keyspace& to_space = keyspaces_.at(to_db);
  const uint64_t hash = hot_.Hash(to_space.generation, to_key);
  Entry* target = hot_.Find(hash, to_space.generation, to_key);
  if (target == entry) return entry;
  // The source's views stay good until it is made absent below.
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  parts.generation = to_space.generation;
  parts.key = to_key;
  parts.ttl_row_ms = kNoExpiry;
  if (entry->has_expiry()) ++to_space.expiring;
  if (target == nullptr) {
    ENSURE(to_space.all_resident());
    target = hot_.Insert(hash, parts, /*arrival=*/false);
    HotTier::MarkCreated(target);
    ++to_space.keys;
    ++to_space.resident;
  } else {
    EntryParts old = EntryAllocator::PartsOf(*target);
    DropCollection(old);
    if (target->has_expiry()) --to_space.expiring;
    if (!target->exists()) {
      HotTier::MarkCreated(target);
      ++to_space.keys;
      ++to_space.resident;
    }
    parts.ttl_row_ms = old.ttl_row_ms;
    target = hot_.Reshape(target, parts);
  }
  to_space.changed = true;
  if (use_counting_.on) {
    HotTier::SetLastAccess(target, entry->last_access_s());
  } else {
    HotTier::SetLastAccess(target, coarse_now_s_);
  }
  MakeAbsent(entry);
  Touched(target);
  return target;
}

// ---- Rows of collections.

void StoreImpl::OnRowChange(const Collection& collection) {
  Touched(static_cast<const EntryCollection&>(collection).owner);
}

void StoreImpl::PutRow(const Collection& collection, std::string_view subkey,
                       std::string_view value) {
  batch_.Put({EncodeRowKeyPrefix(collection.id()).view(), subkey}, {value});
  OnRowChange(collection);
}

void StoreImpl::DeleteRow(const Collection& collection, std::string_view subkey) {
  batch_.Delete({EncodeRowKeyPrefix(collection.id()).view(), subkey});
  OnRowChange(collection);
}

}  // namespace lsm
