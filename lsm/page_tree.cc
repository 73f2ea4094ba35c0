// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/page_tree.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lsm {
std::string Separator(std::string_view left, std::string_view right) {
  size_t common = 0;
  while (common < left.size() && common < right.size() && left[common] == right[common]) ++common;
  return std::string(right.substr(0, common + 1));
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

bool PageTree::FreeSome(size_t max_pages) {
  while (true) {
    Inner* node = root_;
    while (!node->of_pages && node->size() > 0) node = node->inner(node->size() - 1);
    for (; node->of_pages && node->size() > 0; node->child.pop_back(), --max_pages) {
      if (max_pages == 0) return false;
      Page* page = node->page(node->size() - 1);
      if (page->resident()) DropLeaf(page);
      delete page;
    }
    if (node == root_) return true;
    node->parent->child.pop_back();
    delete node;
  }
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
  const size_t bytes = node->AllocatedBytes();
  inner_bytes_ += bytes;
  inner_bytes_ -= std::exchange(node->charged, bytes);
}

// --- Finding one's way.

PageTree::Path PageTree::Descend(std::string_view subkey) const {
  Path path;
  Inner* node = root_;
  for (;;) {
    const size_t index = node->Find(subkey);
    ENSURE(path.depth < path.steps.size());
    path.steps[path.depth++] = {node, index};
    if (node->of_pages) {
      path.page = node->page(index);
      return path;
    }
    node = node->inner(index);
  }
}

Page* PageTree::PageOf(std::string_view subkey) const {
  const Inner* node = root_;
  while (!node->of_pages) node = node->inner(node->Find(subkey));
  return node->page(node->Find(subkey));
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
