// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/cache_node.h"
#include "lsm/collection.h"
#include "lsm/leaf.h"
#include "lsm/page_source.h"
#include "lsm/status.h"

// The counted B+tree of a large collection's pages. Private to Collection and its cursor.
//
// Pages tile the key space: a page covers the subkeys from its lower bound (kept in its parent; ""
// for the first one) up to the next page's. Inner nodes keep for each child the rows known beneath
// it and the number of pages beneath it whose count is unknown, so a sum is trusted where that
// number is 0. Since the collection's total is known, one single unknown page is never left: its
// count follows from the others' (see DeriveLastUnknown), and a rank can be counted from whichever
// end has no unknown page on the way.
//
// A page that became empty is joined to a *resident* neighbour or stays: its rows may still be on
// disk until their deletion is applied, so it must not become part of a page that is read from
// there.

namespace lsm {

struct Inner;

struct Page : CacheNode {
  static constexpr uint64_t kUnknown = UINT64_MAX;

  bool resident() const { return static_cast<bool>(leaf); }
  bool counted() const { return resident() || rows != kUnknown; }
  uint64_t row_count() const { return resident() ? leaf.rows() : rows; }
  // Nothing to be read: on disk it is known to be empty.
  bool known_empty() const { return !resident() && rows == 0; }

  Inner* parent = nullptr;
  PageTree* tree = nullptr;
  Leaf leaf;                 // Without block: not resident.
  uint64_t changed_seq = 0;  // The last change in its range; see page_source.h.
  uint64_t rows = kUnknown;  // On disk, while not resident.
  int8_t streak = 0;         // Inserts in a row at its end (> 0) or its front (< 0).
};

// As allocated.
inline constexpr size_t kPageBytes = (sizeof(Page) + 15) / 16 * 16;

// To find a child without following the pointers of long strings, the eight bytes of each lower
// bound that follow what all bounds but the first have in common are kept as a number.
struct Inner {
  static constexpr size_t kFanOut = 64;

  struct Child {
    uint64_t head;
    void* pointer;
  };

  size_t size() const { return child.size(); }
  Page* page(size_t i) const { return static_cast<Page*>(child[i].pointer); }
  Inner* inner(size_t i) const { return static_cast<Inner*>(child[i].pointer); }
  size_t IndexOf(const void* which) const;
  // The child whose range holds `subkey`; less than all bounds is taken to be the first one's.
  size_t Find(std::string_view subkey) const;
  uint64_t HeadOf(std::string_view bound) const;
  // After `lower` has changed: all of it, or only what was inserted at `index`.
  void RebuildHeads();
  void SetHead(size_t index);
  size_t AllocatedBytes() const;

  Inner* parent = nullptr;
  bool of_pages = true;  // Whether the children are pages.
  size_t charged = 0;    // Bytes accounted for it in the tree.
  std::string common;    // What lower[1] and all after it begin with.
  std::vector<Child> child;
  std::vector<uint64_t> rows;
  std::vector<uint32_t> unknown;
  std::vector<std::string> lower;
};

class PageTree {
 public:
  // The way from the root to a page.
  struct Path {
    struct Step {
      Inner* node;
      size_t index;
    };
    std::array<Step, 16> steps;
    size_t depth = 0;
    Page* page = nullptr;
  };
  // Where a rank is: a page and how many rows precede it there; or, not `known`, a page to be
  // counted first.
  struct Place {
    Page* page = nullptr;
    uint64_t offset = 0;
    bool known = false;
  };

  // One resident page.
  PageTree(Collection* owner, CollectionEnv* env, Leaf leaf, uint64_t changed_seq);
  // Counted pages only.
  PageTree(Collection* owner, CollectionEnv* env, uint64_t count, std::span<const RangeHint> hints);
  ~PageTree();
  PageTree(const PageTree&) = delete;
  PageTree& operator=(const PageTree&) = delete;

  Collection* owner() const { return owner_; }
  uint64_t total() const { return total_; }
  uint64_t changed_seq() const { return changed_seq_; }
  size_t page_count() const { return page_count_; }
  size_t resident_pages() const { return resident_pages_; }
  uint64_t resident_row_bytes() const { return resident_row_bytes_; }
  size_t page_bytes() const { return page_bytes_; }
  size_t overhead_bytes() const;
  // See Collection::FreeSome.
  bool FreeSome(size_t max_pages);

  // --- Changes, as Collection's (page_tree_edit.cc).
  Result<Collection::PutResult> Put(std::string_view subkey, std::string_view value);
  Result<bool> Erase(std::string_view subkey);
  Result<uint64_t> EraseRange(std::string_view from, std::optional<std::string_view> to);

  // --- Residency (page_tree_check.cc, page_tree_install.cc).
  std::optional<LoadRequest> Check(std::string_view subkey, Collection::Want want) const;
  std::optional<LoadRequest> CheckAt(uint64_t rank) const;
  std::optional<LoadRequest> CheckForward(std::string_view from, uint64_t rows,
                                          std::optional<std::string_view> bound) const;
  std::optional<LoadRequest> CheckBackward(std::optional<std::string_view> from, uint64_t rows,
                                           std::optional<std::string_view> bound) const;
  std::optional<LoadRequest> CheckAll() const;
  // `tidy`: may join small pages, which moves rows of resident ones.
  Result<Collection::Installed> Install(const LoadedRun& run, bool tidy);
  void Evict(Page* page);
  // Has the request executed on the spot and installed; cursors stay good.
  Status LoadNow(LoadRequest request);
  // The page of `subkey`, resident.
  Result<Page*> Resident(std::string_view subkey);
  // The next or previous resident page with rows; none at the end. From none: the first, the last.
  Result<Page*> ResidentAfter(Page* page);
  Result<Page*> ResidentBefore(Page* page);

  Result<uint64_t> Rank(std::string_view subkey);

  // --- Structure.
  Path Descend(std::string_view subkey) const;
  Page* PageOf(std::string_view subkey) const;
  Page* First() const;
  Page* Last() const;
  Page* Next(const Page* page) const;
  Page* Prev(const Page* page) const;
  std::string_view Lower(const Page* page) const;
  std::optional<std::string_view> Upper(const Page* page) const;
  // The rows in pages before `page`, if known.
  std::optional<uint64_t> RowsBefore(const Page* page) const;
  Place LocateRank(uint64_t rank) const;
  // The only page's leaf, to become a small collection again. The tree is of no use afterwards.
  Leaf TakeOnlyLeaf();
  void CheckInvariants() const;

 private:
  struct Sums {
    uint64_t rows = 0;
    uint64_t unknown = 0;
  };
  struct PartPlan;
  struct RunIndex;

  static Sums SumOf(const Inner& node);
  static Sums SumOf(const Page& page);
  Page* NewPage(uint64_t changed_seq);
  void SetLeaf(Page* page, Leaf leaf);
  void DropLeaf(Page* page);
  void RechargeInner(Inner* node);
  // `row_bytes` is what page's leaf had before the edit.
  void AfterEdit(Page* page, uint32_t old_row_bytes);

  void InsertAfter(Page* page, Page* fresh, std::string lower);
  // `fresh` takes page's lower bound; page starts at `lower` from now on.
  void InsertBefore(Page* page, Page* fresh, std::string lower);
  void InsertChild(Inner* node, size_t index, void* child, Sums sums, std::string lower);
  void SplitInner(Inner* node, size_t inserted_at);
  void RemovePage(Page* page);  // The page before it gets its range; not for the first one.
  void RemoveChild(Inner* node, size_t index);
  void JoinInner(Inner* node);
  void LowerChanged(Inner* node);
  void Refresh(const Page* page);
  void RefreshUp(Inner* node);
  void AddRow(const Path& path, bool added);
  void FreeInner(Inner* node);
  Page* SomeUnknownBeneath(void* child, bool of_pages) const;
  Page* UnknownToCount(const Page* page) const;
  void CheckNode(const Inner* node, std::string_view lower, Sums* sums) const;

  uint64_t Touched(Page* page);  // Marks a change in the open batch.
  void InsertRow(Path path, Leaf::Position at, std::string_view subkey, std::string_view value);
  void InsertAlone(Page* page, bool at_end, std::string_view subkey, std::string_view value);
  uint64_t EraseSpan(Page* page, std::string_view from, std::optional<std::string_view> to);
  void Tidy(Page* page);
  bool Join(Page* left, Page* right);
  void Coalesce(Page* left, Page* right);
  void DeriveLastUnknown();

  LoadRequest Request(LoadMode mode, const Page* page) const;
  LoadRequest CountPage(const Page* page) const;
  Result<Collection::Installed> InstallCount(const LoadedRun& run);
  Result<PartPlan> PlanPart(const RunIndex& index, Page* page) const;
  void InstallPart(const RunIndex& index, const PartPlan& plan, bool tidy);

  Collection* owner_;
  CollectionEnv* env_;
  Inner* root_;
  uint64_t total_ = 0;
  uint64_t changed_seq_ = 0;
  size_t page_count_ = 0;
  size_t resident_pages_ = 0;
  uint64_t resident_row_bytes_ = 0;
  size_t page_bytes_ = 0;   // Of resident pages: the sum of their charges.
  size_t inner_bytes_ = 0;  // Of inner nodes.
};

// The shortest string that is greater than `left` and not greater than `right`; left < right.
std::string Separator(std::string_view left, std::string_view right);

}  // namespace lsm
