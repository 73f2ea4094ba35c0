// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/page_tree.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lsm {
namespace {

constexpr size_t kPageBytes = (sizeof(Page) + 15) / 16 * 16;

}  // namespace

std::string Separator(std::string_view left, std::string_view right) {
  size_t common = 0;
  while (common < left.size() && common < right.size() && left[common] == right[common]) ++common;
  return std::string(right.substr(0, common + 1));
}

size_t Inner::IndexOf(const void* which) const {
  const auto at = std::find(child.begin(), child.end(), which);
  ENSURE(at != child.end());
  return static_cast<size_t>(at - child.begin());
}

PageTree::PageTree(Collection* owner, CollectionEnv* env, Leaf leaf, uint64_t changed_seq)
    : owner_(owner), env_(env), root_(new Inner), changed_seq_(changed_seq) {
  total_ = leaf.rows();
  Page* page = NewPage(changed_seq);
  InsertChild(root_, 0, page, {}, "");
  SetLeaf(page, std::move(leaf));
  Refresh(page);
}

PageTree::PageTree(Collection* owner, CollectionEnv* env, uint64_t count,
                   std::span<const RangeHint> hints)
    : owner_(owner), env_(env), root_(new Inner), total_(count) {
  // See page_source.h: what a former self changed belongs to earlier batches than the open one.
  changed_seq_ = env->rows->sequence() - 1;
  const RangeHint all{{}, count};
  if (hints.empty()) hints = {&all, 1};
  uint64_t sum = 0;
  Page* last = nullptr;
  for (const RangeHint& hint : hints) {
    Page* page = NewPage(changed_seq_);
    page->rows = hint.rows;
    sum += hint.rows;
    if (last == nullptr) {
      InsertChild(root_, 0, page, SumOf(*page), "");
    } else {
      ENSURE(Lower(last) < hint.from);
      InsertAfter(last, page, std::string(hint.from));
    }
    last = page;
  }
  ENSURE(sum == count);
}

PageTree::~PageTree() {
  FreeInner(root_);
}

void PageTree::FreeInner(Inner* node) {
  for (size_t i = 0; i < node->size(); ++i) {
    if (!node->of_pages) {
      FreeInner(node->inner(i));
      continue;
    }
    if (node->page(i)->resident()) DropLeaf(node->page(i));
    delete node->page(i);
  }
  delete node;
}

Leaf PageTree::TakeOnlyLeaf() {
  Page* page = First();
  ENSURE(page_count_ == 1 && page->resident());
  Leaf leaf = std::move(page->leaf);
  page->leaf = Leaf::Empty();  // So that the page leaves the policy's lists in the usual way.
  return leaf;
}

size_t PageTree::overhead_bytes() const {
  return sizeof(PageTree) + inner_bytes_ + (page_count_ - resident_pages_) * kPageBytes;
}

// --- Pages and what is accounted for them.

Page* PageTree::NewPage(uint64_t changed_seq) {
  Page* page = new Page;
  page->kind = kCachePage;
  page->tree = this;
  page->changed_seq = changed_seq;
  ++page_count_;
  return page;
}

void PageTree::SetLeaf(Page* page, Leaf leaf) {
  ENSURE(!page->resident());
  page->leaf = std::move(leaf);
  page->charge_bytes = static_cast<uint32_t>(kPageBytes + page->leaf.allocated_bytes());
  ++resident_pages_;
  page_bytes_ += page->charge_bytes;
  resident_row_bytes_ += page->leaf.used();
  env_->listener->PageIn(page);
}

void PageTree::DropLeaf(Page* page) {
  --resident_pages_;
  page_bytes_ -= page->charge_bytes;
  resident_row_bytes_ -= page->leaf.used();
  env_->listener->PageOut(page);
  page->rows = page->leaf.rows();
  page->leaf = Leaf();
  page->charge_bytes = 0;
}

void PageTree::AfterEdit(Page* page, uint32_t old_row_bytes) {
  resident_row_bytes_ += page->leaf.used();
  resident_row_bytes_ -= old_row_bytes;
  const auto now = static_cast<uint32_t>(kPageBytes + page->leaf.allocated_bytes());
  if (now == page->charge_bytes) return;
  const uint32_t old = std::exchange(page->charge_bytes, now);
  page_bytes_ += now;
  page_bytes_ -= old;
  env_->listener->PageResized(page, old);
}

void PageTree::RechargeInner(Inner* node) {
  size_t bytes = sizeof(Inner) + node->child.capacity() * sizeof(void*) +
                 node->rows.capacity() * sizeof(uint64_t) +
                 node->unknown.capacity() * sizeof(uint32_t) +
                 node->lower.capacity() * sizeof(std::string);
  for (const std::string& lower : node->lower) {
    if (lower.capacity() > 15) bytes += lower.capacity() + 1;
  }
  inner_bytes_ += bytes;
  inner_bytes_ -= std::exchange(node->charged, bytes);
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
  InsertChild(node, index, fresh, SumOf(*fresh), std::move(first));
}

void PageTree::InsertChild(Inner* node, size_t index, void* child, Sums sums, std::string lower) {
  const auto at = static_cast<ptrdiff_t>(index);
  node->child.insert(node->child.begin() + at, child);
  node->rows.insert(node->rows.begin() + at, sums.rows);
  node->unknown.insert(node->unknown.begin() + at, static_cast<uint32_t>(sums.unknown));
  node->lower.insert(node->lower.begin() + at, std::move(lower));
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

// --- Finding one's way.

PageTree::Path PageTree::Descend(std::string_view subkey) const {
  Path path;
  Inner* node = root_;
  for (;;) {
    size_t low =
        0;  // The last child whose lower bound is not greater; the first one's is taken so.
    size_t high = node->size();
    while (low + 1 < high) {
      const size_t middle = (low + high) / 2;
      (std::string_view(node->lower[middle]) <= subkey ? low : high) = middle;
    }
    ENSURE(path.depth < path.steps.size());
    path.steps[path.depth++] = {node, low};
    if (node->of_pages) {
      path.page = node->page(low);
      return path;
    }
    node = node->inner(low);
  }
}

Page* PageTree::First() const {
  const Inner* node = root_;
  while (!node->of_pages) node = node->inner(0);
  return node->page(0);
}

Page* PageTree::Last() const {
  const Inner* node = root_;
  while (!node->of_pages) node = node->inner(node->size() - 1);
  return node->page(node->size() - 1);
}

Page* PageTree::Next(const Page* page) const {
  const Inner* node = page->parent;
  size_t index = node->IndexOf(page) + 1;
  while (index == node->size()) {
    if (node->parent == nullptr) return nullptr;
    index = node->parent->IndexOf(node) + 1;
    node = node->parent;
  }
  for (; !node->of_pages; index = 0) node = node->inner(index);
  return node->page(index);
}

Page* PageTree::Prev(const Page* page) const {
  const Inner* node = page->parent;
  size_t index = node->IndexOf(page);
  while (index == 0) {
    if (node->parent == nullptr) return nullptr;
    index = node->parent->IndexOf(node);
    node = node->parent;
  }
  --index;
  for (; !node->of_pages; index = node->size() - 1) node = node->inner(index);
  return node->page(index);
}

std::string_view PageTree::Lower(const Page* page) const {
  return page->parent->lower[page->parent->IndexOf(page)];
}

std::optional<std::string_view> PageTree::Upper(const Page* page) const {
  const Inner* node = page->parent;
  size_t index = node->IndexOf(page) + 1;
  while (index == node->size()) {
    if (node->parent == nullptr) return std::nullopt;
    index = node->parent->IndexOf(node) + 1;
    node = node->parent;
  }
  return node->lower[index];
}

}  // namespace lsm
