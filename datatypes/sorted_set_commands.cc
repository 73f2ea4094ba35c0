// SPDX-License-Identifier: BSD-3-Clause
// Commands on single members of sorted sets: ZADD, ZINCRBY, ZREM, ZCARD, ZSCORE, ZMSCORE, ZRANK,
// ZREVRANK.
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <absl/container/inlined_vector.h>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"

namespace datatypes {
namespace {

// ZADD's options; `first`: where the first score is.
SortedSetAddOptions ParseAddOptions(Args args, size_t& first) {
  SortedSetAddOptions parsed;
  OptionReader options(args, 2);
  while (!options.done()) {
    if (options.Take("NX")) {
      parsed.nx = true;
    } else if (options.Take("XX")) {
      parsed.xx = true;
    } else if (options.Take("CH")) {
      parsed.ch = true;
    } else if (options.Take("INCR")) {
      parsed.incr = true;
    } else if (options.Take("GT")) {
      parsed.gt = true;
    } else if (options.Take("LT")) {
      parsed.lt = true;
    } else {
      break;
    }
  }
  first = options.position();
  return parsed;
}

Result<void> CheckAddOptions(const SortedSetAddOptions& options, size_t arguments) {
  if (arguments % 2 != 0 || arguments == 0) return Fail(kSyntaxError);
  if (options.nx && options.xx) return Fail(kZAddNxAndXx);
  if ((options.gt && options.nx) || (options.lt && options.nx) || (options.gt && options.lt)) {
    return Fail(kZAddGtLtNx);
  }
  if (options.incr && arguments > 2) return Fail(kZAddIncrOnePair);
  return {};
}

// What became of one member.
struct Added {
  bool created = false;
  bool updated = false;
  std::optional<double> score;  // Now; nothing if the options left the member alone.
};

Result<Added> AddMember(SortedSet& set, const SortedSetAddOptions& options, double score,
                        std::string_view member) {
  ASSIGN_OR_RETURN(const std::optional<double> old, set.Score(member));
  Added added;
  if (old ? options.nx : options.xx) return added;
  if (old) {
    if (options.incr) {
      score += *old;
      if (std::isnan(score)) return Fail(kScoreNotANumber);
    }
    if ((options.lt && score >= *old) || (options.gt && score <= *old)) return added;
  }
  added.created = !old;
  added.updated = old && score != *old;
  added.score = score;
  if (added.created || added.updated) RETURN_IF_ERROR(set.Set(member, score, old));
  return added;
}

Result<void> Add(CommandContext& ctx, const SortedSetAddOptions& options, size_t first) {
  const Args pairs = ctx.args.subspan(first);
  RETURN_IF_ERROR(CheckAddOptions(options, pairs.size()));
  absl::InlinedVector<SortedSet::Element, 4> elements;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    ASSIGN_OR_RETURN(const double score, ParseDouble(pairs[i]));
    elements.push_back({pairs[i + 1], score});
  }
  return AddToSortedSet(ctx, ctx.args[1], options, {elements.data(), elements.size()});
}

}  // namespace

Result<void> AddToSortedSet(CommandContext& ctx, std::string_view key,
                            const SortedSetAddOptions& options,
                            std::span<const SortedSet::Element> elements) {
  ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  if (elements.size() > 1 && set.indexed()) {
    for (const SortedSet::Element& element : elements) RETURN_IF_ERROR(set.Load(element.member));
  }
  const bool existed = set.exists();
  int64_t created = 0;
  int64_t updated = 0;
  std::optional<double> last;
  for (const SortedSet::Element& element : elements) {
    ASSIGN_OR_RETURN(const Added added, AddMember(set, options, element.score, element.member));
    created += added.created ? 1 : 0;
    updated += added.updated ? 1 : 0;
    last = added.score;
  }
  if (created + updated > 0) {
    NotifySortedSet(ctx, key, !existed, options.incr ? "zincr" : "zadd");
  }
  if (!options.incr) {
    ctx.reply.Integer(options.ch ? created + updated : created);
  } else if (last) {
    ctx.reply.Double(*last);
  } else {
    ctx.reply.Null();
  }
  return {};
}

namespace {

// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member …]
Result<void> ZAdd(CommandContext& ctx) {
  size_t first = 0;
  const SortedSetAddOptions options = ParseAddOptions(ctx.args, first);
  return Add(ctx, options, first);
}

// ZINCRBY key increment member
Result<void> ZIncrBy(CommandContext& ctx) {
  SortedSetAddOptions options;
  options.incr = true;
  return Add(ctx, options, 2);
}

// ZREM key member [member …]
Result<void> ZRem(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(SortedSet set, OpenSortedSet(ctx, key));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  if (ctx.args.size() > 3 && set.indexed()) {
    for (const std::string_view member : ctx.args.subspan(2)) RETURN_IF_ERROR(set.Load(member));
  }
  int64_t removed = 0;
  for (const std::string_view member : ctx.args.subspan(2)) {
    ASSIGN_OR_RETURN(const bool erased, set.Erase(member));
    removed += erased ? 1 : 0;
    if (!set.exists()) break;
  }
  if (removed > 0) NotifyMembersRemoved(ctx, set, key, "zrem");
  ctx.reply.Integer(removed);
  return {};
}

// ZCARD key
Result<void> ZCard(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  ctx.reply.Integer(static_cast<int64_t>(set.size()));
  return {};
}

void ReplyScore(resp::Writer& reply, const std::optional<double>& score) {
  if (score) {
    reply.Double(*score);
  } else {
    reply.Null();
  }
}

// ZSCORE key member
Result<void> ZScore(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ASSIGN_OR_RETURN(const std::optional<double> score, set.Score(ctx.args[2]));
  ReplyScore(ctx.reply, score);
  return {};
}

// ZMSCORE key member [member …]
Result<void> ZMScore(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view member : ctx.args.subspan(2)) {
    ASSIGN_OR_RETURN(const std::optional<double> score, set.Score(member));
    ReplyScore(ctx.reply, score);
  }
  return {};
}

Result<void> Rank(CommandContext& ctx, SortedSet::Direction direction) {
  if (ctx.args.size() > 4) return WrongArity(ctx.spec.name);
  const bool with_score = ctx.args.size() == 4;
  if (with_score && !EqualsIgnoreCase(ctx.args[3], "withscore")) return Fail(kSyntaxError);
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ASSIGN_OR_RETURN(const std::optional<SortedSet::Place> place, set.Find(ctx.args[2]));
  if (!place) {
    if (with_score) {
      ctx.reply.NullArray();
    } else {
      ctx.reply.Null();
    }
    return {};
  }
  const uint64_t rank =
      direction == SortedSet::Direction::kForward ? place->rank : set.size() - 1 - place->rank;
  if (with_score) ctx.reply.Array(2);
  ctx.reply.Integer(static_cast<int64_t>(rank));
  if (with_score) ctx.reply.Double(place->score);
  return {};
}

// ZRANK key member [WITHSCORE]
Result<void> ZRank(CommandContext& ctx) {
  return Rank(ctx, SortedSet::Direction::kForward);
}
// ZREVRANK key member [WITHSCORE]
Result<void> ZRevRank(CommandContext& ctx) {
  return Rank(ctx, SortedSet::Direction::kBackward);
}

constexpr std::string_view kRankHistory = "7.2.0\tAdded the optional `WITHSCORE` argument.";

constexpr CommandSpec kMemberCommands[] = {
    {.name = "zadd",
     .handler = ZAdd,
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRW | kUpdate),
     .rows = EveryOther(3, 'm'),  // With options before them, some are loaded on the spot.
     .group = "sorted-set",
     .since = "1.2.0",
     .summary = "Adds members to a sorted set, or changes their scores.",
     .complexity = "O(log(N)) for each member, N being their number in the set.",
     .syntax = "key [NX | XX]{@3.0.2} [GT | LT]{@6.2.0} [CH]{@3.0.2} [INCR]{@3.0.2} score member "
               "[score member ...]",
     .history = "2.4.0\tAccepts multiple elements.\n3.0.2\tAdded the `XX`, `NX`, `CH` and `INCR` "
                "options.\n6.2.0\tAdded the `GT` and `LT` options."},
    {.name = "zincrby",
     .handler = ZIncrBy,
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .rows = RowArg(3, 'm'),
     .group = "sorted-set",
     .since = "1.2.0",
     .summary = "Adds to a member's score, which is 0 if there is no such member.",
     .complexity = "O(log(N)), N being the number of members.",
     .syntax = "key increment member"},
    {.name = "zrem",
     .handler = ZRem,
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRW | kDelete),
     .rows = EveryRow(2, 'm'),
     .group = "sorted-set",
     .since = "1.2.0",
     .summary = "Removes members from a sorted set; the key goes with the last one.",
     .complexity = "O(M*log(N)) for M members to remove from N.",
     .syntax = "key member [member ...]",
     .history = "2.4.0\tAccepts multiple elements."},
    {.name = "zcard",
     .handler = ZCard,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO),
     .group = "sorted-set",
     .since = "1.2.0",
     .summary = "Counts the members of a sorted set.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "zscore",
     .handler = ZScore,
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .rows = RowArg(2, 'm'),
     .group = "sorted-set",
     .since = "1.2.0",
     .summary = "Tells a member's score.",
     .complexity = "O(1)",
     .syntax = "key member"},
    {.name = "zmscore",
     .handler = ZMScore,
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .rows = EveryRow(2, 'm'),
     .group = "sorted-set",
     .since = "6.2.0",
     .summary = "Tells the scores of several members.",
     .complexity = "O(N) for N members asked for.",
     .syntax = "key member [member ...]"},
    {.name = "zrank",
     .handler = ZRank,
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .rows = RowArg(2, 'm'),
     .group = "sorted-set",
     .since = "2.0.0",
     .summary = "Tells how many members stand before one, by ascending scores.",
     .complexity = "O(log(N))",
     .syntax = "key member [WITHSCORE]",
     .history = kRankHistory},
    {.name = "zrevrank",
     .handler = ZRevRank,
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = OneKey(1, kRO | kAccess),
     .rows = RowArg(2, 'm'),
     .group = "sorted-set",
     .since = "2.0.0",
     .summary = "Tells how many members stand before one, by descending scores.",
     .complexity = "O(log(N))",
     .syntax = "key member [WITHSCORE]",
     .history = kRankHistory},
};

}  // namespace

std::span<const CommandSpec> SortedSetMemberCommands() {
  return kMemberCommands;
}

std::span<const CommandSpec> SortedSetCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part :
         {SortedSetMemberCommands(), SortedSetRangeCommands(), SortedSetOldRangeCommands(),
          SortedSetRemoveCommands(), SortedSetPopCommands(), SortedSetBlockCommands(),
          SortedSetAlgebraCommands(), SortedSetWalkCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
