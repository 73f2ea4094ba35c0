// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lsm/entry.h"
#include "lsm/leaf.h"
#include "lsm/page_source.h"

namespace lsm {

struct EntryCollection;

// The allocator's size class for a block of `bytes`: what it really takes. Blocks are always asked
// for in whole classes, so a payload may grow within one in place.
size_t SizeClass(size_t bytes);

// What a fresh entry is made of.
struct EntryParts {
  uint32_t generation = 0;
  std::string_view key;
  TypeCode type = kAbsentType;
  uint8_t type_flags = 0;
  int64_t expire_at_ms = kNoExpiry;
  // Where the key's ttl row stands in what is committed; kNoExpiry: there is none.
  int64_t ttl_row_ms = kNoExpiry;
  EntryCollection* collection = nullptr;
  std::string_view payload;
};

// Lays entries out (see lsm/entry.h), and knows how much RAM they take. It neither owns collections
// nor follows pointers to the entries it moves: that is HotTier's. Loop thread only.
class EntryAllocator {
 public:
  EntryAllocator() = default;
  EntryAllocator(const EntryAllocator&) = delete;
  EntryAllocator& operator=(const EntryAllocator&) = delete;

  Entry* New(const EntryParts& parts);
  // Frees the block only.
  void Free(Entry* entry);

  // Gives the entry these parts (key and generation must be its own) and keeps all else: policy
  // links, dirtiness, last access. In place when the size class stays the same; otherwise the old
  // block is freed and the new one returned. Views in `parts` may point into the old entry.
  Entry* Reshape(Entry* entry, const EntryParts& parts);
  // Only another payload: `size` bytes are given out in `*bytes`, the old ones kept as far as they
  // fit, new ones zero unless `fill` is false.
  Entry* ResizePayload(Entry* entry, size_t size, char** bytes, bool fill);

  // Requires that its collection, if any, is not folded.
  static EntryParts PartsOf(const Entry& entry);
  static int64_t TtlRowMs(const Entry& entry);
  // nullptr: it has none, or it is folded.
  static EntryCollection* CollectionOf(const Entry& entry);

  // Replaces the pointer to a collection by what makes the collection up, and back.
  static void Fold(Entry* entry, CollectionId id, Leaf leaf);
  static bool IsFolded(const Entry& entry) { return (entry.bits_ & Entry::kFolded) != 0; }
  // Requires IsFolded(). The entry is to be given a collection, or to be freed, next.
  static Leaf TakeFolded(Entry* entry, CollectionId* id);
  static void SetCollection(Entry* entry, EntryCollection* collection);

  uint64_t allocated_bytes() const { return allocated_bytes_; }
  size_t count() const { return count_; }

 private:
  static size_t BytesFor(const EntryParts& parts);
  static void Write(Entry* entry, const EntryParts& parts);
  static uint8_t OptionalBits(const EntryParts& parts);
  static size_t CollectionAt(const Entry& entry) {
    return entry.OptionalBytes() - Entry::kCollectionBytes;
  }
  void* Allocate(size_t bytes);
  void Deallocate(void* block, size_t bytes);

  uint64_t allocated_bytes_ = 0;
  size_t count_ = 0;
};

}  // namespace lsm
