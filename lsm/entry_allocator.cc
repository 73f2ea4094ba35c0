// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/entry_allocator.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "lsm/entry_collection.h"
#include "lsm/status.h"

#ifdef TIERCEL_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

namespace lsm {

static_assert(sizeof(CacheNode) == 20, "the entry's first bytes lie in the node's padding");
static_assert(sizeof(Entry) == 36, "a small collection with a key of 14 bytes fits 64 bytes");

size_t SizeClass(size_t bytes) {
  // jemalloc's: multiples of 16 up to 128, then four steps to each doubling.
  if (bytes <= 128) return (bytes + 15) & ~size_t{15};
  const size_t step = std::bit_floor(bytes - 1) / 4;
  return (bytes + step - 1) & ~(step - 1);
}

void* EntryAllocator::Allocate(size_t bytes) {
#ifdef TIERCEL_JEMALLOC
  void* block = mallocx(bytes, 0);
#else
  void* block = std::malloc(bytes);
#endif
  ENSURE(block != nullptr);
  allocated_bytes_ += bytes;
  return block;
}

void EntryAllocator::Deallocate(void* block, size_t bytes) {
  allocated_bytes_ -= bytes;
#ifdef TIERCEL_JEMALLOC
  sdallocx(block, bytes, 0);
#else
  std::free(block);
#endif
}

namespace {

size_t HeaderBytes(const Entry* entry, const char* data) {
  return static_cast<size_t>(data - reinterpret_cast<const char*>(entry));
}

}  // namespace

uint8_t EntryAllocator::OptionalBits(const EntryParts& parts) {
  uint8_t bits = 0;
  if (parts.expire_at_ms != kNoExpiry) bits |= Entry::kHasExpiry;
  if (parts.ttl_row_ms == kNoExpiry) {
    if (parts.expire_at_ms != kNoExpiry) bits |= Entry::kNoTtlRow;
  } else if (parts.ttl_row_ms != parts.expire_at_ms) {
    bits |= Entry::kHasTtlRow;
  }
  if (parts.collection != nullptr) bits |= Entry::kHasCollection;
  return bits;
}

size_t EntryAllocator::BytesFor(const EntryParts& parts) {
  static const Entry kModel;
  static const size_t header = HeaderBytes(&kModel, kModel.Data());
  const uint8_t bits = OptionalBits(parts);
  size_t bytes = header + parts.key.size() + parts.payload.size();
  if ((bits & Entry::kHasExpiry) != 0) bytes += 8;
  if ((bits & Entry::kHasTtlRow) != 0) bytes += 8;
  if ((bits & Entry::kHasCollection) != 0) bytes += Entry::kCollectionBytes;
  if (parts.key.size() >= Entry::kLongKeyLength) bytes += 8;
  return std::max(bytes, sizeof(Entry));
}

size_t Entry::allocated_bytes() const {
  const std::string_view value = payload();
  const auto end =
      static_cast<size_t>(value.data() + value.size() - reinterpret_cast<const char*>(this));
  return SizeClass(std::max(end, sizeof(Entry)));
}

// Everything but the policy's links and the state bits. Views may not point into `entry` itself.
void EntryAllocator::Write(Entry* entry, const EntryParts& parts) {
  ENSURE(parts.payload.size() <= Entry::kMaxPayloadBytes);
  constexpr uint8_t kShape = Entry::kHasExpiry | Entry::kHasTtlRow | Entry::kHasCollection |
                             Entry::kNoTtlRow | Entry::kFolded;
  entry->bits_ = static_cast<uint8_t>((entry->bits_ & ~kShape) | OptionalBits(parts));
  entry->generation_ = parts.generation;
  entry->type_ = parts.type;
  entry->type_flags_ = parts.type_flags;
  entry->payload_len_ = static_cast<uint16_t>(parts.payload.size());
  size_t at = 0;
  if ((entry->bits_ & Entry::kHasExpiry) != 0) {
    entry->StoreAt(at, parts.expire_at_ms);
    at += 8;
  }
  if ((entry->bits_ & Entry::kHasTtlRow) != 0) {
    entry->StoreAt(at, parts.ttl_row_ms);
    at += 8;
  }
  if (parts.collection != nullptr) {
    entry->StoreAt(at, parts.collection);
    at += Entry::kCollectionBytes;
  }
  if (parts.key.size() < Entry::kLongKeyLength) {
    entry->key_len_ = static_cast<uint8_t>(parts.key.size());
  } else {
    entry->key_len_ = Entry::kLongKeyLength;
    entry->StoreAt(at, uint64_t{parts.key.size()});
    at += 8;
  }
  char* to = entry->Data() + at;
  if (!parts.key.empty()) std::memcpy(to, parts.key.data(), parts.key.size());
  to += parts.key.size();
  if (!parts.payload.empty()) std::memcpy(to, parts.payload.data(), parts.payload.size());
}

Entry* EntryAllocator::New(const EntryParts& parts) {
  auto* entry = new (Allocate(SizeClass(BytesFor(parts)))) Entry;
  Write(entry, parts);
  entry->kind = kCacheEntry;
  ++count_;
  return entry;
}

void EntryAllocator::Free(Entry* entry) {
  --count_;
  Deallocate(entry, entry->allocated_bytes());
}

Entry* EntryAllocator::Reshape(Entry* entry, const EntryParts& parts) {
  const size_t old_bytes = entry->allocated_bytes();
  const size_t new_bytes = SizeClass(BytesFor(parts));
  if (new_bytes == old_bytes && OptionalBits(parts) == OptionalBits(PartsOf(*entry))) {
    // Nothing before the payload moves; the payload may overlap its old self.
    const std::string_view old = entry->payload();
    if (!parts.payload.empty()) {
      std::memmove(const_cast<char*>(old.data()), parts.payload.data(), parts.payload.size());
    }
    EntryParts rest = parts;
    rest.key = {};
    rest.payload = {};
    const uint8_t key_len = entry->key_len_;
    const uint64_t long_key =
        key_len == Entry::kLongKeyLength ? entry->LoadAt<uint64_t>(entry->OptionalBytes()) : 0;
    Write(entry, rest);
    entry->key_len_ = key_len;
    if (key_len == Entry::kLongKeyLength) entry->StoreAt(entry->OptionalBytes(), long_key);
    entry->payload_len_ = static_cast<uint16_t>(parts.payload.size());
    return entry;
  }
  auto* fresh = new (Allocate(new_bytes)) Entry;
  static_cast<CacheNode&>(*fresh) = static_cast<const CacheNode&>(*entry);
  fresh->bits_ = entry->bits_;
  fresh->last_access_s_ = entry->last_access_s_;
  fresh->set_dirty_seq(entry->dirty_seq());
  Write(fresh, parts);
  Deallocate(entry, old_bytes);
  return fresh;
}

Entry* EntryAllocator::ResizePayload(Entry* entry, size_t size, char** bytes, bool fill) {
  ENSURE(size <= Entry::kMaxPayloadBytes);
  const std::string_view old = entry->payload();
  const size_t old_bytes = entry->allocated_bytes();
  const auto before = static_cast<size_t>(old.data() - reinterpret_cast<const char*>(entry));
  const size_t new_bytes = SizeClass(std::max(before + size, sizeof(Entry)));
  const size_t kept = std::min(old.size(), size);
  if (new_bytes != old_bytes) {
    // All before the payload is copied as it stands, the header included.
    void* block = Allocate(new_bytes);
    std::memcpy(block, static_cast<const void*>(entry), before + kept);
    Deallocate(entry, old_bytes);
    entry = static_cast<Entry*>(block);
  }
  char* payload = reinterpret_cast<char*>(entry) + before;
  if (fill && size > kept) std::memset(payload + kept, 0, size - kept);
  entry->payload_len_ = static_cast<uint16_t>(size);
  *bytes = payload;
  return entry;
}

EntryParts EntryAllocator::PartsOf(const Entry& entry) {
  ENSURE(!IsFolded(entry));
  EntryParts parts;
  parts.generation = entry.generation();
  parts.key = entry.key();
  parts.type = entry.type();
  parts.type_flags = entry.type_flags();
  parts.expire_at_ms = entry.expire_at_ms();
  parts.ttl_row_ms = TtlRowMs(entry);
  parts.collection = CollectionOf(entry);
  parts.payload = entry.payload();
  return parts;
}

int64_t EntryAllocator::TtlRowMs(const Entry& entry) {
  if ((entry.bits_ & Entry::kNoTtlRow) != 0) return kNoExpiry;
  if ((entry.bits_ & Entry::kHasTtlRow) == 0) return entry.expire_at_ms();
  return entry.LoadAt<int64_t>((entry.bits_ & Entry::kHasExpiry) != 0 ? 8 : 0);
}

EntryCollection* EntryAllocator::CollectionOf(const Entry& entry) {
  constexpr uint8_t kMask = Entry::kHasCollection | Entry::kFolded;
  if ((entry.bits_ & kMask) != Entry::kHasCollection) return nullptr;
  return entry.LoadAt<EntryCollection*>(CollectionAt(entry));
}

void EntryAllocator::Fold(Entry* entry, CollectionId id, Leaf leaf) {
  ENSURE(entry->has_collection() && !IsFolded(*entry));
  entry->bits_ |= Entry::kFolded;
  char* at = entry->Data() + CollectionAt(*entry);
  const auto address = reinterpret_cast<uintptr_t>(leaf.Release());
  std::memcpy(at, &id, sizeof(id));
  std::memcpy(at + sizeof(id), &address, kAddressBytes);
}

Leaf EntryAllocator::TakeFolded(Entry* entry, CollectionId* id) {
  const char* at = entry->Data() + CollectionAt(*entry);
  uint64_t address = 0;
  std::memcpy(id, at, sizeof(*id));
  std::memcpy(&address, at + sizeof(*id), kAddressBytes);
  return Leaf::Adopt(reinterpret_cast<void*>(address));  // NOLINT(*-no-int-to-ptr)
}

void EntryAllocator::SetCollection(Entry* entry, EntryCollection* collection) {
  entry->bits_ = static_cast<uint8_t>(entry->bits_ & ~Entry::kFolded);
  entry->StoreAt(CollectionAt(*entry), collection);
}

Collection& Entry::collection() const {
  EntryCollection* collection = EntryAllocator::CollectionOf(*this);
  ENSURE(collection != nullptr);
  return *collection;
}

}  // namespace lsm
