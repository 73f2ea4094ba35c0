// SPDX-License-Identifier: BSD-3-Clause
// Places as members of sorted sets: GEOADD, GEODIST, GEOHASH, GEOPOS.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/geo_families.h"
#include "datatypes/geo_position.h"
#include "datatypes/geo_search.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

Result<std::optional<GeoPosition>> PositionOf(const SortedSet& set, std::string_view member) {
  ASSIGN_OR_RETURN(const std::optional<double> score, set.Score(member));
  if (!score) return std::optional<GeoPosition>();
  return std::optional<GeoPosition>(PositionOfScore(*score));
}

// What it comes to: so that replicas agree to the last bit.
void TellZAdd(CommandContext& ctx, size_t first_place,
              const std::vector<SortedSet::Element>& elements) {
  std::vector<std::string> scores;
  for (const SortedSet::Element& element : elements) {
    scores.push_back(std::to_string(static_cast<int64_t>(element.score)));
  }
  std::vector<std::string_view> told(ctx.args.begin(),
                                     ctx.args.begin() + static_cast<ptrdiff_t>(first_place));
  told[0] = "zadd";
  for (size_t i = 0; i < elements.size(); ++i) {
    told.emplace_back(scores[i]);
    told.emplace_back(elements[i].member);
  }
  ToReplicas(ctx).Instead(told);
}

// GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member …]
Result<void> GeoAdd(CommandContext& ctx) {
  SortedSetAddOptions options;
  OptionReader reader(ctx.args, 2);
  while (!reader.done()) {
    if (reader.Take("NX")) {
      options.nx = true;
    } else if (reader.Take("XX")) {
      options.xx = true;
    } else if (reader.Take("CH")) {
      options.ch = true;
    } else {
      break;
    }
  }
  const Args places = ctx.args.subspan(reader.position());
  if (places.size() % 3 != 0 || places.empty() || (options.nx && options.xx)) {
    return Fail(kSyntaxError);
  }
  std::vector<SortedSet::Element> elements;
  elements.reserve(places.size() / 3);
  for (size_t i = 0; i < places.size(); i += 3) {
    ASSIGN_OR_RETURN(const GeoPosition position, ParseGeoPosition(places[i], places[i + 1]));
    elements.push_back({places[i + 2], GeoScore(position)});
  }
  if (ToReplicas(ctx).on()) TellZAdd(ctx, reader.position(), elements);
  return AddToSortedSet(ctx, ctx.args[1], options, elements);
}

// GEODIST key member1 member2 [M | KM | FT | MI]
Result<void> GeoDist(CommandContext& ctx) {
  double unit = 1;
  if (ctx.args.size() == 5) {
    ASSIGN_OR_RETURN(unit, ParseGeoUnit(ctx.args[4]));
  } else if (ctx.args.size() > 5) {
    return Fail(kSyntaxError);
  }
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ASSIGN_OR_RETURN(const std::optional<GeoPosition> from, PositionOf(set, ctx.args[2]));
  ASSIGN_OR_RETURN(const std::optional<GeoPosition> to, PositionOf(set, ctx.args[3]));
  if (from && to) {
    ReplyDistance(ctx.reply, GeoDistance(*from, *to) / unit);
  } else {
    ctx.reply.Null();
  }
  return {};
}

// GEOHASH key [member [member …]]
Result<void> GeoHash(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view member : ctx.args.subspan(2)) {
    ASSIGN_OR_RETURN(const std::optional<GeoPosition> position, PositionOf(set, member));
    if (position) {
      ctx.reply.Bulk(GeoHashText(*position));
    } else {
      ctx.reply.Null();
    }
  }
  return {};
}

// GEOPOS key [member [member …]]
Result<void> GeoPos(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, ctx.args[1]));
  if (!SmallLoadedOrSuspended(ctx, set)) return {};
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view member : ctx.args.subspan(2)) {
    ASSIGN_OR_RETURN(const std::optional<GeoPosition> position, PositionOf(set, member));
    if (!position) {
      ctx.reply.NullArray();
      continue;
    }
    ctx.reply.Array(2);
    ReplyCoordinate(ctx.reply, position->longitude);
    ReplyCoordinate(ctx.reply, position->latitude);
  }
  return {};
}

constexpr CommandSpec kGeoMemberCommands[] = {
    {.name = "geoadd",
     .handler = GeoAdd,
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclGeo,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "geo",
     .since = "3.2.0",
     .summary = "Adds places to a sorted set, or moves them.",
     .complexity = "O(log(N)) for each place, N being the number of members.",
     .syntax = "key [NX | XX]{@6.2.0} [CH]{@6.2.0} longitude latitude member [longitude latitude "
               "member ...]",
     .history = "6.2.0\tAdded the `CH`, `NX` and `XX` options."},
    {.name = "geodist",
     .handler = GeoDist,
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = OneKey(1, kRO | kAccess),
     .rows = {RowHint::Kind::kArgs, 2, 1, 2, 'm'},
     .group = "geo",
     .since = "3.2.0",
     .summary = "Tells the distance between two places.",
     .complexity = "O(1)",
     .syntax = "key member1 member2 [M | KM | FT | MI]"},
    {.name = "geohash",
     .handler = GeoHash,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = OneKey(1, kRO | kAccess),
     .rows = EveryRow(2, 'm'),
     .group = "geo",
     .since = "3.2.0",
     .summary = "Tells the geohashes of places.",
     .complexity = "O(1) for each member asked for.",
     .syntax = "key [member [member ...]]"},
    {.name = "geopos",
     .handler = GeoPos,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = OneKey(1, kRO | kAccess),
     .rows = EveryRow(2, 'm'),
     .group = "geo",
     .since = "3.2.0",
     .summary = "Tells the longitudes and latitudes of places.",
     .complexity = "O(1) for each member asked for.",
     .syntax = "key [member [member ...]]"},
};

}  // namespace

std::span<const CommandSpec> GeoMemberCommands() {
  return kGeoMemberCommands;
}

std::span<const CommandSpec> GeoCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows;
    for (const std::span<const CommandSpec> part : {GeoMemberCommands(), GeoSearchCommands()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace datatypes
