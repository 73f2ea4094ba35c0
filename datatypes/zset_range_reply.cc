// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/zset_range_reply.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "datatypes/range_stream.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_format.h"
#include "lsm/collection_cursor.h"

namespace datatypes {
namespace {

Result<void> ReplyAtOnce(CommandContext& ctx, const ZRangeQuery& query,
                         const ZRangeResult& result) {
  ElementsReply reply(ctx.reply, query.with_scores);
  reply.Begin(result.size());
  return result.Visit([&reply](const SortedSet::Element& element) {
    reply.Add(element);
    return true;
  });
}

using Direction = SortedSet::Direction;

bool HasRows(const SortedSet& set) {
  return set.exists() && set.entry()->has_collection();
}

// Certainly all in RAM.
bool FullyResident(const SortedSet& set) {
  if (!HasRows(set)) return true;
  const lsm::Collection& rows = set.entry()->collection();
  return rows.small() || rows.resident_pages() == rows.pages();
}

// Each joins `waiter` to the loads of what is named; true: nothing is missing. The first members of
// a range, in that direction:
bool PrefetchRange(lsm::Store& store, const SortedSet& set, const SortedSet::Range& range,
                   uint64_t members, Direction direction, lsm::LoadWaiter& waiter) {
  if (!HasRows(set) || range.empty()) return true;
  const auto way = direction == Direction::kForward ? lsm::Collection::Direction::kForward
                                                    : lsm::Collection::Direction::kBackward;
  return lsm::PrefetchWalk(store, *set.entry(), {range.begin, range.end, way}, members, waiter);
}

// The members of the ranks [from, to):
bool PrefetchRanks(lsm::Store& store, const SortedSet& set, const Ranks& ranks, Direction direction,
                   lsm::LoadWaiter& waiter) {
  const uint64_t to = std::min(ranks.to, set.size());
  if (ranks.from >= to) return true;
  const uint64_t first = direction == Direction::kForward ? ranks.from : to - 1;
  if (!store.PrefetchAt(*set.entry(), first, waiter)) return false;
  const lsm::CollectionCursor row = set.entry()->collection().At(first);
  if (!row.valid()) return true;  // The access itself will meet the error.
  lsm::RowWalk walk;
  if (direction == Direction::kForward) {
    walk.from = row.subkey();
  } else {
    walk.to = std::string(row.subkey()).append(1, '\0');
    walk.direction = lsm::Collection::Direction::kBackward;
  }
  return lsm::PrefetchWalk(store, *set.entry(), walk, to - ranks.from, waiter);
}

// What Count() and CountBefore() need:
bool PrefetchCount(lsm::Store& store, const SortedSet& set, const SortedSet::Range& range,
                   lsm::LoadWaiter& waiter) {
  if (!HasRows(set) || range.empty()) return true;
  const bool begin = lsm::PrefetchRank(store, *set.entry(), range.begin, waiter);
  const bool end = lsm::PrefetchRank(store, *set.entry(), range.end, waiter);
  return begin && end;
}

// The member of a row by score, of a set that is indexed or not.
Result<SortedSet::Element> ElementOf(std::string_view subkey, bool indexed) {
  if (indexed) subkey.remove_prefix(std::min<size_t>(subkey.size(), 1));  // The rows' tag.
  const std::optional<DecodedScore> decoded = DecodeScore(subkey);
  if (!decoded) {
    return tl::unexpected(Error(lsm::Status::Corruption("a row of a sorted set has no score")));
  }
  return SortedSet::Element{subkey.substr(decoded->bytes), decoded->score};
}

// A range that is long, or of which it is not known since it is not in RAM. What is short after all
// is loaded off the loop and answered at once.
class ZRangeStream final : public RangeStream {
 public:
  explicit ZRangeStream(ZRangeQuery query) : query_(std::move(query)) {}

 protected:
  Result<Planned> Plan(CommandContext& ctx, bool may_wait, Range& range) override {
    ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
    lsm::Store& store = ctx.keyspace.store();
    if (query_.range.by != ZRange::By::kIndex) {
      ASSIGN_OR_RETURN(const std::optional<Planned> planned, PlanByPlaces(ctx, set, may_wait));
      if (planned) return *planned;
    }
    ASSIGN_OR_RETURN(const Ranks ranks, RanksOf(set, query_));
    const bool forward = query_.direction == SortedSet::Direction::kForward;
    if (ranks.size() <= kMaxRowsAtOnce) {
      if (may_wait && !PrefetchRanks(store, set, ranks, query_.direction, *this)) {
        return Planned::kWaits;
      }
      ASSIGN_OR_RETURN(const ZRangeResult result, ZRangeResult::Of(set, query_));
      RETURN_IF_ERROR(ReplyAtOnce(ctx, query_, result));
      return Planned::kAnswered;
    }
    const uint64_t first = forward ? ranks.from : ranks.to - 1;
    if (may_wait && !PrefetchRanks(store, set, {first, first + 1}, query_.direction, *this)) {
      return Planned::kWaits;
    }
    const lsm::CollectionCursor row = set.entry()->collection().At(first);
    if (!row.valid()) return tl::unexpected(Error(row.status()));
    std::string subkey(row.subkey());
    if (forward) {
      range.walk.from = std::move(subkey);
    } else {
      range.walk.to = std::move(subkey.append(1, '\0'));
      range.walk.direction = lsm::Collection::Direction::kBackward;
    }
    range.entry = set.entry();
    range.rows = ranks.size();
    indexed_ = set.indexed();
    return Planned::kStream;
  }

  void WriteHeader(resp::Writer& reply, uint64_t rows) override {
    ElementsReply(reply, query_.with_scores).Begin(rows);
  }
  Result<bool> WriteRow(resp::Writer& reply, std::string_view subkey, std::string_view) override {
    ASSIGN_OR_RETURN(const SortedSet::Element element, ElementOf(subkey, indexed_));
    ElementsReply(reply, query_.with_scores).Add(element);
    return true;
  }

 private:
  // A range by score or name: answers it if it is short. Nothing: its ranks can be told now.
  Result<std::optional<Planned>> PlanByPlaces(CommandContext& ctx, const SortedSet& set,
                                              bool may_wait) {
    lsm::Store& store = ctx.keyspace.store();
    // The first member's score is a part of a range by name.
    if (may_wait && !PrefetchRanks(store, set, {0, 1}, Direction::kForward, *this)) {
      return std::optional(Planned::kWaits);
    }
    ASSIGN_OR_RETURN(const SortedSet::Range places, PlacesOf(set, query_.range));
    if (may_wait && !PrefetchRange(store, set, places, MostLooked(), query_.direction, *this)) {
      return std::optional(Planned::kWaits);
    }
    ASSIGN_OR_RETURN(const std::optional<ZRangeResult> found, ZRangeResult::OfShort(set, query_));
    if (found) {
      RETURN_IF_ERROR(ReplyAtOnce(ctx, query_, *found));
      return std::optional(Planned::kAnswered);
    }
    if (may_wait && !PrefetchCount(store, set, places, *this))
      return std::optional(Planned::kWaits);
    return std::optional<Planned>();
  }

  // Members that are looked at before a range is taken to be long.
  uint64_t MostLooked() const {
    const auto skip = static_cast<uint64_t>(std::max<int64_t>(query_.offset, 0));
    if (skip >= ZRangeResult::kShortRange) return 1;
    const uint64_t most = query_.limit < 0 ? ZRangeResult::kShortRange
                                           : std::min<uint64_t>(static_cast<uint64_t>(query_.limit),
                                                                ZRangeResult::kShortRange);
    return skip + most + 1;
  }

  const ZRangeQuery query_;
  bool indexed_ = false;
};

}  // namespace

Result<void> ReplyZRange(CommandContext& ctx, const ZRangeForm& form) {
  ASSIGN_OR_RETURN(ZRangeQuery query, ParseZRangeQuery(ctx.args, form));
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  if (ctx.may_suspend && !FullyResident(set)) {
    return ReplyByStream(ctx, std::make_unique<ZRangeStream>(std::move(query)));
  }
  ASSIGN_OR_RETURN(const ZRangeResult result, ZRangeResult::Of(set, query));
  if (ctx.may_suspend && result.size() > kMaxRowsAtOnce) {
    return ReplyByStream(ctx, std::make_unique<ZRangeStream>(std::move(query)));
  }
  return ReplyAtOnce(ctx, query, result);
}

}  // namespace datatypes
