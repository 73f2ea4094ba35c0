// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/collection_cursor.h"

#include <utility>

#include "lsm/page_tree.h"

namespace lsm {

void CollectionCursor::Settle(const Leaf* leaf, uint32_t offset) {
  leaf_ = leaf;
  offset_ = offset;
  // As leaf->At(), here and now for the short rows that walks mostly meet.
  const char* at = leaf->packed().data() + offset;
  const size_t key_bytes = static_cast<uint8_t>(at[0]);
  const size_t value_bytes = static_cast<uint8_t>(at[1]);
  if ((key_bytes | value_bytes) < 0x80) [[likely]] {
    row_.key = {at + 2, key_bytes};
    row_.value = {at + 2 + key_bytes, value_bytes};
    row_.size = 2 + key_bytes + value_bytes;
  } else {
    row_ = leaf->At(offset);
  }
}

void CollectionCursor::Settle(Result<Page*> page, bool at_end) {
  leaf_ = nullptr;
  if (!page.has_value()) {
    status_ = std::move(page.error());
    return;
  }
  page_ = *page;
  if (page_ == nullptr) return;
  Settle(&page_->leaf, at_end ? page_->leaf.Before(page_->leaf.used()) : 0);
}

void CollectionCursor::Next() {
  const uint32_t next = offset_ + static_cast<uint32_t>(row_.size);
  if (next < leaf_->used()) return Settle(leaf_, next);
  if (page_ != nullptr) return Settle(page_->tree->ResidentAfter(page_), /*at_end=*/false);
  leaf_ = nullptr;
}

void CollectionCursor::Prev() {
  if (offset_ > 0) return Settle(leaf_, leaf_->Before(offset_));
  if (page_ != nullptr) return Settle(page_->tree->ResidentBefore(page_), /*at_end=*/true);
  leaf_ = nullptr;
}

CollectionCursor Collection::Seek(std::string_view subkey) {
  CollectionCursor cursor;
  bool found = false;
  if (small()) {
    const uint32_t at = leaf_.LowerBound(subkey, &found).offset;
    if (at < leaf_.used()) cursor.Settle(&leaf_, at);
    return cursor;
  }
  Result<Page*> page = tree_->Resident(subkey);
  if (!page.has_value()) {
    cursor.Settle(std::move(page), /*at_end=*/false);
    return cursor;
  }
  const Leaf& leaf = (*page)->leaf;
  const uint32_t at = leaf.LowerBound(subkey, &found).offset;
  if (at == leaf.used()) {
    cursor.Settle(tree_->ResidentAfter(*page), /*at_end=*/false);
    return cursor;
  }
  cursor.page_ = *page;
  cursor.Settle(&leaf, at);
  return cursor;
}

CollectionCursor Collection::SeekFirst() {
  CollectionCursor cursor;
  if (!small()) {
    cursor.Settle(tree_->ResidentAfter(nullptr), /*at_end=*/false);
  } else if (leaf_.rows() > 0) {
    cursor.Settle(&leaf_, 0);
  }
  return cursor;
}

CollectionCursor Collection::SeekLast() {
  CollectionCursor cursor;
  if (!small()) {
    cursor.Settle(tree_->ResidentBefore(nullptr), /*at_end=*/true);
  } else if (leaf_.rows() > 0) {
    cursor.Settle(&leaf_, leaf_.Before(leaf_.used()));
  }
  return cursor;
}

CollectionCursor Collection::SeekBefore(std::string_view subkey) {
  CollectionCursor cursor;
  bool found = false;
  if (small()) {
    const uint32_t at = leaf_.LowerBound(subkey, &found).offset;
    if (at > 0) cursor.Settle(&leaf_, leaf_.Before(at));
    return cursor;
  }
  Page* page = tree_->PageOf(subkey);
  uint32_t at = page->resident() ? page->leaf.LowerBound(subkey, &found).offset : 0;
  if (at == 0) {
    while (std::optional<LoadRequest> missing = tree_->CheckBackward(subkey, 1, std::nullopt)) {
      cursor.status_ = tree_->LoadNow(std::move(*missing));
      if (!cursor.status_.ok()) return cursor;
    }
    page = tree_->PageOf(subkey);
    at = page->resident() ? page->leaf.LowerBound(subkey, &found).offset : 0;
  }
  if (at == 0) {
    cursor.Settle(tree_->ResidentBefore(page), /*at_end=*/true);
    return cursor;
  }
  page->Touch();
  cursor.page_ = page;
  cursor.Settle(&page->leaf, page->leaf.Before(at));
  return cursor;
}

CollectionCursor Collection::At(uint64_t rank) {
  CollectionCursor cursor;
  if (rank >= count()) return cursor;
  if (small()) {
    cursor.Settle(&leaf_, leaf_.OffsetOf(static_cast<uint32_t>(rank)));
    return cursor;
  }
  PageTree::Place place = tree_->LocateRank(rank);
  while (!place.known || !place.page->resident()) {
    cursor.status_ = tree_->LoadNow(*tree_->CheckAt(rank));
    if (!cursor.status_.ok()) return cursor;
    place = tree_->LocateRank(rank);
  }
  place.page->Touch();
  cursor.page_ = place.page;
  const Leaf& leaf = place.page->leaf;
  cursor.Settle(&leaf, leaf.OffsetOf(static_cast<uint32_t>(place.offset)));
  return cursor;
}

}  // namespace lsm
