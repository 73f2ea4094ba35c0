// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/collection.h"

#include "lsm/collection_cursor.h"
#include "lsm/page_tree.h"

namespace lsm {
namespace {

// A tree whose only page uses no more goes back to a leaf: well below the size at which it grew.
constexpr uint32_t kShrinkBytes = Leaf::kMaxBytes / 2;

}  // namespace

Collection::Collection(CollectionId id, CollectionEnv* env)
    : id_(id), env_(env), leaf_(Leaf::Empty()), small_changed_seq_(0) {}

Collection::Collection(CollectionId id, CollectionEnv* env, uint64_t count,
                       std::span<const RangeHint> hints)
    : id_(id), env_(env), tree_(new PageTree(this, env, count, hints)) {}

Collection::Collection(CollectionId id, CollectionEnv* env, Leaf leaf, uint64_t changed_seq)
    : id_(id), env_(env), leaf_(std::move(leaf)), small_changed_seq_(changed_seq) {}

Leaf Collection::TakeLeaf() {
  ENSURE(small());
  tree_ = nullptr;
  return std::move(leaf_);
}

void Collection::Assign(CollectionId id, Leaf leaf, uint64_t changed_seq) {
  ENSURE(!small() && tree_ == nullptr);
  id_ = id;
  leaf_ = std::move(leaf);
  small_changed_seq_ = changed_seq;
}

Collection::~Collection() {
  if (!small()) delete tree_;
}

void Collection::Grow() {
  const uint64_t seq = small_changed_seq_;
  tree_ = new PageTree(this, env_, std::move(leaf_), seq);
}

void Collection::Shrink(size_t max_bytes) {
  if (tree_->page_count() > 1 || tree_->resident_pages() == 0) return;
  if (tree_->resident_row_bytes() > max_bytes && tree_->total() > 1) return;
  PageTree* tree = tree_;
  leaf_ = tree->TakeOnlyLeaf();
  small_changed_seq_ = tree->changed_seq();
  delete tree;
}

uint64_t Collection::count() const {
  return small() ? leaf_.rows() : tree_->total();
}

uint64_t Collection::bytes() const {
  return small() ? leaf_.used() : tree_->resident_row_bytes();
}

size_t Collection::memory_bytes() const {
  return small() ? leaf_.allocated_bytes() : tree_->overhead_bytes() + tree_->page_bytes();
}

size_t Collection::overhead_bytes() const {
  return small() ? leaf_.allocated_bytes() : tree_->overhead_bytes();
}

uint64_t Collection::changed_seq() const {
  return small() ? small_changed_seq_ : tree_->changed_seq();
}

size_t Collection::resident_pages() const {
  return small() ? 0 : tree_->resident_pages();
}

// --- Reading.

Result<std::optional<std::string_view>> Collection::Find(std::string_view subkey) {
  const Leaf* leaf = &leaf_;
  if (!small()) {
    LSM_ASSIGN_OR_RETURN(Page * page, tree_->Resident(subkey));
    leaf = &page->leaf;
  }
  bool found = false;
  const Leaf::Position at = leaf->LowerBound(subkey, &found);
  if (!found) return std::optional<std::string_view>();
  return std::optional(leaf->At(at.offset).value);
}

Result<bool> Collection::Contains(std::string_view subkey) {
  LSM_ASSIGN_OR_RETURN(const std::optional<std::string_view> value, Find(subkey));
  return value.has_value();
}

Result<uint64_t> Collection::Rank(std::string_view subkey) {
  if (!small()) return tree_->Rank(subkey);
  bool found = false;
  return leaf_.OrdinalOf(leaf_.LowerBound(subkey, &found));
}

// --- Changing.

Result<Collection::PutResult> Collection::Put(std::string_view subkey, std::string_view value) {
  if (small()) {
    bool found = false;
    Leaf::Position at = leaf_.LowerBound(subkey, &found);
    const size_t size = PackedRowSize(subkey.size(), value.size());
    const PackedRow old = found ? leaf_.At(at.offset) : PackedRow{};
    const PutResult result{!found, old.value.size()};
    if (found ? leaf_.FitsReplaced(old.size, size) : leaf_.Fits(size)) {
      small_changed_seq_ = env_->rows->sequence();
      env_->rows->PutRow(*this, subkey, value);
      if (found) {
        leaf_.Replace(at, value);
      } else {
        leaf_.Insert(at, subkey, value);
      }
      return result;
    }
    Grow();
  }
  Result<PutResult> result = tree_->Put(subkey, value);
  Shrink(kShrinkBytes);
  return result;
}

Result<bool> Collection::Erase(std::string_view subkey) {
  if (!small()) {
    Result<bool> erased = tree_->Erase(subkey);
    Shrink(kShrinkBytes);
    return erased;
  }
  bool found = false;
  const Leaf::Position at = leaf_.LowerBound(subkey, &found);
  if (!found) return false;
  small_changed_seq_ = env_->rows->sequence();
  env_->rows->DeleteRow(*this, subkey);
  leaf_.Erase(at);
  return true;
}

Result<uint64_t> Collection::EraseRange(std::string_view from, std::optional<std::string_view> to) {
  if (to && *to <= from) return 0;
  if (!small()) {
    Result<uint64_t> erased = tree_->EraseRange(from, to);
    Shrink(kShrinkBytes);
    return erased;
  }
  bool found = false;
  const Leaf::Position first = leaf_.LowerBound(from, &found);
  uint32_t end = leaf_.used();
  if (to) end = leaf_.LowerBound(*to, &found).offset;
  uint64_t rows = 0;
  for (uint32_t at = first.offset; at < end; ++rows) {
    const PackedRow row = leaf_.At(at);
    env_->rows->DeleteRow(*this, row.key);
    at += static_cast<uint32_t>(row.size);
  }
  if (rows == 0) return rows;
  small_changed_seq_ = env_->rows->sequence();
  leaf_.EraseSpan(first.offset, end, rows);
  return rows;
}

// --- Residency.

std::optional<LoadRequest> Collection::Check(std::string_view subkey, Want want) const {
  return small() ? std::nullopt : tree_->Check(subkey, want);
}

std::optional<LoadRequest> Collection::CheckAt(uint64_t rank) const {
  return small() ? std::nullopt : tree_->CheckAt(rank);
}

std::optional<LoadRequest> Collection::CheckScan(std::optional<std::string_view> from,
                                                 uint64_t rows, Direction direction,
                                                 std::optional<std::string_view> bound) const {
  if (small() || rows == 0) return std::nullopt;
  if (direction == Direction::kBackward) return tree_->CheckBackward(from, rows, bound);
  return tree_->CheckForward(from.value_or(std::string_view()), rows, bound);
}

std::optional<LoadRequest> Collection::CheckAll() const {
  return small() ? std::nullopt : tree_->CheckAll();
}

Result<Collection::Installed> Collection::Install(const LoadedRun& run) {
  ENSURE(run.request.collection == id_);
  if (small()) return Installed::kAll;
  Result<Installed> installed = tree_->Install(run, /*tidy=*/true);
  Shrink(Leaf::kMaxBytes);
  return installed;
}

bool Collection::EvictPage(CacheNode* node, uint64_t applied_seq) {
  ENSURE(node->kind == kCachePage);
  auto* page = static_cast<Page*>(node);
  if (page->changed_seq > applied_seq) return false;
  page->tree->Evict(page);
  return true;
}

size_t Collection::pages() const {
  return small() ? 0 : tree_->page_count();
}

bool Collection::FreeSome(size_t max_pages) {
  return small() || tree_->FreeSome(max_pages);
}

Collection* Collection::Owner(const CacheNode* node) {
  ENSURE(node->kind == kCachePage);
  return static_cast<const Page*>(node)->tree->owner();
}

void Collection::CheckInvariants() const {
  if (!small()) return tree_->CheckInvariants();
  std::string_view previous;
  uint32_t rows = 0;
  for (uint32_t at = 0; at < leaf_.used(); ++rows) {
    const PackedRow row = leaf_.At(at);
    ENSURE(rows == 0 || previous < row.key);
    previous = row.key;
    at += static_cast<uint32_t>(row.size);
  }
  ENSURE(rows == leaf_.rows());
}

}  // namespace lsm
