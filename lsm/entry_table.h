// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "lsm/entry.h"

namespace lsm {

// The hash table of entries: from (generation, key) to Entry*. Owns its slots, not the entries.
//
// Extendible hashing: a directory of 2^depth pointers, indexed by the hash's top bits, leads to
// segments of 256 to 512 slots. A segment that is full grows in steps of a quarter or less, then
// splits; nothing else moves, so that an insertion costs at most one segment's split, some ten
// microseconds, however large the table is. The directory doubles with a plain copy of 8 bytes per
// segment.
//
// A slot is 8 bytes: 16 bits of the hash and 48 of the pointer. A slot's home is taken from these
// 16 bits alone (tag · capacity / 2^16), so growing and deleting never touch an entry; only a split
// does, which needs one bit of hash more. Linear probing; deletion shifts back, no tombstones.
//
// Loop thread only.
class EntryTable {
 public:
  explicit EntryTable(uint64_t seed);
  ~EntryTable();
  EntryTable(const EntryTable&) = delete;
  EntryTable& operator=(const EntryTable&) = delete;

  uint64_t Hash(uint32_t generation, std::string_view key) const;
  uint64_t HashOf(const Entry& entry) const { return Hash(entry.generation(), entry.key()); }

  // Asks the processor for the slot's line, for a Find that comes soon.
  void Prefetch(uint64_t hash) const;
  // As Prefetch, and also for the lines of the entry the slot seems to name: for the second of two
  // passes over many keys.
  void PrefetchEntry(uint64_t hash) const;

  // nullptr: not there. `hash` is Hash(generation, key).
  Entry* Find(uint64_t hash, uint32_t generation, std::string_view key) const;
  // Requires that no entry of that generation and key is there.
  void Insert(uint64_t hash, Entry* entry);
  // Puts `now` into the slot of `old`, whose key and generation it shares. Requires `old` there.
  void Replace(uint64_t hash, const Entry* old, Entry* now);
  // Requires it there.
  void Erase(uint64_t hash, const Entry* entry);

  size_t size() const { return size_; }
  // What the table itself takes.
  size_t memory_bytes() const { return slot_bytes_ + directory_.capacity() * sizeof(uint64_t); }

  // Appends the entries of the segment that holds hash position `cursor` to `out` and returns the
  // next segment's position; 0 when that was the last. A walk from 0 on meets every entry that
  // stays throughout at least once, whatever is inserted, erased or split between the calls.
  uint64_t CollectSegment(uint64_t cursor, std::vector<Entry*>& out) const;

  // An entry, each with the same probability; nullptr after a bounded number of blanks (a table
  // that is nearly empty).
  Entry* Sample(std::mt19937_64& random) const;

 private:
  struct Segment;

  static Segment* SegmentOf(uint64_t ref);
  static uint32_t CapacityOf(uint64_t ref);
  size_t IndexOf(uint64_t hash) const { return depth_ == 0 ? 0 : hash >> (64 - depth_); }
  uint64_t* SlotOf(uint64_t hash, const Entry* entry) const;
  Segment* NewSegment(uint32_t capacity, uint32_t depth);
  void FreeSegment(Segment* segment);
  // Points every directory entry of `segment`'s range at it; `hash` is any hash in the range.
  void Link(Segment* segment, uint64_t hash);
  void Grow(Segment* segment, uint64_t hash);
  void Split(Segment* segment, uint64_t hash);
  static void Place(Segment* segment, uint64_t slot);

  const uint64_t seed_;
  uint32_t depth_ = 0;
  size_t size_ = 0;
  size_t slot_bytes_ = 0;
  // Pointer to the segment in the low 48 bits, its capacity in the high 16: one line less to touch.
  std::vector<uint64_t> directory_;
};

}  // namespace lsm
