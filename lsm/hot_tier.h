// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "lsm/entry.h"
#include "lsm/entry_allocator.h"
#include "lsm/entry_collection.h"
#include "lsm/entry_table.h"
#include "lsm/replacement_policy.h"

namespace lsm {

// Is told when the hot tier drops an entry by itself.
class HotTierListener {
 public:
  virtual ~HotTierListener() = default;
  virtual void OnEvicted(const Entry& entry) = 0;
};

// Entries, their collections and resident pages in RAM: the table that finds them, the allocator
// that lays them out, the policy that says who goes, and the list of those whose metas belong to
// the open turn. It keeps the pointers to an entry right when the entry moves, and the charges
// right when it grows. It knows nothing of databases, rows and disks.
//
// Small collections are folded: the 64 bytes of the object exist while a turn uses it, and some
// hundred that were used last keep it. What an entry holds instead are 14 bytes. So a small
// collection costs its entry and its leaf and nothing else, and a search goes from one to the other
// without a third cache line between them. Loop thread only.
class HotTier : private NodeOwner, public PageListener {
 public:
  // `env` is what unfolded collections get.
  HotTier(uint64_t seed, HotTierListener& listener, CollectionEnv* env);
  ~HotTier() override;

  uint64_t Hash(uint32_t generation, std::string_view key) const {
    return table_.Hash(generation, key);
  }
  // With its collection, if it has one, unfolded.
  Entry* Find(uint64_t hash, uint32_t generation, std::string_view key) {
    Entry* entry = table_.Find(hash, generation, key);
    if (entry != nullptr && entry->has_collection()) Use(entry);
    return entry;
  }
  // As it stands: collection() may not be called.
  const Entry* Peek(uint64_t hash, uint32_t generation, std::string_view key) const {
    return table_.Find(hash, generation, key);
  }

  // See EntryTable.
  void PrefetchSlot(uint64_t hash) const { table_.Prefetch(hash); }
  void PrefetchEntry(uint64_t hash) const { table_.PrefetchEntry(hash); }

  // The collection of `parts`, if any, becomes the entry's. `arrival`: see ReplacementPolicy.
  Entry* Insert(uint64_t hash, const EntryParts& parts, bool arrival);
  // See EntryAllocator. A collection that `parts` no longer name is not freed: see FreeCollection.
  Entry* Reshape(Entry* entry, const EntryParts& parts);
  Entry* ResizePayload(Entry* entry, size_t size, char** bytes, bool fill);
  static void SetTypeFlags(Entry* entry, uint8_t type_flags) { entry->type_flags_ = type_flags; }
  static RowTimes RowTimesOf(const Entry& entry) {
    const EntryCollection* collection = EntryAllocator::CollectionOf(entry);
    return collection == nullptr ? RowTimes() : collection->row_times;
  }
  // A new collection, empty, for the parts of an entry.
  EntryCollection* NewCollection(CollectionId id) { return SmallCollection(id, Leaf::Empty(), 0); }
  // Requires a collection.
  void SetRowTimes(Entry* entry, const RowTimes& times);
  // Large ones are freed in slices, by FreeDropped.
  void FreeCollection(EntryCollection* collection);
  // Frees up to `max_pages` pages of dropped collections. True: there are more.
  bool FreeDropped(size_t max_pages);
  bool has_dropped() const { return !dropped_.empty(); }
  // Frees the entry with its collection.
  void Erase(Entry* entry);
  // To be called when its collection may have grown or shrunk.
  void Recharge(Entry* entry);

  static void Touch(Entry* entry, uint32_t now_s) {
    entry->Touch();
    entry->last_access_s_ = now_s;
  }
  static void SetLastAccess(Entry* entry, uint32_t now_s) { entry->last_access_s_ = now_s; }

  // ---- The open turn.
  void MarkInTurn(Entry* entry);
  static bool IsInTurn(const Entry& entry) { return (entry.bits_ & Entry::kInTurn) != 0; }
  static void MarkCreated(Entry* entry) { entry->bits_ |= Entry::kCreated; }
  const std::vector<Entry*>& turn() const { return turn_; }
  // Takes the last entry off the turn's list: it is dirty until `seq` is applied. `created` tells
  // whether MarkCreated was called since it was last taken.
  Entry* TakeFromTurn(uint64_t seq, bool* created);
  static void SetDirty(Entry* entry, uint64_t seq) { entry->set_dirty_seq(seq); }

  // To be called between turns: folds the small collections if more of them are unfolded than are
  // to be kept so (SetKeptInUse; a few hundred). No Collection of before may be used any more.
  void FoldUnused();
  void SetKeptInUse(size_t collections) { kept_in_use_ = collections; }

  // ---- Eviction.
  void SetAppliedSeq(uint64_t seq) { applied_seq_ = seq; }
  uint64_t applied_seq() const { return applied_seq_; }
  bool IsEvictable(const Entry& entry) const;
  // Entries that say «absent» since a batch after this one stay: a walk is reading LevelDB as it
  // was when that batch was the last applied, and will find their keys there.
  void SetAbsentFloor(uint64_t seq) { absent_floor_ = seq; }
  static constexpr uint64_t kNoFloor = UINT64_MAX;
  // Brings used_bytes() to `budget` if it can, looking at `max_steps` nodes at most.
  size_t EvictTo(uint64_t budget, size_t max_steps);
  void AdmitArrivals(uint64_t max_bytes) { policy_.AdmitArrivals(max_bytes); }
  // Pages that come in while this is on are arrivals.
  void SetPagesArrive(bool on) { pages_arrive_ = on; }

  // ---- Everything. Entries as they stand: collection() may not be called.
  uint64_t CollectSegment(uint64_t cursor, std::vector<Entry*>& out) const {
    return table_.CollectSegment(cursor, out);
  }
  const Entry* Sample(std::mt19937_64& random) const { return table_.Sample(random); }
  void Clear();

  // Entries, collections, pages, and what it takes to find and to rank them.
  uint64_t used_bytes() const { return policy_.bytes() + FixedBytes(); }
  size_t entries() const { return table_.size(); }
  size_t pages() const { return pages_; }
  uint64_t evicted_entries() const { return evicted_entries_; }
  uint64_t evicted_pages() const { return evicted_pages_; }
  void ResetStats() { evicted_entries_ = evicted_pages_ = 0; }

  // PageListener, for the collections.
  void PageIn(CacheNode* page) override;
  void PageOut(CacheNode* page) override;
  void PageResized(CacheNode* page, uint32_t old_bytes) override;

 private:
  uint32_t Fingerprint(const CacheNode& node) override;
  bool Evict(CacheNode* node) override;
  // What eviction does not change.
  uint64_t FixedBytes() const {
    return table_.memory_bytes() + policy_.memory_bytes() +
           (in_use_.size() + spare_.size()) * sizeof(EntryCollection);
  }
  // Unfolds its collection, or lists it if it can be folded.
  void Use(Entry* entry) {
    EntryCollection* collection = EntryAllocator::CollectionOf(*entry);
    if (collection == nullptr) {
      Unfold(entry);
    } else if (collection->use_place == 0 && collection->foldable()) {
      List(collection);
    }
  }
  void Unfold(Entry* entry);
  EntryCollection* SmallCollection(CollectionId id, Leaf leaf, uint64_t changed_seq);
  void Fold(EntryCollection* collection);
  void List(EntryCollection* collection);
  void Unlist(EntryCollection* collection);
  void Own(Entry* entry, EntryCollection* collection);
  void Settle(const Entry* old, Entry* entry);
  static uint32_t ChargeOf(const Entry& entry);

  HotTierListener& listener_;
  CollectionEnv* const env_;
  EntryAllocator allocator_;
  EntryTable table_;
  ReplacementPolicy policy_;
  std::vector<Entry*> turn_;
  std::vector<std::unique_ptr<EntryCollection>> dropped_;
  std::vector<EntryCollection*> in_use_;                 // Those that may be folded.
  std::vector<std::unique_ptr<EntryCollection>> spare_;  // Without leaf, to be used again.
  // For those that are used again and again: 16 KiB.
  size_t kept_in_use_ = 256;
  uint64_t applied_seq_ = 0;
  uint64_t absent_floor_ = kNoFloor;
  size_t pages_ = 0;
  uint64_t evicted_entries_ = 0;
  uint64_t evicted_pages_ = 0;
  bool pages_arrive_ = false;
};

}  // namespace lsm
