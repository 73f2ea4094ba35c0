// SPDX-License-Identifier: BSD-3-Clause
//
// Changes of rows in a page tree. Every one marks its page with the open batch and emits the row
// operation; nothing here fails once the page is resident.
#include <algorithm>

#include "lsm/page_tree.h"

namespace lsm {
namespace {

constexpr uint32_t kSmallLeafBytes = 1024;
// So many inserts in a row at a page's end or front are taken for a pattern: the next leaf starts
// empty and this one stays full.
constexpr int8_t kStreak = 3;
// A row of this size does not share a leaf if it can be avoided.
constexpr size_t kLargeRowBytes = Leaf::kMaxBytes / 4;

}  // namespace

uint64_t PageTree::Touched(Page* page) {
  page->changed_seq = changed_seq_ = env_->rows->sequence();
  page->Touch();
  return page->changed_seq;
}

Result<Collection::PutResult> PageTree::Put(std::string_view subkey, std::string_view value) {
  Path path = Descend(subkey);
  if (!path.page->resident()) {
    LSM_ASSIGN_OR_RETURN([[maybe_unused]] Page * loaded, Resident(subkey));
    path = Descend(subkey);
  }
  Page* page = path.page;
  page->leaf.Prefetch(page->charge_bytes - kPageBytes);
  Touched(page);
  env_->rows->PutRow(*owner_, subkey, value);
  bool found = false;
  const Leaf::Position at = page->leaf.LowerBound(subkey, &found);
  if (!found) {
    ++total_;
    InsertRow(path, at, subkey, value);
    return Collection::PutResult{true, 0};
  }
  const PackedRow old = page->leaf.At(at.offset);
  const Collection::PutResult result{false, old.value.size()};
  const uint32_t old_bytes = page->leaf.used();
  if (page->leaf.FitsReplaced(old.size, PackedRowSize(subkey.size(), value.size()))) {
    page->leaf.Replace(at, value);
    AfterEdit(page, old_bytes);
  } else {
    page->leaf.Erase(at);
    AfterEdit(page, old_bytes);
    AddRow(path, false);
    // Erasing may have rebuilt the leaf's index.
    InsertRow(path, page->leaf.LowerBound(subkey, &found), subkey, value);
  }
  return result;
}

// Inserts a row that is not there, splitting the page as needed.
void PageTree::InsertRow(Path path, Leaf::Position at, std::string_view subkey,
                         std::string_view value) {
  const size_t size = PackedRowSize(subkey.size(), value.size());
  for (;;) {
    Page* page = path.page;
    Leaf& leaf = page->leaf;
    const bool at_end = at.offset == leaf.used();
    const bool at_front = at.offset == 0;
    if (leaf.Fits(size)) {
      const uint32_t old_bytes = leaf.used();
      leaf.Insert(at, subkey, value);
      AfterEdit(page, old_bytes);
      AddRow(path, true);
      if (at_end) {
        page->streak = page->streak < 0 ? int8_t{1} : std::min<int8_t>(page->streak + 1, kStreak);
      } else {
        page->streak = !at_front || page->streak > 0 ? int8_t{0}
                                                     : std::max<int8_t>(page->streak - 1, -kStreak);
      }
      return;
    }
    const bool large = size >= kLargeRowBytes;
    if (at_end && (leaf.rows() == 1 || page->streak >= kStreak || large)) {
      return InsertAlone(page, true, subkey, value);
    }
    if (at_front && (leaf.rows() == 1 || page->streak <= -kStreak || large)) {
      return InsertAlone(page, false, subkey, value);
    }
    const uint32_t old_bytes = leaf.used();
    Page* right = NewPage(page->changed_seq);
    Leaf tail = leaf.SplitOff(leaf.Middle());
    const uint32_t last = leaf.Before(leaf.used());
    std::string lower = Separator(leaf.At(last).key, tail.At(0).key);
    SetLeaf(right, std::move(tail));
    AfterEdit(page, old_bytes);
    page->streak = 0;
    Refresh(page);
    InsertAfter(page, right, std::move(lower));
    path = Descend(subkey);
    bool found = false;
    at = path.page->leaf.LowerBound(subkey, &found);
  }
}

// Gives the row a page of its own after or before `page`.
void PageTree::InsertAlone(Page* page, bool at_end, std::string_view subkey,
                           std::string_view value) {
  Page* fresh = NewPage(page->changed_seq);
  Leaf leaf = Leaf::Empty();
  leaf.Insert({}, subkey, value);
  fresh->streak = page->streak;
  SetLeaf(fresh, std::move(leaf));
  if (at_end) {
    const uint32_t last = page->leaf.Before(page->leaf.used());
    InsertAfter(page, fresh, Separator(page->leaf.At(last).key, subkey));
  } else {
    InsertBefore(page, fresh, Separator(subkey, page->leaf.At(0).key));
  }
}

Result<bool> PageTree::Erase(std::string_view subkey) {
  Path path = Descend(subkey);
  if (!path.page->resident()) {
    LSM_ASSIGN_OR_RETURN([[maybe_unused]] Page * loaded, Resident(subkey));
    path = Descend(subkey);
  }
  Page* page = path.page;
  page->leaf.Prefetch(page->charge_bytes - kPageBytes);
  bool found = false;
  const Leaf::Position at = page->leaf.LowerBound(subkey, &found);
  if (!found) return false;
  Touched(page);
  env_->rows->DeleteRow(*owner_, subkey);
  const uint32_t old_bytes = page->leaf.used();
  page->leaf.Erase(at);
  AfterEdit(page, old_bytes);
  AddRow(path, false);
  --total_;
  if (page->leaf.used() < kSmallLeafBytes) Tidy(page);
  return true;
}

// Erases what `page` has in the range; returns how many rows.
uint64_t PageTree::EraseSpan(Page* page, std::string_view from,
                             std::optional<std::string_view> to) {
  Leaf& leaf = page->leaf;
  bool found = false;
  const Leaf::Position first = leaf.LowerBound(from, &found);
  uint32_t end_offset = leaf.used();
  uint32_t end_ordinal = leaf.rows();
  if (to) {
    const Leaf::Position end = leaf.LowerBound(*to, &found);
    end_offset = end.offset;
    end_ordinal = leaf.OrdinalOf(end);
  }
  if (end_offset <= first.offset) return 0;
  const uint32_t rows = end_ordinal - leaf.OrdinalOf(first);
  Touched(page);
  for (uint32_t at = first.offset; at < end_offset;) {
    const PackedRow row = leaf.At(at);
    env_->rows->DeleteRow(*owner_, row.key);
    at += static_cast<uint32_t>(row.size);
  }
  const uint32_t old_bytes = leaf.used();
  leaf.EraseSpan(first.offset, end_offset, rows);
  AfterEdit(page, old_bytes);
  Refresh(page);
  total_ -= rows;
  return rows;
}

Result<uint64_t> PageTree::EraseRange(std::string_view from, std::optional<std::string_view> to) {
  uint64_t erased = 0;
  if (to && *to <= from) return erased;
  LSM_ASSIGN_OR_RETURN(Page * page, Resident(from));
  for (;;) {
    erased += EraseSpan(page, from, to);
    const std::optional<std::string_view> upper = Upper(page);
    if (!upper || (to && *upper >= *to)) break;
    // An emptied page swallows the next one, and so on: they stay one page until applied.
    Page* next = Next(page);
    if (!next->resident()) {
      const std::string start(*upper);
      if (next->known_empty()) {
        SetLeaf(next, Leaf::Empty());
      } else {
        LoadRequest request = Request(LoadMode::kForward, next);
        request.max_bytes = size_t{64} << 10;
        LSM_RETURN_IF_ERROR(LoadNow(std::move(request)));
      }
      next = PageOf(start);
    }
    erased += EraseSpan(next, from, to);
    if (!Join(page, next)) page = next;
  }
  if (page->leaf.used() < kSmallLeafBytes) Tidy(page);
  return erased;
}

}  // namespace lsm
