// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/zset_range.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"

namespace datatypes {
namespace {

// As strtod(3) reads it, all of the text: nothing is 0.
Result<SortedSet::ScoreBound> ParseScoreBound(std::string_view text) {
  const std::string copy(text);
  SortedSet::ScoreBound bound;
  bound.exclusive = copy[0] == '(';
  char* end = nullptr;
  bound.score = std::strtod(copy.c_str() + (bound.exclusive ? 1 : 0), &end);
  if (*end != '\0' || std::isnan(bound.score)) return Fail(kBoundNotAFloat);
  return bound;
}

Result<SortedSet::LexBound> ParseLexBound(std::string_view text) {
  using Kind = SortedSet::LexBound::Kind;
  const char first = text.empty() ? '\0' : text[0];
  switch (first) {
    case '-':
    case '+':
      // As C sees it: what follows a zero byte does not count.
      if (text.size() > 1 && text[1] != '\0') return Fail(kBoundNotAString);
      return SortedSet::LexBound{first == '-' ? Kind::kLowest : Kind::kHighest};
    case '(':
    case '[':
      return SortedSet::LexBound{first == '(' ? Kind::kExclusive : Kind::kInclusive,
                                 std::string(text.substr(1))};
    default:
      return Fail(kBoundNotAString);
  }
}

Ranks IndexRanks(uint64_t size, int64_t start, int64_t stop) {
  const auto count = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + count, 0);
  if (stop < 0) stop += count;
  stop = std::min(stop, count - 1);
  if (start > stop || start >= count) return {};
  return {static_cast<uint64_t>(start), static_cast<uint64_t>(stop) + 1};
}

}  // namespace

Result<ZRange> ParseZRange(ZRange::By by, std::string_view min, std::string_view max) {
  ZRange range;
  range.by = by;
  switch (by) {
    case ZRange::By::kIndex: {
      ASSIGN_OR_RETURN(range.start, ParseInteger(min));
      ASSIGN_OR_RETURN(range.stop, ParseInteger(max));
      break;
    }
    case ZRange::By::kScore: {
      ASSIGN_OR_RETURN(range.min_score, ParseScoreBound(min));
      ASSIGN_OR_RETURN(range.max_score, ParseScoreBound(max));
      break;
    }
    case ZRange::By::kLex: {
      ASSIGN_OR_RETURN(range.min_lex, ParseLexBound(min));
      ASSIGN_OR_RETURN(range.max_lex, ParseLexBound(max));
      break;
    }
  }
  return range;
}

Result<ZRangeQuery> ParseZRangeQuery(Args args, const ZRangeForm& form) {
  ZRangeQuery query;
  query.direction = form.direction;
  ZRange::By by = form.by;
  for (OptionReader options(args, form.first + 2); !options.done();) {
    const bool may_choose_by = form.may_choose && by == ZRange::By::kIndex;
    if (!form.stores && options.Take("WITHSCORES")) {
      query.with_scores = true;
    } else if (options.Take("LIMIT", 2)) {
      ASSIGN_OR_RETURN(query.offset, ParseInteger(options.operand(0)));
      ASSIGN_OR_RETURN(query.limit, ParseInteger(options.operand(1)));
    } else if (form.may_choose && query.direction == SortedSet::Direction::kForward &&
               options.Take("REV")) {
      query.direction = SortedSet::Direction::kBackward;
    } else if (may_choose_by && options.Take("BYLEX")) {
      by = ZRange::By::kLex;
    } else if (may_choose_by && options.Take("BYSCORE")) {
      by = ZRange::By::kScore;
    } else {
      return Fail(kSyntaxError);
    }
  }
  if (query.limit != -1 && by == ZRange::By::kIndex) return Fail(kLimitNeedsByScoreOrLex);
  if (query.with_scores && by == ZRange::By::kLex) return Fail(kWithScoresByLex);
  std::string_view min = args[form.first];
  std::string_view max = args[form.first + 1];
  // Who walks backward by score or name begins with the upper bound.
  if (by != ZRange::By::kIndex && query.direction == SortedSet::Direction::kBackward) {
    std::swap(min, max);
  }
  ASSIGN_OR_RETURN(query.range, ParseZRange(by, min, max));
  return query;
}

Result<SortedSet::Range> PlacesOf(const SortedSet& set, const ZRange& range) {
  if (range.by == ZRange::By::kScore) return set.ScoreRange(range.min_score, range.max_score);
  return set.LexRange(range.min_lex, range.max_lex);
}

Result<Ranks> RanksOf(const SortedSet& set, const ZRange& range) {
  if (range.by == ZRange::By::kIndex) return IndexRanks(set.size(), range.start, range.stop);
  ASSIGN_OR_RETURN(const SortedSet::Range places, PlacesOf(set, range));
  ASSIGN_OR_RETURN(const uint64_t count, set.Count(places));
  if (count == 0) return Ranks();
  ASSIGN_OR_RETURN(const uint64_t from, set.CountBefore(places));
  return Ranks{from, from + count};
}

Result<Ranks> RanksOf(const SortedSet& set, const ZRangeQuery& query) {
  const bool forward = query.direction == SortedSet::Direction::kForward;
  ASSIGN_OR_RETURN(Ranks ranks, RanksOf(set, query.range));
  if (query.range.by == ZRange::By::kIndex) {
    if (forward || ranks.size() == 0) return ranks;
    const uint64_t size = set.size();  // Indexes count from where the walk begins.
    return Ranks{size - ranks.to, size - ranks.from};
  }
  if (query.offset < 0) return Ranks();
  const auto skip = static_cast<uint64_t>(query.offset);
  const uint64_t most = query.limit < 0 ? set.size() : static_cast<uint64_t>(query.limit);
  if (forward) {
    ranks.from += std::min(skip, ranks.size());
    ranks.to = ranks.from + std::min(most, ranks.size());
  } else {
    ranks.to -= std::min(skip, ranks.size());
    ranks.from = ranks.to - std::min(most, ranks.size());
  }
  return ranks;
}

Result<std::optional<ZRangeResult>> ZRangeResult::OfShort(const SortedSet& set,
                                                          const ZRangeQuery& query) {
  ZRangeResult result(set, query.direction);
  if (query.range.by == ZRange::By::kIndex) {
    result.in_place_ = true;
    ASSIGN_OR_RETURN(result.ranks_, RanksOf(set, query));
    return std::optional(std::move(result));
  }
  if (query.offset < 0 || query.limit == 0 || set.size() == 0) {
    return std::optional(std::move(result));
  }
  const auto skip = static_cast<uint64_t>(query.offset);
  const uint64_t most = query.limit < 0 ? set.size() : static_cast<uint64_t>(query.limit);
  if (skip >= kShortRange) return std::optional<ZRangeResult>();
  ASSIGN_OR_RETURN(const SortedSet::Range places, PlacesOf(set, query.range));
  uint64_t seen = 0;
  bool is_short = true;
  RETURN_IF_ERROR(set.Visit(places, query.direction, [&](const SortedSet::Element& element) {
    if (seen++ < skip) return true;
    if (result.found_.size() == kShortRange) {
      is_short = false;
      return false;
    }
    result.found_.push_back(element);
    return result.found_.size() < most;
  }));
  if (!is_short) return std::optional<ZRangeResult>();
  return std::optional(std::move(result));
}

Result<ZRangeResult> ZRangeResult::Of(const SortedSet& set, const ZRangeQuery& query) {
  ASSIGN_OR_RETURN(std::optional<ZRangeResult> found, OfShort(set, query));
  if (found) return *std::move(found);
  ZRangeResult result(set, query.direction);
  result.in_place_ = true;
  ASSIGN_OR_RETURN(result.ranks_, RanksOf(set, query));
  return result;
}

Result<void> ZRangeResult::Visit(SortedSet::Visitor visit) const {
  if (in_place_) return set_->Visit(ranks_.from, ranks_.to, direction_, visit);
  for (const SortedSet::Element& element : found_) {
    if (!visit(element)) break;
  }
  return {};
}

}  // namespace datatypes
