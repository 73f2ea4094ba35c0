// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"
#include "datatypes/result.h"
#include "datatypes/sorted_set.h"

namespace datatypes {

// Ranges of sorted sets as clients write them: by index, by score ("(1", "-inf"), by name ("[a",
// "+").
struct ZRange {
  enum class By : uint8_t { kIndex, kScore, kLex };
  By by = By::kIndex;
  int64_t start = 0;  // kIndex; negative from the end.
  int64_t stop = 0;
  SortedSet::ScoreBound min_score;
  SortedSet::ScoreBound max_score;
  SortedSet::LexBound min_lex;
  SortedSet::LexBound max_lex;
};
Result<ZRange> ParseZRange(ZRange::By by, std::string_view min, std::string_view max);

// A range, the way through it, and what of it to pass over or leave out.
struct ZRangeQuery {
  ZRange range;
  SortedSet::Direction direction = SortedSet::Direction::kForward;
  int64_t offset = 0;
  int64_t limit = -1;  // Negative: no limit.
  bool with_scores = false;
};

// The arguments of ZRANGE and its kin from `first` on: two bounds and options. What a command's
// name settles is fixed and no option.
struct ZRangeForm {
  size_t first = 2;
  bool may_choose = true;  // BYSCORE, BYLEX and REV are options.
  ZRange::By by = ZRange::By::kIndex;
  SortedSet::Direction direction = SortedSet::Direction::kForward;
  bool stores = false;  // Then there is no WITHSCORES.
};
Result<ZRangeQuery> ParseZRangeQuery(Args args, const ZRangeForm& form);

// Ranks [from, to).
struct Ranks {
  uint64_t from = 0;
  uint64_t to = 0;
  uint64_t size() const { return to - from; }
};
// The members in `range`.
Result<Ranks> RanksOf(const SortedSet& set, const ZRange& range);

// The places between the bounds of a range by score or name.
Result<SortedSet::Range> PlacesOf(const SortedSet& set, const ZRange& range);
// The members that a query is about, less those that it passes over or leaves out.
Result<Ranks> RanksOf(const SortedSet& set, const ZRangeQuery& query);

// What a query finds. It looks first (ranges by score or name are walked, not ranked, as long as
// they are short: on a cold set ranks cost more), then tells how many members there are, and then
// gives them out.
class ZRangeResult {
 public:
  // Members of a range that are gathered before it is taken to be long.
  static constexpr uint64_t kShortRange = 4096;

  static Result<ZRangeResult> Of(const SortedSet& set, const ZRangeQuery& query);
  // The same if it can be told without ranks; else nothing.
  static Result<std::optional<ZRangeResult>> OfShort(const SortedSet& set,
                                                     const ZRangeQuery& query);

  uint64_t size() const { return in_place_ ? ranks_.size() : found_.size(); }
  Result<void> Visit(SortedSet::Visitor visit) const;

 private:
  ZRangeResult(const SortedSet& set, SortedSet::Direction direction)
      : set_(&set), direction_(direction) {}

  const SortedSet* set_;
  SortedSet::Direction direction_;
  bool in_place_ = false;
  Ranks ranks_;                            // If in_place_,
  std::vector<SortedSet::Element> found_;  // else these.
};

}  // namespace datatypes
