// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/entry.h"
#include "lsm/store.h"

namespace datatypes {

// The typed view of a sorted set. It knows nothing of RESP or of commands.
//
// Every member is a row by its score; that order is the set's. A small set has no other rows, and
// looks for a member by looking at all of them: they are one leaf or a few, and cost less RAM than
// Redis' listpack. One that has grown is *indexed*: a second row by name has the score. It stays
// so. FORMAT.md has the bytes.
//
// A sorted set is never empty: the key goes with its last member. A view borrows the entry and is
// good until something else changes the key, or the end of the command. A mutator that fails (a
// page could not be loaded) has changed nothing. Loop thread only.
class SortedSet {
 public:
  // What a set without index holds at most.
  static constexpr uint64_t kMaxSmallMembers = 128;
  static constexpr size_t kMaxSmallMemberBytes = 64;

  // Bits of the meta's type flags. On disk: appended, never reused.
  enum TypeFlags : uint8_t {
    kIndexed = 1U << 0,
    // Was once so large that Redis would have made it a skiplist, which it then stays.
    kSkipList = 1U << 1,
  };

  struct Element {
    std::string_view member;
    double score = 0;
  };
  enum class Direction : uint8_t { kForward, kBackward };

  // Members between two places of the order, which are subkeys: [begin, end).
  struct Range {
    std::string begin;
    std::string end;
    bool empty() const { return begin >= end; }
  };
  // One end of a range of scores.
  struct ScoreBound {
    double score = 0;
    bool exclusive = false;
  };
  // One end of a range of members that all have the same score.
  struct LexBound {
    enum class Kind : uint8_t { kLowest, kInclusive, kExclusive, kHighest };
    Kind kind = Kind::kInclusive;
    std::string member = {};
  };

  // The set at `key`, which may be absent: then it has no members. WRONGTYPE if it is another type.
  // `key` and `settings` must live as long as the view.
  static Result<SortedSet> Open(Keyspace keyspace, std::string_view key, const Settings& settings);
  // The same for an entry that was looked up already; nullptr: absent. Requires it to be a sorted
  // set.
  static SortedSet Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                      const Settings& settings) {
    return {keyspace, key, entry, settings};
  }
  // Makes `key` the sorted set of `elements`, which are in order, different and at least one;
  // replaces whatever was there, out of which no member may be borrowed.
  static Result<SortedSet> Replace(Keyspace keyspace, std::string_view key,
                                   const std::vector<Element>& elements, const Settings& settings);
  // The order: by score, then by the members' bytes.
  static bool Less(const Element& a, const Element& b) {
    return a.score != b.score ? a.score < b.score : a.member < b.member;
  }

  bool exists() const { return entry_ != nullptr; }
  lsm::Entry* entry() const { return entry_; }
  uint64_t size() const;
  bool indexed() const { return entry_ != nullptr && (entry_->type_flags() & kIndexed) != 0; }
  bool is_skip_list() const { return entry_ != nullptr && (entry_->type_flags() & kSkipList) != 0; }
  // For NextStep(): how many members were erased since it is indexed, modulo 2^32.
  uint32_t erased() const;

  // --- Residency.

  // Joins `waiter` to the load of all of it, if it has no more rows than that. True: nothing is
  // missing, or it is larger.
  bool PrefetchAll(uint64_t max_rows, lsm::LoadWaiter& waiter) const;
  // The same for what Score() of that member looks at in an indexed set.
  bool PrefetchMember(std::string_view member, lsm::LoadWaiter& waiter) const;
  // The same for the first `members` of a range.
  bool PrefetchRange(const Range& range, uint64_t members, lsm::LoadWaiter& waiter) const;

  // --- Reading. Views of members are good until the next change of this set.

  Result<std::optional<double>> Score(std::string_view member) const;
  // How many members stand before this one, and its score.
  struct Place {
    uint64_t rank = 0;
    double score = 0;
  };
  Result<std::optional<Place>> Find(std::string_view member) const;

  Range ScoreRange(const ScoreBound& min, const ScoreBound& max) const;
  // The first member's score is taken for that of all.
  Result<Range> LexRange(const LexBound& min, const LexBound& max) const;
  Result<uint64_t> Count(const Range& range) const;
  // How many members stand before a range.
  Result<uint64_t> CountBefore(const Range& range) const;

  // Visits members until `visit` answers false: of ranks [from, to), in either direction.
  using Visitor = absl::FunctionRef<bool(const Element&)>;
  Result<void> Visit(uint64_t from, uint64_t to, Direction direction, Visitor visit) const;
  Result<void> Visit(const Range& range, Direction direction, Visitor visit) const;
  // In the order of the members' names if the set is indexed; ranks in that order.
  Result<void> VisitByName(uint64_t from, uint64_t to, Visitor visit) const;

  // --- Changing. `member` must not point into this set.

  // Loads what Set() or Erase() of that member will look at.
  Result<void> Load(std::string_view member) const { return OnlyError(Score(member)); }
  // Gives a member its score, `old` being what Score() has just said. Creates the key if it is
  // absent.
  Result<void> Set(std::string_view member, double score, const std::optional<double>& old);
  // Whether there was such a member. The key goes with the last one.
  Result<bool> Erase(std::string_view member);
  // Erases the members of the ranks [from, to); returns how many.
  Result<uint64_t> EraseRanks(uint64_t from, uint64_t to);

  // Whether Redis makes a skiplist of that many members, the longest of that size.
  static bool WouldBeSkipList(const Settings& settings, uint64_t members, size_t member_bytes);
  // As OBJECT ENCODING has it: "listpack" or "skiplist".
  static std::string_view Encoding(const lsm::Entry& entry);

 private:
  SortedSet(Keyspace keyspace, std::string_view key, lsm::Entry* entry, const Settings& settings)
      : keyspace_(keyspace), key_(key), entry_(entry), settings_(&settings) {}

  template <typename T>
  static Result<void> OnlyError(Result<T> result) {
    if (!result) return tl::unexpected(std::move(result.error()));
    return {};
  }
  lsm::Store& store() const { return keyspace_.store(); }
  lsm::Collection& rows() const { return entry_->collection(); }
  // What all rows by score begin with, and what is above all of them.
  std::string_view score_tag() const;
  std::string_view scores_end() const;
  Result<Element> Decode(const lsm::CollectionCursor& row) const;
  Result<void> Walk(lsm::CollectionCursor row, uint64_t most, std::string_view stop,
                    Direction direction, Visitor visit) const;
  void Create();
  void NoteSize(uint64_t members, size_t member_bytes);
  Result<void> MakeIndexed();
  Result<void> EraseRows(std::string_view member, double score);
  void AfterErase(uint64_t members);

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  const Settings* settings_;
};

}  // namespace datatypes
