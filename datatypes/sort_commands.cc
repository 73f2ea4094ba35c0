// SPDX-License-Identifier: BSD-3-Clause
// SORT and SORT_RO.
//
// What they read is loaded off the loop, in rounds: the elements, then the keys that BY names for
// them, then those that GET names for the part of them that is told. Only when all is in RAM, or
// after so many rounds that it seems never to be, is the reply made, in one turn: it is what all
// these keys were at one moment.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/list.h"
#include "datatypes/set.h"
#include "datatypes/set_errors.h"
#include "datatypes/set_families.h"
#include "datatypes/sort_pattern.h"
#include "datatypes/sorted_set.h"
#include "datatypes/types.h"

namespace datatypes {
namespace {

struct Request {
  bool descending = false;
  bool alpha = false;
  int64_t limit_start = 0;
  int64_t limit_count = -1;
  std::optional<SortPattern> by;
  bool in_given_order = false;  // BY names no keys: nothing is compared.
  std::vector<SortPattern> get;
  std::optional<std::string_view> store;
};

Result<Request> ParseRequest(Args args, bool may_store) {
  Request request;
  for (OptionReader options(args, 2); !options.done();) {
    if (options.Take("ASC")) {
      request.descending = false;
    } else if (options.Take("DESC")) {
      request.descending = true;
    } else if (options.Take("ALPHA")) {
      request.alpha = true;
    } else if (options.Take("LIMIT", 2)) {
      ASSIGN_OR_RETURN(request.limit_start, ParseInteger(options.operand(0)));
      ASSIGN_OR_RETURN(request.limit_count, ParseInteger(options.operand(1)));
    } else if (may_store && options.Take("STORE", 1)) {
      request.store = options.operand();
    } else if (options.Take("BY", 1)) {
      request.by.emplace(options.operand());
      // Once said, another BY that names keys does not take it back.
      request.in_given_order = request.in_given_order || !request.by->names_keys();
    } else if (options.Take("GET", 1)) {
      request.get.emplace_back(options.operand());
    } else {
      return Fail(kSyntaxError);
    }
  }
  return request;
}

struct Range {
  uint64_t from = 0;
  uint64_t to = 0;
  uint64_t count() const { return to - from; }
};

Range RangeOf(const Request& request, uint64_t size) {
  const auto most = static_cast<int64_t>(size);
  const int64_t from = std::clamp<int64_t>(request.limit_start, 0, most);
  const int64_t count = request.limit_count < 0 ? most : std::min(request.limit_count, most);
  return {static_cast<uint64_t>(from), static_cast<uint64_t>(std::min(from + count, most))};
}

// ---- The elements.

// The value at the key, of whichever of the three types.
class Source {
 public:
  static Result<Source> Open(const CommandContext& ctx) {
    const std::string_view key = ctx.args[1];
    ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
    const auto type = entry == nullptr ? kList : static_cast<Type>(entry->type());
    if (type != kList && type != kSet && type != kSortedSet) return Fail(kWrongType);
    const auto only = [entry, type](Type wanted) { return type == wanted ? entry : nullptr; };
    ASSIGN_OR_RETURN(const List list, List::Of(ctx.keyspace, key, only(kList), ctx.settings));
    return Source(type, list, Set::Of(ctx.keyspace, key, only(kSet), ctx.settings),
                  SortedSet::Of(ctx.keyspace, key, only(kSortedSet), ctx.settings));
  }

  bool is_set() const { return type_ == kSet; }
  uint64_t size() const {
    if (type_ == kSet) return set_.size();
    return type_ == kList ? list_.size() : sorted_.size();
  }
  bool Prefetch(lsm::LoadWaiter& waiter) const {
    if (type_ == kSet) return set_.PrefetchAll(kMaxLoadedRows, waiter);
    return type_ == kList ? list_.PrefetchAll(kMaxLoadedRows, waiter)
                          : sorted_.PrefetchAll(kMaxLoadedRows, waiter);
  }
  // Those of the range, in the order they have, or backwards.
  Result<std::vector<std::string>> Read(Range range, bool backwards) const {
    std::vector<std::string> elements;
    elements.reserve(range.count());
    const auto add = [&elements](std::string_view element) {
      elements.emplace_back(element);
      return true;
    };
    if (backwards) range = {size() - range.to, size() - range.from};
    if (type_ == kSet) {
      RETURN_IF_ERROR(set_.Visit(range.from, range.to, add));
    } else if (type_ == kSortedSet) {
      RETURN_IF_ERROR(sorted_.Visit(range.from, range.to, SortedSet::Direction::kForward,
                                    [&add](const auto& element) { return add(element.member); }));
    } else if (range.count() > 0) {
      lsm::CollectionCursor row = list_.At(range.from);
      for (uint64_t left = range.count(); left > 0; --left, row.Next()) {
        if (!row.valid()) return Failure(Error(row.status()));
        add(row.value());
      }
    }
    if (backwards) std::reverse(elements.begin(), elements.end());
    return elements;
  }

 private:
  // Of a larger value the pages are loaded as they are met.
  static constexpr uint64_t kMaxLoadedRows = uint64_t{1} << 20;

  Source(Type type, List list, Set set, SortedSet sorted)
      : type_(type), list_(std::move(list)), set_(set), sorted_(sorted) {}

  Type type_;
  List list_;
  Set set_;
  SortedSet sorted_;
};

// ---- Their order.

struct Item {
  std::string_view element;
  double score = 0;
  std::optional<std::string> weight;  // ALPHA with BY.
};

// As strtod() reads it, up to a zero byte.
Result<double> ScoreOf(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return Fail(kSortScoreNotADouble);
  return score;
}

// Fills in what is compared. False: keys have to be loaded first, which `waiter` (if any) waits
// for.
Result<bool> Weigh(const CommandContext& ctx, const Request& request, std::vector<Item>& items,
                   lsm::LoadWaiter* waiter) {
  if (request.alpha && !request.by) return true;
  bool resident = true;
  if (request.by && waiter != nullptr) {
    for (const Item& item : items) {
      if (!request.by->Prefetch(ctx, item.element, *waiter)) resident = false;
    }
  }
  if (!resident) return false;
  for (Item& item : items) {
    if (!request.by) {
      ASSIGN_OR_RETURN(item.score, ScoreOf(std::string(item.element)));
      continue;
    }
    ASSIGN_OR_RETURN(item.weight, request.by->Find(ctx, item.element));
    if (request.alpha || !item.weight) continue;
    ASSIGN_OR_RETURN(item.score, ScoreOf(*item.weight));
  }
  return true;
}

int Compare(std::string_view a, std::string_view b, bool by_locale) {
  if (by_locale) return std::strcoll(std::string(a).c_str(), std::string(b).c_str());
  return a.compare(b);
}

// As Redis: the locale's order, unless the result is stored, which must not depend on the machine.
int Compare(const Request& request, const Item& a, const Item& b) {
  const bool by_locale = !request.store;
  if (!request.alpha) {
    if (a.score != b.score) return a.score < b.score ? -1 : 1;
    return a.element.compare(b.element);
  }
  if (!request.by) return Compare(a.element, b.element, by_locale);
  if (a.weight && b.weight) return Compare(*a.weight, *b.weight, by_locale);
  return static_cast<int>(a.weight.has_value()) - static_cast<int>(b.weight.has_value());
}

// ---- What is told of them.

Result<bool> PrefetchGets(const CommandContext& ctx, const Request& request,
                          const std::vector<std::string_view>& elements, lsm::LoadWaiter& waiter) {
  bool resident = true;
  for (const std::string_view element : elements) {
    for (const SortPattern& pattern : request.get) {
      if (!pattern.Prefetch(ctx, element, waiter)) resident = false;
    }
  }
  return resident;
}

Result<void> Tell(CommandContext& ctx, const Request& request,
                  const std::vector<std::string_view>& elements) {
  ctx.reply.Array(elements.size() * std::max<size_t>(request.get.size(), 1));
  for (const std::string_view element : elements) {
    if (request.get.empty()) ctx.reply.Bulk(element);
    for (const SortPattern& pattern : request.get) {
      ASSIGN_OR_RETURN(const std::optional<std::string> value, pattern.Find(ctx, element));
      value ? ctx.reply.Bulk(*value) : ctx.reply.Null();
    }
  }
  return {};
}

Result<void> Store(CommandContext& ctx, const Request& request,
                   const std::vector<std::string_view>& elements) {
  std::vector<std::string> values;
  for (const std::string_view element : elements) {
    for (const SortPattern& pattern : request.get) {
      ASSIGN_OR_RETURN(std::optional<std::string> value, pattern.Find(ctx, element));
      values.push_back(std::move(value).value_or(std::string()));
    }
  }
  std::vector<std::string_view> views(values.begin(), values.end());
  if (request.get.empty()) views = elements;
  const std::string_view key = *request.store;
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Peek(key));
  if (old != nullptr) ctx.keyspace.store().Delete(old);
  ctx.reply.Integer(static_cast<int64_t>(views.size()));
  if (views.empty()) {
    if (old != nullptr) ctx.Notify(kNotifyGeneric, "del", key);
    return {};
  }
  ASSIGN_OR_RETURN(List list, List::Of(ctx.keyspace, key, nullptr, ctx.settings));
  RETURN_IF_ERROR(list.Push(List::End::kTail, views));
  if (old == nullptr) ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifyList, "sortstore", key);
  return {};
}

// ---- All of it.

// False: something has to be loaded first, which `waiter` waits for; nothing was replied or
// changed. Without a waiter it is loaded on the spot.
Result<bool> SortOnce(CommandContext& ctx, bool may_store, lsm::LoadWaiter* waiter) {
  ASSIGN_OR_RETURN(Request request, ParseRequest(ctx.args, may_store));
  ASSIGN_OR_RETURN(const Source source, Source::Open(ctx));
  if (waiter != nullptr && !source.Prefetch(*waiter)) return false;
  // A list that is kept has an order; a set has none of itself.
  if (request.in_given_order && source.is_set() && request.store) {
    request.in_given_order = false;
    request.alpha = true;
    request.by.reset();
  }
  const Range range = RangeOf(request, source.size());
  std::vector<std::string> elements;
  std::vector<std::string_view> told;
  if (request.in_given_order) {
    const bool backwards = request.descending && !source.is_set();
    ASSIGN_OR_RETURN(elements, source.Read(range, backwards));
    told.assign(elements.begin(), elements.end());
  } else {
    ASSIGN_OR_RETURN(elements, source.Read({0, source.size()}, /*backwards=*/false));
    std::vector<Item> items(elements.size());
    for (size_t i = 0; i < items.size(); ++i) items[i].element = elements[i];
    ASSIGN_OR_RETURN(const bool weighed, Weigh(ctx, request, items, waiter));
    if (!weighed) return false;
    std::stable_sort(items.begin(), items.end(), [&request](const Item& a, const Item& b) {
      const int order = Compare(request, a, b);
      return request.descending ? order > 0 : order < 0;
    });
    for (uint64_t i = range.from; i < range.to; ++i) told.push_back(items[i].element);
  }
  if (waiter != nullptr) {
    ASSIGN_OR_RETURN(const bool resident, PrefetchGets(ctx, request, told, *waiter));
    if (!resident) return false;
  }
  RETURN_IF_ERROR(request.store ? Store(ctx, request, told) : Tell(ctx, request, told));
  return true;
}

class SortRounds final : public Suspension {
 public:
  explicit SortRounds(bool may_store) : may_store_(may_store) {}

  Result<bool> Resume(CommandContext& ctx) override {
    return SortOnce(ctx, may_store_, ++rounds_ < kMaxRounds ? this : nullptr);
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr int kMaxRounds = 8;
  const bool may_store_;
  int rounds_ = 0;
};

Result<void> SortAs(CommandContext& ctx, bool may_store) {
  if (!ctx.may_suspend) return SortOnce(ctx, may_store, nullptr).map([](bool) {});
  auto rounds = std::make_unique<SortRounds>(may_store);
  const Result<bool> done = rounds->Resume(ctx);
  if (!done) {
    if (rounds->pending() > 0) ctx.keyspace.store().Abandon(*rounds);
    return tl::unexpected(done.error());
  }
  if (!*done) ctx.Suspend(std::move(rounds));
  return {};
}

// SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE key]
Result<void> Sort(CommandContext& ctx) {
  return SortAs(ctx, /*may_store=*/true);
}

// SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA]
Result<void> SortRo(CommandContext& ctx) {
  return SortAs(ctx, /*may_store=*/false);
}

// The keys of SORT that its arguments name: the last STORE counts.
Result<void> FindSortKeys(Args args, std::vector<KeyRef>& keys) {
  keys.push_back({1, kRO | kAccess});
  std::optional<size_t> store;
  for (OptionReader options(args, 2); !options.done();) {
    if (options.Take("LIMIT", 2) || options.Take("GET", 1) || options.Take("BY", 1)) continue;
    if (options.Take("STORE", 1)) {
      store = options.position() - 1;
      continue;
    }
    options.Skip();
  }
  if (store) keys.push_back({*store, kOW | kUpdate});
  return {};
}

Result<void> FindSortRoKeys(Args, std::vector<KeyRef>& keys) {
  keys.push_back({1, kRO | kAccess});
  return {};
}

constexpr KeySpec kSorted = {.flags = kRO | kAccess, .index = 1};
constexpr KeySpec kByPattern = {.flags = kRO | kAccess,
                                .begin = KeySpec::Begin::kUnknown,
                                .find = KeySpec::Find::kUnknown,
                                .notes =
                                    "For the optional BY/GET keyword. It is marked 'unknown' "
                                    "because the key names derive from the content of the key "
                                    "we sort"};
constexpr KeySpec kDestination = {
    .flags = kOW | kUpdate,
    .begin = KeySpec::Begin::kUnknown,
    .find = KeySpec::Find::kUnknown,
    .notes =
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear "
        "anywhere in the argument array"};

constexpr CommandSpec kSortCommands[] = {
    {.name = "sort",
     .handler = Sort,
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclSet | kAclSortedSet | kAclList | kAclDangerous,
     .keys = {kSorted, kByPattern, kDestination},
     .find_keys = FindSortKeys,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Tells or stores the elements of a list, set or sorted set in order.",
     .complexity = "O(N*log(N)+M) for N elements, of which M are told.",
     .syntax = "key [BY pattern{#1}] [LIMIT offset count] [GET pattern{#1} [GET pattern ...]] "
               "[ASC | DESC] [ALPHA] [STORE destination{#2}]"},
    {.name = "sort_ro",
     .handler = SortRo,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet | kAclSortedSet | kAclList | kAclDangerous,
     .keys = {kSorted, kByPattern},
     .find_keys = FindSortRoKeys,
     .group = "generic",
     .since = "7.0.0",
     .summary = "Tells the elements of a list, set or sorted set in order.",
     .complexity = "O(N*log(N)+M) for N elements, of which M are told.",
     .syntax = "key [BY pattern{#1}] [LIMIT offset count] [GET pattern{#1} [GET pattern ...]] "
               "[ASC | DESC] [ALPHA]"},
};

}  // namespace

std::span<const CommandSpec> SortCommands() {
  return kSortCommands;
}

}  // namespace datatypes
