// SPDX-License-Identifier: BSD-3-Clause
// Reading lists: LINDEX, LRANGE, LPOS.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/list_access.h"
#include "datatypes/list_families.h"
#include "datatypes/list_range.h"
#include "datatypes/range_stream.h"
#include "datatypes/row_loads.h"

namespace datatypes {
namespace {

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

class ListStream final : public RangeStream {
 public:
  ListStream(int64_t start, int64_t stop) : start_(start), stop_(stop) {}

 protected:
  Result<Planned> Plan(CommandContext& ctx, bool may_wait, Range& range) override {
    ASSIGN_OR_RETURN(const List list, OpenList(ctx, ctx.args[1]));
    const IndexRange wanted = RangeFromHead(start_, stop_, list.size());
    if (wanted.count == 0) {
      ctx.reply.Array(0);
      return Planned::kAnswered;
    }
    if (may_wait && !list.PrefetchRange(wanted.from, 1, *this)) return Planned::kWaits;
    const lsm::CollectionCursor first = list.At(wanted.from);
    if (!first.valid()) return tl::unexpected(Error(first.status()));
    range.entry = list.entry();
    range.walk.from = first.subkey();
    range.rows = wanted.count;
    return Planned::kStream;
  }
  void WriteHeader(resp::Writer& reply, uint64_t rows) override { reply.Array(rows); }
  Result<bool> WriteRow(resp::Writer& reply, std::string_view, std::string_view value) override {
    reply.Bulk(value);
    return true;
  }

 private:
  const int64_t start_;
  const int64_t stop_;
};

// Whether a range is to be streamed: for the number of its elements, or for their length.
bool IsLong(const List& list, uint64_t elements) {
  constexpr uint64_t kMaxBytesAtOnce = uint64_t{1} << 20;
  // Of elements that are not in RAM nobody knows how long they are.
  constexpr uint64_t kMaxUnknownAtOnce = 1024;
  if (elements > kMaxRowsAtOnce) return true;
  if (!list.fully_resident()) return elements > kMaxUnknownAtOnce;
  return elements * (list.entry()->collection().bytes() / list.size()) > kMaxBytesAtOnce;
}

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
  if (ctx.may_suspend && range.count > 1 && IsLong(list, range.count)) {
    return ReplyByStream(ctx, std::make_unique<ListStream>(start, stop));
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
