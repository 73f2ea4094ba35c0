// SPDX-License-Identifier: BSD-3-Clause
//
// Ranks in a page tree of which some pages' counts may be unknown: see page_tree.h.
#include "lsm/page_tree.h"

namespace lsm {

Page* PageTree::SomeUnknownBeneath(void* child, bool of_pages) const {
  while (!of_pages) {
    const auto* node = static_cast<const Inner*>(child);
    size_t index = 0;
    while (node->unknown[index] == 0) ++index;
    child = node->child[index].pointer;
    of_pages = node->of_pages;
    if (of_pages) break;
  }
  return static_cast<Page*>(child);
}

std::optional<uint64_t> PageTree::RowsBefore(const Page* page) const {
  Sums left;
  Sums right;
  const void* child = page;
  for (const Inner* node = page->parent; node != nullptr; node = node->parent) {
    const size_t index = node->IndexOf(child);
    for (size_t i = 0; i < index; ++i) {
      left.rows += node->rows[i];
      left.unknown += node->unknown[i];
    }
    for (size_t i = index + 1; i < node->size(); ++i) {
      right.rows += node->rows[i];
      right.unknown += node->unknown[i];
    }
    child = node;
  }
  if (left.unknown == 0) return left.rows;
  if (right.unknown == 0 && page->counted()) return total_ - right.rows - page->row_count();
  return std::nullopt;
}

// A page whose count stands in the way of RowsBefore(page): on the side with fewer such.
Page* PageTree::UnknownToCount(const Page* page) const {
  Page* found[2] = {nullptr, nullptr};
  uint64_t unknown[2] = {0, 0};
  const void* child = page;
  for (const Inner* node = page->parent; node != nullptr; node = node->parent) {
    const size_t index = node->IndexOf(child);
    for (size_t i = 0; i < node->size(); ++i) {
      if (i == index || node->unknown[i] == 0) continue;
      const size_t side = i < index ? 0 : 1;
      unknown[side] += node->unknown[i];
      if (found[side] == nullptr) {
        found[side] = SomeUnknownBeneath(node->child[i].pointer, node->of_pages);
      }
    }
    child = node;
  }
  if (found[0] == nullptr) return found[1];
  return found[1] != nullptr && unknown[1] < unknown[0] ? found[1] : found[0];
}

PageTree::Place PageTree::LocateRank(uint64_t rank) const {
  const Inner* node = root_;
  uint64_t total = total_;  // Rows beneath `node`.
  for (;;) {
    size_t first = 0;
    uint64_t before = 0;
    while (first < node->size() && node->unknown[first] == 0 &&
           rank >= before + node->rows[first]) {
      before += node->rows[first++];
    }
    ENSURE(first < node->size());
    size_t index = first;
    uint64_t beneath = node->rows[first];
    if (node->unknown[first] > 0) {
      // From the end, up to the last child with an unknown page.
      size_t last = node->size() - 1;
      uint64_t after = total;  // Rows before and in `last`.
      while (node->unknown[last] == 0 && rank < after - node->rows[last]) {
        after -= node->rows[last--];
      }
      if (node->unknown[last] == 0) {
        index = last;
        beneath = node->rows[last];
        before = after - beneath;
      } else if (last == first) {
        beneath = after - before;
      } else {
        return {SomeUnknownBeneath(node->child[first].pointer, node->of_pages), 0, false};
      }
    }
    rank -= before;
    if (node->of_pages) {
      Page* page = node->page(index);
      return {page, rank, page->counted()};
    }
    total = beneath;
    node = node->inner(index);
  }
}

// Two unknown pages need to be counted; of a single one the count follows from the total.
void PageTree::DeriveLastUnknown() {
  const Sums sums = SumOf(*root_);
  if (sums.unknown != 1) return;
  Page* page = SomeUnknownBeneath(root_, false);
  ENSURE(sums.rows <= total_);
  page->rows = total_ - sums.rows;
  Refresh(page);
}

void PageTree::CheckNode(const Inner* node, std::string_view lower, Sums* sums) const {
  ENSURE(node->size() > 0 && node->size() <= Inner::kFanOut);
  ENSURE(node->lower[0] == lower);
  for (size_t i = 0; i < node->size(); ++i) {
    Sums child;
    ENSURE(i == 0 || node->lower[i - 1] < node->lower[i]);
    if (!node->of_pages) {
      ENSURE(node->inner(i)->parent == node);
      CheckNode(node->inner(i), node->lower[i], &child);
    } else {
      const Page* page = node->page(i);
      ENSURE(page->parent == node && page->tree == this);
      child = SumOf(*page);
      const std::optional<std::string_view> upper = Upper(page);
      const Page* next = Next(page);
      ENSURE(upper.has_value() == (next != nullptr));
      std::string_view previous;
      uint32_t rows = 0;
      if (page->resident()) {
        for (uint32_t at = 0; at < page->leaf.used(); ++rows) {
          const PackedRow row = page->leaf.At(at);
          ENSURE(row.key >= node->lower[i] && (!upper || row.key < *upper));
          ENSURE(rows == 0 || previous < row.key);
          bool found = false;
          const Leaf::Position position = page->leaf.LowerBound(row.key, &found);
          ENSURE(found && position.offset == at && page->leaf.OrdinalOf(position) == rows);
          ENSURE(page->leaf.OffsetOf(rows) == at);
          previous = row.key;
          at += static_cast<uint32_t>(row.size);
        }
        ENSURE(rows == page->leaf.rows());
        ENSURE(rows <= 1 || page->leaf.allocated_bytes() <= Leaf::kMaxBytes + 1024);
      }
    }
    ENSURE(child.rows == node->rows[i] && child.unknown == node->unknown[i]);
    sums->rows += child.rows;
    sums->unknown += child.unknown;
  }
}

void PageTree::CheckInvariants() const {
  Sums sums;
  CheckNode(root_, "", &sums);
  ENSURE(sums.unknown == 0 ? sums.rows == total_ : sums.rows <= total_);
  ENSURE(sums.unknown != 1);
  size_t pages = 0;
  size_t resident = 0;
  uint64_t row_bytes = 0;
  uint64_t charge = 0;
  for (const Page* page = First(); page != nullptr; page = Next(page)) {
    ++pages;
    charge += page->charge_bytes;
    if (page->resident()) {
      ++resident;
      row_bytes += page->leaf.used();
    }
  }
  ENSURE(pages == page_count_ && resident == resident_pages_);
  ENSURE(row_bytes == resident_row_bytes_ && charge == page_bytes_);
}

}  // namespace lsm
