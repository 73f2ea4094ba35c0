// SPDX-License-Identifier: BSD-3-Clause
//
// Pages come and go: runs are installed, pages evicted, joined and counted. Why a late run does no
// harm is told in page_source.h.
//
// A run is first planned for each page it meets, and checked against what is counted; only when all
// is consistent is it put in. A page that a run covers in part leaves a remainder on either side,
// whose count is derived where one side's is known.
#include <algorithm>

#include "lsm/page_tree.h"

namespace lsm {
namespace {

// Counted pages are joined up to so many rows: what a rank in a cold place costs to count.
constexpr uint64_t kMaxJoinedRows = 2 * kRowsPerPart;
// A counted page smaller than this is given up to an unknown neighbour: pages must not become more.
constexpr uint64_t kMinCountedRows = 1024;
// Resident leaves that use less are joined to a neighbour.
constexpr uint32_t kSmallLeafBytes = 1024;

}  // namespace

// The rows of a run, made searchable.
struct PageTree::RunIndex {
  explicit RunIndex(const LoadedRun& loaded) : run(loaded) {
    offsets.reserve(loaded.row_count);
    for (size_t at = 0; at < loaded.rows.size(); at += DecodeRow(&loaded.rows[at]).size) {
      offsets.push_back(at);
    }
  }
  std::string_view Key(size_t row) const { return DecodeRow(&run.rows[offsets[row]]).key; }
  size_t OffsetOf(size_t row) const {
    return row < offsets.size() ? offsets[row] : run.rows.size();
  }
  // The first row whose key is not less.
  size_t Find(std::string_view subkey) const {
    size_t low = 0;
    size_t high = offsets.size();
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (Key(middle) < subkey) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  const LoadedRun& run;
  std::vector<size_t> offsets;
};

// What becomes of a page that a run meets.
struct PageTree::PartPlan {
  Page* page = nullptr;
  size_t first_row = 0;
  size_t end_row = 0;
  std::optional<std::string> begin;  // Where the part starts, if not with the page.
  std::optional<std::string> end;    // Where it ends, if not with the page.
  uint64_t left_rows = Page::kUnknown;
  uint64_t right_rows = Page::kUnknown;
};

Result<PageTree::PartPlan> PageTree::PlanPart(const RunIndex& index, Page* page) const {
  const LoadedRun& run = index.run;
  PartPlan plan;
  plan.page = page;
  const std::string_view lower = Lower(page);
  const std::optional<std::string_view> upper = Upper(page);
  if (run.begin > lower) plan.begin = run.begin;
  if (run.end && (!upper || *run.end < *upper)) plan.end = run.end;
  plan.first_row = plan.begin ? 0 : index.Find(lower);
  plan.end_row = plan.end || !upper ? index.offsets.size() : index.Find(*upper);
  const uint64_t rows = plan.end_row - plan.first_row;
  if (plan.begin && run.rows_before && run.request.from == lower) plan.left_rows = *run.rows_before;

  if (page->counted()) {
    const uint64_t left = plan.left_rows == Page::kUnknown ? 0 : plan.left_rows;
    // All of the page is told of: a whole cover, or its rest with the number of rows before.
    const bool complete = !plan.end && (!plan.begin || plan.left_rows != Page::kUnknown);
    if (left + rows > page->rows || (complete && left + rows != page->rows)) {
      return Status::Corruption("collection " + std::to_string(owner_->id()) + ": " +
                                std::to_string(left + rows) + " rows found where " +
                                std::to_string(page->rows) + " are counted");
    }
    const uint64_t rest = page->rows - rows - left;
    if (!plan.end) {
      if (plan.begin) plan.left_rows = page->rows - rows;
    } else if (!plan.begin || plan.left_rows != Page::kUnknown) {
      plan.right_rows = rest;
    } else if (rest == 0) {
      plan.left_rows = plan.right_rows = 0;
    }
  }
  // A remainder without rows is better a part of the page.
  if (plan.begin && plan.left_rows == 0) plan.begin.reset();
  if (plan.end && plan.right_rows == 0) plan.end.reset();
  return plan;
}

Result<Collection::Installed> PageTree::Install(const LoadedRun& run, bool tidy) {
  if (run.request.mode == LoadMode::kCount) return InstallCount(run);
  const RunIndex index(run);
  std::vector<PartPlan> plans;
  bool stale = false;
  Sums sums = SumOf(*root_);
  for (Page* page = PageOf(run.begin); page != nullptr; page = Next(page)) {
    if (run.end && Lower(page) >= *run.end) break;
    if (page->resident()) continue;
    if (page->changed_seq >= run.request.issued_seq) {
      stale = true;
      continue;
    }
    LSM_ASSIGN_OR_RETURN(PartPlan plan, PlanPart(index, page));
    sums.rows += plan.end_row - plan.first_row - SumOf(*page).rows;
    sums.unknown -= SumOf(*page).unknown;
    for (const auto& [there, rows] : {std::pair(plan.begin.has_value(), plan.left_rows),
                                      {plan.end.has_value(), plan.right_rows}}) {
      if (!there) continue;
      sums.rows += rows == Page::kUnknown ? 0 : rows;
      sums.unknown += rows == Page::kUnknown ? 1 : 0;
    }
    plans.push_back(std::move(plan));
  }
  if (sums.rows > total_ || (sums.unknown == 0 && sums.rows != total_)) {
    return Status::Corruption("collection " + std::to_string(owner_->id()) + ": " +
                              std::to_string(sums.rows) + " rows found, its key says " +
                              std::to_string(total_));
  }
  for (const PartPlan& plan : plans) InstallPart(index, plan, tidy);
  DeriveLastUnknown();
  return stale ? Collection::Installed::kStale : Collection::Installed::kAll;
}

void PageTree::InstallPart(const RunIndex& index, const PartPlan& plan, bool tidy) {
  Page* page = plan.page;
  const uint64_t seq = page->changed_seq;
  Page* last = page;  // The last page made so far.
  if (plan.begin) {
    page->rows = plan.left_rows;
    Refresh(page);
  }
  bool reuse = !plan.begin;
  for (size_t row = plan.first_row; row < plan.end_row || row == plan.first_row;) {
    // As many rows as fit a leaf, and one at least; evenly, where two leaves will do.
    const size_t left_bytes = index.OffsetOf(plan.end_row) - index.OffsetOf(row);
    const size_t limit = left_bytes > Leaf::kMaxBytes && left_bytes < 2 * Leaf::kMaxBytes
                             ? left_bytes / 2 + 128
                             : Leaf::kMaxBytes;
    size_t end = std::min(row + 1, plan.end_row);
    const auto fits = [&](size_t next) {
      const size_t bytes = index.OffsetOf(next) - index.OffsetOf(row);
      return Leaf::kHeaderBytes + bytes + Leaf::MaxIndexBytes(next - row, bytes) <= limit;
    };
    while (end < plan.end_row && fits(end + 1)) {
      ++end;
    }
    Leaf leaf = Leaf::FromPacked(
        std::string_view(index.run.rows)
            .substr(index.OffsetOf(row), index.OffsetOf(end) - index.OffsetOf(row)),
        end - row);
    if (!reuse) {
      Page* fresh = NewPage(seq);
      fresh->rows = leaf.rows();
      InsertAfter(
          last, fresh,
          row == plan.first_row ? *plan.begin : Separator(index.Key(row - 1), index.Key(row)));
      last = fresh;
    }
    reuse = false;
    SetLeaf(last, std::move(leaf));
    Refresh(last);
    if (end == row) break;  // An empty part.
    row = end;
  }
  if (plan.end) {
    Page* rest = NewPage(seq);
    rest->rows = plan.right_rows;
    InsertAfter(last, rest, *plan.end);
  }
  if (tidy && last->leaf.used() < kSmallLeafBytes) Tidy(last);
}

Result<Collection::Installed> PageTree::InstallCount(const LoadedRun& run) {
  Page* page = PageOf(run.request.from);
  const std::optional<std::string_view> upper = Upper(page);
  // Counts are only good for the very page they were asked for.
  if (page->resident() || page->changed_seq >= run.request.issued_seq ||
      Lower(page) != run.request.from || upper.has_value() != run.request.to.has_value() ||
      (upper && *upper != *run.request.to)) {
    return Collection::Installed::kStale;
  }
  uint64_t sum = 0;
  for (const LoadedRun::Part& part : run.parts) sum += part.rows;
  const bool whole = !run.end || (upper && *run.end >= *upper);
  const bool known = page->counted();
  const Sums all = SumOf(*root_);
  const uint64_t others = all.rows - SumOf(*page).rows;
  if (run.parts.empty() || others + sum > total_ ||
      (known && (whole ? sum != page->rows : sum > page->rows))) {
    return Status::Corruption("collection " + std::to_string(owner_->id()) + ": counted " +
                              std::to_string(sum) + " rows, which are not what it should have");
  }
  const uint64_t rest_rows = known ? page->rows - sum : Page::kUnknown;
  page->rows = run.parts[0].rows;
  Refresh(page);
  for (size_t i = 1; i < run.parts.size(); ++i) {
    Page* fresh = NewPage(page->changed_seq);
    fresh->rows = run.parts[i].rows;
    InsertAfter(page, fresh, run.parts[i].from);
    page = fresh;
  }
  if (!whole) {
    Page* rest = NewPage(page->changed_seq);
    rest->rows = rest_rows;
    InsertAfter(page, rest, *run.end);
  }
  DeriveLastUnknown();
  return Collection::Installed::kAll;
}

void PageTree::Evict(Page* page) {
  DropLeaf(page);
  Refresh(page);
  if (Page* next = Next(page)) Coalesce(page, next);
  if (Page* previous = Prev(page)) Coalesce(previous, page);
  DeriveLastUnknown();
}

// Makes one page of two neighbours that are not resident, where no count worth having is lost.
void PageTree::Coalesce(Page* left, Page* right) {
  if (left->resident() || right->resident()) return;
  uint64_t rows = Page::kUnknown;
  if (left->counted() && right->counted()) {
    rows = left->rows + right->rows;
    // A type's sections begin with different bytes: their borders are kept, which keeps ranks
    // within a section cheap.
    const std::string_view a = Lower(left);
    const std::string_view b = Lower(right);
    const bool same_section = !a.empty() && a[0] == b[0];
    const bool one_empty = left->rows == 0 || right->rows == 0;
    if (!one_empty && (!same_section || rows > kMaxJoinedRows)) return;
  } else {
    if (left->counted() && left->rows >= kMinCountedRows) return;
    if (right->counted() && right->rows >= kMinCountedRows) return;
  }
  left->changed_seq = std::max(left->changed_seq, right->changed_seq);
  RemovePage(right);
  left->rows = rows;
  Refresh(left);
}

// Joins two resident neighbours if one leaf holds both: `right` is gone then.
bool PageTree::Join(Page* left, Page* right) {
  if (!left->resident() || !right->resident() || !left->leaf.FitsAll(right->leaf)) return false;
  const uint32_t old_bytes = left->leaf.used();
  Leaf both = std::move(left->leaf);
  if (both.rows() == 0) {
    // Also for a row of any size.
    both = Leaf::FromPacked(right->leaf.packed(), right->leaf.rows());
  } else if (right->leaf.rows() > 0) {
    both.Append(right->leaf);
  }
  left->leaf = std::move(both);
  left->changed_seq = std::max(left->changed_seq, right->changed_seq);
  left->streak = 0;
  RemovePage(right);
  AfterEdit(left, old_bytes);
  Refresh(left);
  return true;
}

void PageTree::Tidy(Page* page) {
  if (Page* next = Next(page); next != nullptr && Join(page, next)) return;
  if (Page* previous = Prev(page); previous != nullptr) Join(previous, page);
}

}  // namespace lsm
