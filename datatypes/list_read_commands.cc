// SPDX-License-Identifier: BSD-3-Clause
// Reading lists: LINDEX, LRANGE, LPOS.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/gathered_bulks.h"
#include "datatypes/list_access.h"
#include "datatypes/list_families.h"
#include "datatypes/list_range.h"
#include "datatypes/row_loads.h"

namespace datatypes {
namespace {

// Ranges up to this many elements are answered at once.
constexpr uint64_t kMaxAtOnce = 8192;
// A list that is searched is loaded before, unless it is larger.
constexpr uint64_t kMaxLoadedWhole = 65536;

// LINDEX key index
Result<void> LIndex(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) {
    ctx.reply.Null();
    return {};
  }
  ASSIGN_OR_RETURN(const int64_t signed_index, ParseInteger(ctx.args[2]));
  const std::optional<uint64_t> index = IndexFromHead(signed_index, list.size());
  if (!index) {
    ctx.reply.Null();
    return {};
  }
  if (!list.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) list.PrefetchRange(*index, 1, loads.waiter());
    if (loads.Suspend()) return {};
  }
  const lsm::CollectionCursor row = list.At(*index);
  if (!row.valid()) return Failure(Error(row.status()));
  ctx.reply.Bulk(row.value());
  return {};
}

// A long range, gathered a part at a time while others run. The reply is what the list was at one
// moment: if somebody changes it meanwhile, all begins anew, and after some such disappointments is
// done at one go.
class RangeWalk final : public Suspension {
 public:
  RangeWalk(int64_t start, int64_t stop) : start_(start), stop_(stop) {}

  Result<bool> Resume(CommandContext& ctx) override {
    for (int step = 0; step < kStepsAtOnce || LastTry(); ++step) {
      ASSIGN_OR_RETURN(const List list, OpenList(ctx, ctx.args[1]));
      if (!Unchanged(list) && !Begin(ctx, list)) break;
      const uint64_t rows = std::min(kStepRows, range_.count - gathered_.count());
      if (rows > 0) {
        // Once for each step: what was evicted again meanwhile is loaded on the spot.
        if (!LastTry() && !std::exchange(waited_, false) && !Prefetch(list, rows)) {
          waited_ = true;
          return false;
        }
        RETURN_IF_ERROR(Gather(list, rows));
      }
      if (gathered_.count() == range_.count) {
        gathered_.WriteArray(ctx.reply);
        return true;
      }
    }
    ctx.yield = true;
    return false;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr uint64_t kStepRows = 1024;
  static constexpr int kStepsAtOnce = 8;
  static constexpr int kMaxTries = 3;

  bool LastTry() const { return tries_ >= kMaxTries; }

  // Whether the list is still what it was when the walk began.
  bool Unchanged(const List& list) const {
    if (!begun_ || !list.exists()) return false;
    const lsm::Collection& rows = list.entry()->collection();
    return rows.id() == collection_ && rows.changed_seq() == changed_seq_;
  }

  // False: not in this turn, since a later change in it would not be noticed.
  bool Begin(CommandContext& ctx, const List& list) {
    ++tries_;
    gathered_.Clear();
    next_.clear();
    range_ = RangeFromHead(start_, stop_, list.size());
    begun_ = list.exists();
    if (!begun_) return true;
    const lsm::Collection& rows = list.entry()->collection();
    collection_ = rows.id();
    changed_seq_ = rows.changed_seq();
    begun_ = LastTry() || changed_seq_ <= ctx.keyspace.store().committed_seq();
    return begun_;
  }

  bool Prefetch(const List& list, uint64_t rows) {
    if (list.fully_resident()) return true;
    if (next_.empty()) return list.PrefetchRange(range_.from, rows, *this);
    return list.PrefetchFrom(next_, rows, *this);
  }

  Result<void> Gather(const List& list, uint64_t rows) {
    lsm::CollectionCursor row = next_.empty() ? list.At(range_.from) : list.Seek(next_);
    for (; rows > 0; --rows, row.Next()) {
      if (!row.valid()) return Failure(Error(row.status()));
      gathered_.Add(row.value());
    }
    if (row.valid()) next_ = row.subkey();
    return {};
  }

  const int64_t start_;
  const int64_t stop_;
  int tries_ = 0;
  bool begun_ = false;
  bool waited_ = false;
  lsm::CollectionId collection_ = 0;
  uint64_t changed_seq_ = 0;
  IndexRange range_;
  std::string next_;  // The label to go on with.
  GatheredBulks gathered_;
};

// LRANGE key start stop
Result<void> LRange(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t start, ParseInteger(ctx.args[2]));
  ASSIGN_OR_RETURN(const int64_t stop, ParseInteger(ctx.args[3]));
  ASSIGN_OR_RETURN(const List list, OpenList(ctx, ctx.args[1]));
  IndexRange range = RangeFromHead(start, stop, list.size());
  if (range.count == 0) {
    ctx.reply.Array(0);
    return {};
  }
  if (ctx.may_suspend && range.count > kMaxAtOnce) {
    ctx.Suspend(std::make_unique<RangeWalk>(start, stop));
    ctx.yield = true;
    return {};
  }
  if (!list.fully_resident()) {
    RowLoads loads(ctx);
    if (loads.wanted()) list.PrefetchRange(range.from, range.count, loads.waiter());
    if (loads.Suspend()) return {};
  }
  ctx.reply.Array(range.count);
  lsm::CollectionCursor row = list.At(range.from);
  for (; range.count > 0; --range.count, row.Next()) {
    if (!row.valid()) return Failure(Error(row.status()));
    ctx.reply.Bulk(row.value());
  }
  return {};
}

struct Search {
  int64_t rank = 1;  // Negative: from the tail.
  std::optional<uint64_t> count;
  uint64_t max_steps = 0;  // 0: to the end.
};

Result<Search> ParseSearch(Args args) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  Search search;
  for (OptionReader options(args, 3); !options.done();) {
    if (options.Take("RANK", 1)) {
      ASSIGN_OR_RETURN(search.rank, ParseIntegerIn(options.operand(), -kMax, kMax));
      if (search.rank == 0) return Fail(kLposRankIsZero);
    } else if (options.Take("COUNT", 1)) {
      ASSIGN_OR_RETURN(search.count, ParseIntegerFrom(options.operand(), 0, kLposCountNegative,
                                                      kLposCountNegative));
    } else if (options.Take("MAXLEN", 1)) {
      ASSIGN_OR_RETURN(
          const int64_t max_steps,
          ParseIntegerFrom(options.operand(), 0, kLposMaxLenNegative, kLposMaxLenNegative));
      search.max_steps = static_cast<uint64_t>(max_steps);
    } else {
      return Fail(kSyntaxError);
    }
  }
  return search;
}

// LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
Result<void> LPos(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Search search, ParseSearch(ctx.args));
  ASSIGN_OR_RETURN(const List list, OpenList(ctx, ctx.args[1]));
  if (!list.exists()) {
    search.count ? ctx.reply.Array(0) : ctx.reply.Null();
    return {};
  }
  RowLoads loads(ctx);
  if (loads.wanted() && !list.fully_resident()) list.PrefetchAll(kMaxLoadedWhole, loads.waiter());
  if (loads.Suspend()) return {};
  const List::End from = search.rank < 0 ? List::End::kTail : List::End::kHead;
  auto skip = static_cast<uint64_t>(search.rank < 0 ? -search.rank : search.rank) - 1;
  const uint64_t size = list.size();
  const uint64_t steps = search.max_steps == 0 ? size : std::min(search.max_steps, size);
  const uint64_t wanted = search.count.value_or(1) == 0 ? size : search.count.value_or(1);
  std::optional<resp::Writer::Deferred> array;
  if (search.count) array = ctx.reply.Defer();
  uint64_t found = 0;
  lsm::CollectionCursor row = list.AtEnd(from);
  for (uint64_t step = 0; step < steps && found < wanted; ++step) {
    if (!row.valid()) return Failure(Error(row.status()));
    if (row.value() == ctx.args[2] && (skip == 0 || skip-- == 0)) {
      ctx.reply.Integer(static_cast<int64_t>(from == List::End::kHead ? step : size - 1 - step));
      ++found;
    }
    from == List::End::kHead ? row.Next() : row.Prev();
  }
  if (array) {
    ctx.reply.SetArrayLength(*array, found);
  } else if (found == 0) {
    ctx.reply.Null();
  }
  return {};
}

constexpr CommandSpec kListReadCommands[] = {
    {.name = "lindex",
     .handler = LIndex,
     .arity = 3,
     .flags = kReadonly,
     .acl = kAclList,
     .keys = OneKey(1, kRO | kAccess),
     .group = "list",
     .since = "1.0.0",
     .summary = "Returns the element at an index.",
     .complexity = "O(log(N)) where N is the length of the list.",
     .syntax = "key index"},
    {.name = "lrange",
     .handler = LRange,
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclList,
     .keys = OneKey(1, kRO | kAccess),
     .group = "list",
     .since = "1.0.0",
     .summary = "Returns the elements of a range of indexes.",
     .complexity = "O(log(N)+M) where N is the length of the list and M the number of elements "
                   "returned.",
     .syntax = "key start stop"},
    {.name = "lpos",
     .handler = LPos,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclList,
     .keys = OneKey(1, kRO | kAccess),
     .group = "list",
     .since = "6.0.6",
     .summary = "Returns the indexes of elements that equal a value.",
     .complexity = "O(N) where N is the number of elements that are looked at.",
     .syntax = "key element [RANK rank] [COUNT num-matches] [MAXLEN len]"},
};

}  // namespace

std::span<const CommandSpec> ListReadCommands() {
  return kListReadCommands;
}

}  // namespace datatypes
