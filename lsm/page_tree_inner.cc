// SPDX-License-Identifier: BSD-3-Clause
//
// Inner nodes: finding children, splitting, joining, and the sums kept in them.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "lsm/page_tree.h"

namespace lsm {

size_t Inner::IndexOf(const void* which) const {
  const auto at = std::find_if(child.begin(), child.end(),
                               [which](const Child& c) { return c.pointer == which; });
  ENSURE(at != child.end());
  return static_cast<size_t>(at - child.begin());
}

uint64_t Inner::HeadOf(std::string_view bound) const {
  uint64_t big_endian = 0;
  if (bound.size() > common.size()) {
    std::memcpy(&big_endian, bound.data() + common.size(),
                std::min<size_t>(8, bound.size() - common.size()));
  }
  if constexpr (std::endian::native == std::endian::little) {
    big_endian = __builtin_bswap64(big_endian);
  }
  return big_endian;
}

void Inner::RebuildHeads() {
  common.clear();
  if (size() < 2) return;
  // In sorted bounds, what the outermost have in common all have.
  const std::string& low = lower[1];
  const std::string& high = lower.back();
  size_t length = 0;
  while (length < low.size() && length < high.size() && low[length] == high[length]) ++length;
  common = low.substr(0, length);
  for (size_t i = 1; i < size(); ++i) child[i].head = HeadOf(lower[i]);
}

void Inner::SetHead(size_t index) {
  // What was first, and not looked at, may be second now.
  if (index == 0 || size() < 3 || !lower[index].starts_with(common)) return RebuildHeads();
  child[index].head = HeadOf(lower[index]);
}

size_t Inner::Find(std::string_view subkey) const {
  if (size() < 2) return 0;
  if (!common.empty()) {
    const int order = subkey.substr(0, common.size()).compare(common);
    if (order != 0) return order < 0 ? 0 : size() - 1;
  }
  // The last bound that is not greater. Where heads are equal, the strings decide.
  const uint64_t wanted = HeadOf(subkey);
  size_t low = 0;
  size_t high = size();
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    const uint64_t head = child[middle].head;
    const bool not_greater =
        head != wanted ? head < wanted : std::string_view(lower[middle]) <= subkey;
    (not_greater ? low : high) = middle;
  }
  return low;
}

size_t Inner::AllocatedBytes() const {
  size_t bytes = sizeof(Inner) + child.capacity() * sizeof(Child) +
                 rows.capacity() * sizeof(uint64_t) + unknown.capacity() * sizeof(uint32_t) +
                 lower.capacity() * sizeof(std::string);
  if (common.capacity() > 15) bytes += common.capacity() + 1;
  for (const std::string& bound : lower) {
    if (bound.capacity() > 15) bytes += bound.capacity() + 1;
  }
  return bytes;
}

// --- Sums.

PageTree::Sums PageTree::SumOf(const Page& page) {
  if (!page.counted()) return {0, 1};
  return {page.row_count(), 0};
}

PageTree::Sums PageTree::SumOf(const Inner& node) {
  Sums sums;
  for (const uint64_t rows : node.rows) sums.rows += rows;
  for (const uint32_t unknown : node.unknown) sums.unknown += unknown;
  return sums;
}

void PageTree::Refresh(const Page* page) {
  Inner* node = page->parent;
  const size_t index = node->IndexOf(page);
  const Sums sums = SumOf(*page);
  node->rows[index] = sums.rows;
  node->unknown[index] = static_cast<uint32_t>(sums.unknown);
  RefreshUp(node);
}

// Brings the sums above `node` in line with what it says.
void PageTree::RefreshUp(Inner* node) {
  for (; node->parent != nullptr; node = node->parent) {
    const size_t index = node->parent->IndexOf(node);
    const Sums sums = SumOf(*node);
    node->parent->rows[index] = sums.rows;
    node->parent->unknown[index] = static_cast<uint32_t>(sums.unknown);
  }
}

void PageTree::AddRow(const Path& path, bool added) {
  for (size_t i = 0; i < path.depth; ++i) {
    uint64_t& rows = path.steps[i].node->rows[path.steps[i].index];
    rows = added ? rows + 1 : rows - 1;
  }
}

// --- Inner nodes.

void PageTree::InsertAfter(Page* page, Page* fresh, std::string lower) {
  Inner* node = page->parent;
  InsertChild(node, node->IndexOf(page) + 1, fresh, SumOf(*fresh), std::move(lower));
}

void PageTree::InsertBefore(Page* page, Page* fresh, std::string lower) {
  Inner* node = page->parent;
  const size_t index = node->IndexOf(page);
  std::string first = std::exchange(node->lower[index], std::move(lower));
  node->RebuildHeads();
  InsertChild(node, index, fresh, SumOf(*fresh), std::move(first));
}

void PageTree::InsertChild(Inner* node, size_t index, void* child, Sums sums, std::string lower) {
  const auto at = static_cast<ptrdiff_t>(index);
  node->child.insert(node->child.begin() + at, {0, child});
  node->rows.insert(node->rows.begin() + at, sums.rows);
  node->unknown.insert(node->unknown.begin() + at, static_cast<uint32_t>(sums.unknown));
  node->lower.insert(node->lower.begin() + at, std::move(lower));
  node->SetHead(index);
  if (node->of_pages) {
    static_cast<Page*>(child)->parent = node;
  } else {
    static_cast<Inner*>(child)->parent = node;
  }
  RefreshUp(node);
  if (node->size() > Inner::kFanOut) {
    SplitInner(node, index);
  } else {
    RechargeInner(node);
  }
}

namespace {

template <typename T>
void MoveTail(std::vector<T>& from, size_t keep, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin() + static_cast<ptrdiff_t>(keep)),
            std::make_move_iterator(from.end()));
  from.resize(keep);
}

// Moves the children from `keep` on to the end of `to`.
void MoveChildren(Inner* from, size_t keep, Inner* to) {
  for (size_t i = keep; i < from->size(); ++i) {
    if (from->of_pages) {
      from->page(i)->parent = to;
    } else {
      from->inner(i)->parent = to;
    }
  }
  MoveTail(from->child, keep, to->child);
  MoveTail(from->rows, keep, to->rows);
  MoveTail(from->unknown, keep, to->unknown);
  MoveTail(from->lower, keep, to->lower);
  from->RebuildHeads();
  to->RebuildHeads();
}

}  // namespace

void PageTree::SplitInner(Inner* node, size_t inserted_at) {
  // In ascending order nodes stay nearly full, in descending order likewise.
  size_t keep = node->size() / 2;
  if (inserted_at + 1 == node->size()) keep = node->size() - 4;
  if (inserted_at == 0) keep = 4;
  if (node->parent == nullptr) {
    root_ = new Inner;
    root_->of_pages = false;
    InsertChild(root_, 0, node, SumOf(*node), "");
  }
  Inner* right = new Inner;
  right->of_pages = node->of_pages;
  MoveChildren(node, keep, right);
  RechargeInner(node);
  RechargeInner(right);
  Inner* parent = node->parent;
  const size_t index = parent->IndexOf(node);
  const Sums left_sums = SumOf(*node);
  parent->rows[index] = left_sums.rows;
  parent->unknown[index] = static_cast<uint32_t>(left_sums.unknown);
  InsertChild(parent, index + 1, right, SumOf(*right), right->lower[0]);
}

void PageTree::RemovePage(Page* page) {
  ENSURE(page != First());
  if (page->resident()) DropLeaf(page);
  Inner* node = page->parent;
  RemoveChild(node, node->IndexOf(page));
  delete page;
  --page_count_;
}

void PageTree::RemoveChild(Inner* node, size_t index) {
  const auto at = static_cast<ptrdiff_t>(index);
  node->child.erase(node->child.begin() + at);
  node->rows.erase(node->rows.begin() + at);
  node->unknown.erase(node->unknown.begin() + at);
  node->lower.erase(node->lower.begin() + at);
  if (node->size() == 0) {
    ENSURE(node->parent != nullptr);
    Inner* parent = node->parent;
    RemoveChild(parent, parent->IndexOf(node));
    inner_bytes_ -= node->charged;
    delete node;
    return;
  }
  RechargeInner(node);
  if (index == 0) LowerChanged(node);
  RefreshUp(node);
  if (node->parent == nullptr) {
    if (node->of_pages || node->size() > 1) return;
    root_ = node->inner(0);
    root_->parent = nullptr;
    inner_bytes_ -= node->charged;
    delete node;
  } else if (node->size() < Inner::kFanOut / 4) {
    JoinInner(node);
  }
}

// node->lower[0] has changed: it is the lower bound of node itself too.
void PageTree::LowerChanged(Inner* node) {
  while (node->parent != nullptr) {
    const size_t index = node->parent->IndexOf(node);
    node->parent->lower[index] = node->lower[0];
    node->parent->RebuildHeads();
    RechargeInner(node->parent);
    if (index > 0) break;
    node = node->parent;
  }
}

// Joins a node with few children to a sibling, if both together leave room.
void PageTree::JoinInner(Inner* node) {
  Inner* parent = node->parent;
  const size_t index = parent->IndexOf(node);
  for (const size_t left : {index, index - 1}) {
    if (left >= parent->size() || left + 1 >= parent->size()) continue;
    Inner* to = parent->inner(left);
    Inner* from = parent->inner(left + 1);
    if (to->size() + from->size() > Inner::kFanOut * 3 / 4) continue;
    MoveChildren(from, 0, to);
    RechargeInner(to);
    inner_bytes_ -= from->charged;
    RefreshUp(to);
    RemoveChild(parent, left + 1);
    delete from;
    return;
  }
}

}  // namespace lsm
