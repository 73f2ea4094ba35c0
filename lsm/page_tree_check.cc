// SPDX-License-Identifier: BSD-3-Clause
//
// What a page tree asks to be loaded. Point accesses load from the row wanted on, so the counts of
// what remains left and right of it become unknown in a page that is not small; whoever needs ranks
// asks for Want::kRank, or is given the counts again by a kCount request.
#include <algorithm>

#include "lsm/page_tree.h"

namespace lsm {
namespace {

constexpr size_t kPointBytes = 3600;  // With its index this fills one leaf.
constexpr size_t kShortScanBytes = size_t{8} << 10;
constexpr size_t kScanBytes = size_t{64} << 10;
constexpr size_t kWholeBytes = size_t{1} << 20;
constexpr uint64_t kShortScanRows = 32;
// A counted page of at most so many rows is read from its start, which keeps the counts right.
constexpr uint64_t kSmallPageRows = 128;
// Rows that a request for a rank may skip; beyond, the page is divided by counting first.
constexpr uint64_t kMaxSkippedRows = 4 * kRowsPerPart;
constexpr uint64_t kMaxCountedAtOnce = 64 * kRowsPerPart;
// The farthest from a page's end that is reached by reading backwards.
constexpr uint64_t kFromEndRows = 256;

size_t ScanBytes(uint64_t rows) {
  return rows <= kShortScanRows ? kShortScanBytes : kScanBytes;
}

bool Missing(const Page* page) {
  return !page->resident() && !page->known_empty();
}

}  // namespace

LoadRequest PageTree::Request(LoadMode mode, const Page* page) const {
  LoadRequest request;
  request.collection = owner_->id();
  request.mode = mode;
  request.from = Lower(page);
  if (const auto upper = Upper(page)) request.to = std::string(*upper);
  request.issued_seq = env_->rows->sequence();
  return request;
}

LoadRequest PageTree::CountPage(const Page* page) const {
  LoadRequest request = Request(LoadMode::kCount, page);
  request.max_rows = kMaxCountedAtOnce;
  return request;
}

std::optional<LoadRequest> PageTree::Check(std::string_view subkey, Collection::Want want) const {
  const Page* page = PageOf(subkey);
  const bool rank = want == Collection::Want::kRank;
  if (Missing(page)) {
    const bool seek = page->counted() && page->rows <= (rank ? kMaxSkippedRows : kSmallPageRows);
    if (rank && !seek) return CountPage(page);
    LoadRequest request = Request(seek ? LoadMode::kSeek : LoadMode::kForward, page);
    (seek ? request.target : request.from) = subkey;
    request.max_bytes = kPointBytes;
    return request;
  }
  if (rank && !RowsBefore(page)) return CountPage(UnknownToCount(page));
  return std::nullopt;
}

std::optional<LoadRequest> PageTree::CheckAt(uint64_t rank) const {
  if (rank >= total_) return std::nullopt;
  const Place place = LocateRank(rank);
  if (!place.known) return CountPage(place.page);
  const Page* page = place.page;
  if (page->resident()) return std::nullopt;
  if (place.offset <= kMaxSkippedRows) {
    LoadRequest request = Request(LoadMode::kSkip, page);
    // A small page, or the front of any, is worth having from its start.
    request.skip_rows = place.offset < kShortScanRows ? 0 : place.offset;
    request.max_bytes = place.offset < kShortScanRows ? kShortScanBytes : kPointBytes;
    return request;
  }
  if (page->rows - place.offset <= kFromEndRows) {
    LoadRequest request = Request(LoadMode::kBackward, page);
    request.max_bytes = kShortScanBytes;
    return request;
  }
  return CountPage(page);
}

std::optional<LoadRequest> PageTree::CheckForward(std::string_view from, uint64_t rows,
                                                  std::optional<std::string_view> bound) const {
  for (const Page* page = PageOf(from); page != nullptr; page = Next(page)) {
    if (bound && Lower(page) >= *bound) return std::nullopt;
    if (page->resident()) {
      bool found = false;
      const Leaf::Position start = page->leaf.LowerBound(from, &found);
      const uint64_t here = page->leaf.rows() - page->leaf.OrdinalOf(start);
      if (here >= rows) return std::nullopt;
      rows -= here;
    } else if (!page->known_empty()) {
      LoadRequest request = Request(LoadMode::kForward, page);
      const bool whole = page->counted() && page->rows <= kSmallPageRows;
      if (from > request.from) {
        if (whole) {
          request.mode = LoadMode::kSeek;
          request.target = from;
        } else {
          request.from = from;
        }
      }
      request.max_bytes = ScanBytes(rows);
      return request;
    }
  }
  return std::nullopt;
}

std::optional<LoadRequest> PageTree::CheckBackward(std::optional<std::string_view> from,
                                                   uint64_t rows,
                                                   std::optional<std::string_view> bound) const {
  const Page* page = from ? PageOf(*from) : Last();
  if (from && Lower(page) == *from) page = Prev(page);
  for (; page != nullptr; page = Prev(page)) {
    const std::optional<std::string_view> upper = Upper(page);
    if (bound && upper && *upper <= *bound) return std::nullopt;
    if (page->resident()) {
      uint64_t here = page->leaf.rows();
      if (from) {
        bool found = false;
        here = page->leaf.OrdinalOf(page->leaf.LowerBound(*from, &found));
      }
      if (here >= rows) return std::nullopt;
      rows -= here;
    } else if (!page->known_empty()) {
      LoadRequest request = Request(LoadMode::kBackward, page);
      if (from && (!upper || *from < *upper)) request.to = std::string(*from);
      request.max_bytes = ScanBytes(rows);
      return request;
    }
  }
  return std::nullopt;
}

std::optional<LoadRequest> PageTree::CheckAll() const {
  if (resident_pages_ == page_count_) return std::nullopt;
  for (const Page* page = First(); page != nullptr; page = Next(page)) {
    if (!Missing(page)) continue;
    LoadRequest request = Request(LoadMode::kForward, page);
    request.max_bytes = kWholeBytes;
    return request;
  }
  return std::nullopt;
}

Status PageTree::LoadNow(LoadRequest request) {
  ++env_->sync_loads;
  Result<LoadedRun> run = env_->source->LoadRun(request);
  if (!run.has_value()) return std::move(run.error());
  Result<Collection::Installed> installed = Install(*run, /*tidy=*/false);
  if (!installed.has_value()) return std::move(installed.error());
  // Nothing can have changed in between.
  ENSURE(*installed == Collection::Installed::kAll);
  return Status::Ok();
}

Result<Page*> PageTree::Resident(std::string_view subkey) {
  for (;;) {
    Page* page = PageOf(subkey);
    if (page->resident()) {
      page->leaf.Prefetch(page->charge_bytes - kPageBytes);
      page->Touch();
      return page;
    }
    if (page->known_empty()) {
      SetLeaf(page, Leaf::Empty());
      return page;
    }
    LSM_RETURN_IF_ERROR(LoadNow(*Check(subkey, Collection::Want::kRow)));
  }
}

Result<uint64_t> PageTree::Rank(std::string_view subkey) {
  for (;;) {
    const Path path = Descend(subkey);
    Sums left;
    for (size_t i = 0; i < path.depth; ++i) {
      const auto& [node, index] = path.steps[i];
      for (size_t j = 0; j < index; ++j) {
        left.rows += node->rows[j];
        left.unknown += node->unknown[j];
      }
    }
    Page* page = path.page;
    std::optional<uint64_t> before = left.rows;
    if (left.unknown > 0) before = RowsBefore(page);
    if (!Missing(page) && before) {
      if (!page->resident()) return *before;
      page->Touch();
      bool found = false;
      return *before + page->leaf.OrdinalOf(page->leaf.LowerBound(subkey, &found));
    }
    LSM_RETURN_IF_ERROR(LoadNow(*Check(subkey, Collection::Want::kRank)));
  }
}

Result<Page*> PageTree::ResidentAfter(Page* page) {
  for (;;) {
    Page* next = page == nullptr ? First() : Next(page);
    if (next == nullptr) return next;
    if (Missing(next)) {
      LoadRequest request = Request(LoadMode::kForward, next);
      request.max_bytes = kScanBytes;
      LSM_RETURN_IF_ERROR(LoadNow(std::move(request)));
      continue;
    }
    if (next->row_count() > 0) {
      next->Touch();
      return next;
    }
    page = next;
  }
}

Result<Page*> PageTree::ResidentBefore(Page* page) {
  for (;;) {
    Page* previous = page == nullptr ? Last() : Prev(page);
    if (previous == nullptr) return previous;
    if (Missing(previous)) {
      LoadRequest request = Request(LoadMode::kBackward, previous);
      request.max_bytes = kScanBytes;
      LSM_RETURN_IF_ERROR(LoadNow(std::move(request)));
      continue;
    }
    if (previous->row_count() > 0) {
      previous->Touch();
      return previous;
    }
    page = previous;
  }
}

}  // namespace lsm
