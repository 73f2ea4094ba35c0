// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/hot_tier.h"

#include <limits>
#include <memory>
#include <utility>

#include "lsm/status.h"

namespace lsm {

namespace {

// An entry whose collection has more resident pages than this waits until the pages, which are
// weighed by themselves, have gone: dropping them with the entry would be a long stall.
constexpr size_t kMaxPagesDroppedAtOnce = 64;

// Objects kept for collections to be unfolded: 64 KiB.
constexpr size_t kMaxSpare = 1024;

}  // namespace

HotTier::HotTier(uint64_t seed, HotTierListener& listener, CollectionEnv* env)
    : listener_(listener), env_(env), table_(seed), policy_(*this) {}

HotTier::~HotTier() {
  Clear();
}

uint32_t HotTier::ChargeOf(const Entry& entry) {
  size_t bytes = entry.allocated_bytes();
  if (const EntryCollection* collection = EntryAllocator::CollectionOf(entry)) {
    bytes += collection->overhead_bytes();
    // Those in use are counted by FixedBytes.
    if (!collection->foldable()) bytes += sizeof(EntryCollection);
  }
  return bytes > std::numeric_limits<uint32_t>::max() ? std::numeric_limits<uint32_t>::max()
                                                      : static_cast<uint32_t>(bytes);
}

Entry* HotTier::Insert(uint64_t hash, const EntryParts& parts, bool arrival) {
  Entry* entry = allocator_.New(parts);
  if (parts.collection != nullptr) Own(entry, parts.collection);
  table_.Insert(hash, entry);
  entry->charge_bytes = ChargeOf(*entry);
  policy_.Add(entry, arrival);
  return entry;
}

void HotTier::Settle(const Entry* old, Entry* entry) {
  if (old != entry) {
    policy_.Moved(entry);
    table_.Replace(table_.HashOf(*entry), old, entry);
    if (IsInTurn(*entry)) turn_[entry->dirty_seq()] = entry;
    if (EntryCollection* collection = EntryAllocator::CollectionOf(*entry)) {
      collection->owner = entry;
    }
  }
  Recharge(entry);
}

Entry* HotTier::Reshape(Entry* entry, const EntryParts& parts) {
  const Entry* old = entry;
  entry = allocator_.Reshape(entry, parts);
  if (parts.collection != nullptr) Own(entry, parts.collection);
  Settle(old, entry);
  return entry;
}

Entry* HotTier::ResizePayload(Entry* entry, size_t size, char** bytes, bool fill) {
  const Entry* old = entry;
  entry = allocator_.ResizePayload(entry, size, bytes, fill);
  if (entry != old) Settle(old, entry);
  return entry;
}

void HotTier::SetRowTimes(Entry* entry, const RowTimes& times) {
  EntryAllocator::CollectionOf(*entry)->row_times = times;
  Recharge(entry);
}

void HotTier::FreeCollection(EntryCollection* collection) {
  std::unique_ptr<EntryCollection> owned(collection);
  owned->owner = nullptr;
  if (owned->use_place != 0) Unlist(collection);
  if (owned->pages() > kMaxPagesDroppedAtOnce) dropped_.push_back(std::move(owned));
}

bool HotTier::FreeDropped(size_t max_pages) {
  if (!dropped_.empty() && dropped_.back()->FreeSome(max_pages)) dropped_.pop_back();
  return !dropped_.empty();
}

void HotTier::Erase(Entry* entry) {
  ENSURE(!IsInTurn(*entry));
  table_.Erase(table_.HashOf(*entry), entry);
  policy_.Remove(entry);
  if (EntryAllocator::IsFolded(*entry)) {
    CollectionId id = 0;
    const Leaf leaf = EntryAllocator::TakeFolded(entry, &id);
  } else if (EntryCollection* collection = EntryAllocator::CollectionOf(*entry)) {
    FreeCollection(collection);
  }
  allocator_.Free(entry);
}

void HotTier::Recharge(Entry* entry) {
  const uint32_t charge = ChargeOf(*entry);
  if (charge != entry->charge_bytes) policy_.Resize(entry, charge);
}

// ---- Folding.

void HotTier::Own(Entry* entry, EntryCollection* collection) {
  collection->owner = entry;
  if (collection->use_place == 0) List(collection);
}

void HotTier::List(EntryCollection* collection) {
  in_use_.push_back(collection);
  collection->use_place = static_cast<uint32_t>(in_use_.size());
}

void HotTier::Unlist(EntryCollection* collection) {
  EntryCollection* last = in_use_.back();
  in_use_[collection->use_place - 1] = last;
  last->use_place = collection->use_place;
  collection->use_place = 0;
  in_use_.pop_back();
}

EntryCollection* HotTier::SmallCollection(CollectionId id, Leaf leaf, uint64_t changed_seq) {
  if (spare_.empty()) return new EntryCollection(id, env_, std::move(leaf), changed_seq);
  EntryCollection* collection = spare_.back().release();
  spare_.pop_back();
  collection->Assign(id, std::move(leaf), changed_seq);
  return collection;
}

void HotTier::Unfold(Entry* entry) {
  ENSURE(!IsInTurn(*entry));
  CollectionId id = 0;
  Leaf leaf = EntryAllocator::TakeFolded(entry, &id);
  EntryCollection* collection = SmallCollection(id, std::move(leaf), entry->dirty_seq());
  EntryAllocator::SetCollection(entry, collection);
  Own(entry, collection);
}

void HotTier::Fold(EntryCollection* collection) {
  Entry* entry = std::exchange(collection->owner, nullptr);
  // As of its rows' last change, or later. (What was read from disk knows of no change but counts
  // as changed when it was opened: see lsm/page_source.h.)
  if (collection->changed_seq() > entry->dirty_seq()) {
    entry->set_dirty_seq(collection->changed_seq());
  }
  EntryAllocator::Fold(entry, collection->id(), collection->TakeLeaf());
  std::unique_ptr<EntryCollection> blank(collection);
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(blank));
}

void HotTier::FoldUnused() {
  if (in_use_.size() <= kept_in_use_) return;
  size_t kept = 0;
  for (EntryCollection* collection : in_use_) {
    collection->use_place = 0;
    if (!collection->foldable()) continue;  // A large one has the object of its own.
    Recharge(collection->owner);
    if (IsInTurn(*collection->owner)) {
      in_use_[kept++] = collection;
      collection->use_place = static_cast<uint32_t>(kept);
    } else {
      Fold(collection);
    }
  }
  in_use_.resize(kept);
}

void HotTier::MarkInTurn(Entry* entry) {
  if (IsInTurn(*entry)) return;
  entry->bits_ |= Entry::kInTurn;
  entry->set_dirty_seq(turn_.size());
  turn_.push_back(entry);
}

Entry* HotTier::TakeFromTurn(uint64_t seq, bool* created) {
  Entry* entry = turn_.back();
  turn_.pop_back();
  *created = (entry->bits_ & Entry::kCreated) != 0;
  entry->bits_ = static_cast<uint8_t>(entry->bits_ & ~(Entry::kInTurn | Entry::kCreated));
  entry->set_dirty_seq(seq);
  return entry;
}

bool HotTier::IsEvictable(const Entry& entry) const {
  if (IsInTurn(entry) || entry.dirty_seq() > applied_seq_) return false;
  if (!entry.exists()) return entry.dirty_seq() <= absent_floor_;
  const EntryCollection* collection = EntryAllocator::CollectionOf(entry);
  return collection == nullptr || (collection->changed_seq() <= applied_seq_ &&
                                   collection->resident_pages() <= kMaxPagesDroppedAtOnce);
}

size_t HotTier::EvictTo(uint64_t budget, size_t max_steps) {
  const uint64_t fixed = FixedBytes();
  return policy_.EvictTo(budget > fixed ? budget - fixed : 0, max_steps);
}

uint32_t HotTier::Fingerprint(const CacheNode& node) {
  if (node.kind == kCacheEntry) {
    return static_cast<uint32_t>(table_.HashOf(static_cast<const Entry&>(node)) >> 20);
  }
  // A page that is evicted stays where it is, as a counted one without rows: its place names it.
  // Pages are small and many: their addresses are spread before they serve as a hash.
  return static_cast<uint32_t>((reinterpret_cast<uintptr_t>(&node) * 0x9E3779B97F4A7C15ULL) >> 32);
}

bool HotTier::Evict(CacheNode* node) {
  if (node->kind == kCachePage) {
    if (!Collection::EvictPage(node, applied_seq_)) return false;
    ++evicted_pages_;
    return true;
  }
  auto* entry = static_cast<Entry*>(node);
  if (!IsEvictable(*entry)) return false;
  listener_.OnEvicted(*entry);
  Erase(entry);
  ++evicted_entries_;
  return true;
}

void HotTier::Clear() {
  turn_.clear();
  std::vector<Entry*> all;
  uint64_t cursor = 0;
  do {
    cursor = table_.CollectSegment(cursor, all);
  } while (cursor != 0);
  for (Entry* entry : all) {
    entry->bits_ = static_cast<uint8_t>(entry->bits_ & ~Entry::kInTurn);
    Erase(entry);
  }
  dropped_.clear();
  ENSURE(in_use_.empty());
  spare_.clear();
}

void HotTier::PageIn(CacheNode* page) {
  ++pages_;
  policy_.Add(page, pages_arrive_);
}

void HotTier::PageOut(CacheNode* page) {
  --pages_;
  policy_.Remove(page);
}

void HotTier::PageResized(CacheNode* page, uint32_t old_bytes) {
  const uint32_t now = page->charge_bytes;
  page->charge_bytes = old_bytes;
  policy_.Resize(page, now);
}

}  // namespace lsm
