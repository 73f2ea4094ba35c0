// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lsm/leaf.h"
#include "lsm/page_source.h"
#include "lsm/status.h"

namespace lsm {

class CollectionCursor;  // lsm/collection_cursor.h
class PageTree;
struct Page;

// What is known of a collection on disk before it is loaded: `rows` rows from `from` up to the next
// hint's. The first one is taken to start at the beginning.
struct RangeHint {
  std::string_view from;
  uint64_t rows = 0;
};

// The RAM image of one collection: an ordered map subkey -> value, bytewise order.
//
// A small collection is one packed leaf. A larger one (over Leaf::kMaxBytes) is a counted B+tree of
// pages, of which any part may be missing from RAM: a page is resident, counted (on disk, its
// number of rows known) or unknown (on disk, number unknown; the total is always known). Point
// access, Rank and At are O(log n), iteration goes both ways.
//
// Every change edits the image, appends to env->rows, and pins the page until the batch is applied:
// see EvictPage(). What a call needs and is not resident is loaded on the spot from env->source
// (counted in env->sync_loads); so that this is rare, ask Check…() beforehand, have the request
// executed elsewhere, and Install() its answer. Errors are those of such loads (I/O, corruption): a
// call that fails has changed nothing, except for EraseRange, which may have erased a first part.
//
// Views that are handed out are valid until the next change, Install or eviction of this
// collection; loads on the spot leave them alone. What is passed in must not point into the
// collection itself. Loop thread only. Neither copied nor moved: pages point back to it. 32 bytes.
class Collection {
 public:
  enum class Want : uint8_t {
    kRow,   // The row, or to know that there is none.
    kRank,  // Also how many rows precede it, and to keep the counts of its surroundings.
  };
  enum class Direction : uint8_t { kForward, kBackward };
  enum class Installed : uint8_t {
    kAll,    // All that was missing of the run's range is resident (or counted) now.
    kStale,  // Some of it was changed since the request: Check() again.
  };
  struct PutResult {
    bool created = false;
    size_t old_value_bytes = 0;  // 0 if created.
  };

  // A new one, empty and wholly resident.
  Collection(CollectionId id, CollectionEnv* env);
  // One that is on disk with `count` rows, none of them resident. `hints` must be ascending and add
  // up to `count`; with none, `count` is all that is known.
  Collection(CollectionId id, CollectionEnv* env, uint64_t count,
             std::span<const RangeHint> hints = {});
  // A small one of these rows, last changed by that batch.
  Collection(CollectionId id, CollectionEnv* env, Leaf leaf, uint64_t changed_seq);
  ~Collection();
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  CollectionId id() const { return id_; }
  uint64_t count() const;
  bool empty() const { return count() == 0; }
  // Packed size of the rows that are resident.
  uint64_t bytes() const;
  // Heap bytes, as allocated, beyond the object itself; with and without resident pages that are
  // charged to themselves as CacheNodes. Equal for a small collection, which is charged whole to
  // its entry.
  size_t memory_bytes() const;
  size_t overhead_bytes() const;

  // --- Reading.
  Result<std::optional<std::string_view>> Find(std::string_view subkey);
  Result<bool> Contains(std::string_view subkey);
  // The number of rows whose subkey is less than `subkey`, which need not exist.
  Result<uint64_t> Rank(std::string_view subkey);
  // A cursor on the row of that rank, counted from 0; not valid if rank >= count().
  CollectionCursor At(uint64_t rank);
  // On the first row >= subkey.
  CollectionCursor Seek(std::string_view subkey);
  CollectionCursor SeekFirst();
  CollectionCursor SeekLast();
  // On the last row < subkey.
  CollectionCursor SeekBefore(std::string_view subkey);

  // --- Changing. Each emits its row operations to env->rows.
  Result<PutResult> Put(std::string_view subkey, std::string_view value);
  // Whether there was such a row.
  Result<bool> Erase(std::string_view subkey);
  // Erases [from, to), or all from `from` on; returns how many rows. Loads what is not resident,
  // since every row's deletion has to be written: to forget a whole large collection, put its id on
  // the garbage list instead.
  Result<uint64_t> EraseRange(std::string_view from, std::optional<std::string_view> to);
  Result<uint64_t> Clear() { return EraseRange({}, std::nullopt); }

  // --- Residency. Each Check tells what to load next so that the call named runs without a load on
  // the spot; none: nothing is missing. After Install() ask again, since one answer may not do.
  std::optional<LoadRequest> Check(std::string_view subkey, Want want = Want::kRow) const;
  std::optional<LoadRequest> CheckAt(uint64_t rank) const;
  // For a cursor that walks `rows` rows from `from` (forward: starting at the first row >= from and
  // ending before `bound`; backward: starting at the last row < from, none: from the end, and
  // ending at `bound`).
  std::optional<LoadRequest> CheckScan(std::optional<std::string_view> from, uint64_t rows,
                                       Direction direction,
                                       std::optional<std::string_view> bound = std::nullopt) const;
  // For everything. Only for small ones.
  std::optional<LoadRequest> CheckAll() const;
  bool fully_resident() const { return !CheckAll().has_value(); }

  // Puts a run in where it is missing; resident pages win, stale parts are refused (see
  // page_source.h). Corruption if the run contradicts what is counted: nothing is installed then.
  Result<Installed> Install(const LoadedRun& run);

  // --- Eviction.
  bool small() const { return static_cast<bool>(leaf_); }
  // The batch of the last change: all of the collection may be dropped once it is applied.
  uint64_t changed_seq() const;
  size_t resident_pages() const;  // 0 for a small collection: it has no pages.
  // Drops the page's rows from RAM, leaving it counted, unless a batch later than `applied_seq`
  // changed it: then returns false. Calls PageOut; `page` may be gone afterwards. A page of kind
  // kCachePage only.
  static bool EvictPage(CacheNode* page, uint64_t applied_seq);
  // Pages, resident or not; 0 for a small collection.
  size_t pages() const;
  // Begins the destruction of a collection that nobody will use again: frees up to `max_pages` of
  // its pages, the changed ones too. True: only the destructor is left to be called, which is
  // quick.
  bool FreeSome(size_t max_pages);
  // The collection that a page belongs to.
  static Collection* Owner(const CacheNode* page);

  // --- Keeping a small one elsewhere, as id, leaf and changed_seq. Takes the leaf out of it; it is
  // good for nothing then but to be destroyed or given another one.
  Leaf TakeLeaf();
  void Assign(CollectionId id, Leaf leaf, uint64_t changed_seq);

  // Walks everything and aborts where counts, order or bounds are wrong. For tests.
  void CheckInvariants() const;

 private:
  friend class CollectionCursor;

  void Grow();  // A small one becomes a tree.
  // A tree of one page becomes a leaf, if its rows take no more than that.
  void Shrink(size_t max_bytes);

  CollectionId id_;
  CollectionEnv* env_;
  Leaf leaf_;  // Of a small one; else without block, and tree_ is it.
  union {
    uint64_t small_changed_seq_;
    PageTree* tree_;
  };
};

}  // namespace lsm
