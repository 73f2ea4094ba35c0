// SPDX-License-Identifier: BSD-3-Clause
// Places within a circle or a box: GEOSEARCH, GEOSEARCHSTORE, GEORADIUS and its kin.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/geo_families.h"
#include "datatypes/geo_search.h"
#include "datatypes/row_loads.h"
#include "datatypes/sorted_set_access.h"

namespace datatypes {
namespace {

// Members of a square that are loaded off the loop before a search.
constexpr uint64_t kPrefetchedRows = 1024;

// False: the command is suspended until the centre's row, or all of a small set, is there.
bool CenterLoadedOrSuspended(CommandContext& ctx, const SortedSet& set, GeoForm form) {
  if (!SmallLoadedOrSuspended(ctx, set)) return false;
  const std::optional<std::string_view> member = CenterMember(ctx.args, form);
  if (!member || !ctx.may_suspend) return true;
  RowLoads loads(ctx);
  set.PrefetchMember(*member, loads.waiter());
  return !loads.Suspend();
}

// The same for the beginnings of the squares that will be searched.
bool SquaresLoadedOrSuspended(CommandContext& ctx, const SortedSet& set, const GeoShape& shape) {
  RowLoads loads(ctx);
  if (!loads.wanted() || !set.indexed()) return true;
  for (const GeoScoreRange& square : CoveringRanges(shape)) {
    const SortedSet::Range range = set.ScoreRange({square.begin, false}, {square.end, true});
    set.PrefetchRange(range, kPrefetchedRows, loads.waiter());
  }
  return !loads.Suspend();
}

void ReplyHits(resp::Writer& reply, const GeoQuery& query, const std::vector<GeoHit>& hits) {
  const size_t extras = (query.with_distance ? 1U : 0U) + (query.with_hash ? 1U : 0U) +
                        (query.with_coordinates ? 1U : 0U);
  reply.Array(hits.size());
  for (const GeoHit& hit : hits) {
    if (extras > 0) reply.Array(1 + extras);
    reply.Bulk(hit.member);
    if (query.with_distance) ReplyDistance(reply, hit.distance);
    if (query.with_hash) reply.Integer(static_cast<int64_t>(hit.score));
    if (query.with_coordinates) {
      reply.Array(2);
      ReplyCoordinate(reply, hit.position.longitude);
      ReplyCoordinate(reply, hit.position.latitude);
    }
  }
}

Result<void> StoreHits(CommandContext& ctx, const GeoQuery& query, const std::vector<GeoHit>& hits,
                       std::string_view event) {
  std::vector<SortedSet::Element> elements;
  elements.reserve(hits.size());
  for (const GeoHit& hit : hits) {
    elements.push_back({hit.member, query.store_distances ? hit.distance : hit.score});
  }
  std::sort(elements.begin(), elements.end(), SortedSet::Less);
  return StoreSortedSet(ctx, *query.store, elements, event);
}

Result<void> Search(CommandContext& ctx, GeoForm form) {
  const std::string_view key = ctx.args[form == GeoForm::kSearchStore ? 2 : 1];
  ASSIGN_OR_RETURN(const SortedSet set, OpenSortedSet(ctx, key));
  if (!CenterLoadedOrSuspended(ctx, set, form)) return {};
  ASSIGN_OR_RETURN(const GeoQuery query, ParseGeoQuery(ctx.args, form, set));
  std::vector<GeoHit> hits;
  if (set.exists()) {
    if (!SquaresLoadedOrSuspended(ctx, set, query.shape)) return {};
    ASSIGN_OR_RETURN(hits, FindPlaces(set, query));
  }
  if (query.store) {
    return StoreHits(ctx, query, hits,
                     form == GeoForm::kSearchStore ? "geosearchstore" : "georadiusstore");
  }
  ReplyHits(ctx.reply, query, hits);
  return {};
}

// GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude>
//   <BYRADIUS radius unit | BYBOX width height unit> [ASC | DESC] [COUNT count [ANY]]
//   [WITHCOORD] [WITHDIST] [WITHHASH]
Result<void> GeoSearch(CommandContext& ctx) {
  return Search(ctx, GeoForm::kSearch);
}
// GEOSEARCHSTORE destination source … [STOREDIST]
Result<void> GeoSearchStore(CommandContext& ctx) {
  return Search(ctx, GeoForm::kSearchStore);
}
// GEORADIUS key longitude latitude radius unit … [STORE key | STOREDIST key]
Result<void> GeoRadius(CommandContext& ctx) {
  return Search(ctx, GeoForm::kRadius);
}
// GEORADIUS_RO key longitude latitude radius unit …
Result<void> GeoRadiusRo(CommandContext& ctx) {
  return Search(ctx, GeoForm::kRadiusReadOnly);
}
// GEORADIUSBYMEMBER key member radius unit … [STORE key | STOREDIST key]
Result<void> GeoRadiusByMember(CommandContext& ctx) {
  return Search(ctx, GeoForm::kRadiusByMember);
}
// GEORADIUSBYMEMBER_RO key member radius unit …
Result<void> GeoRadiusByMemberRo(CommandContext& ctx) {
  return Search(ctx, GeoForm::kRadiusByMemberReadOnly);
}

constexpr std::string_view kSearchComplexity =
    "O(N+log(M)) for N members in the squares around the shape, and M in it.";
constexpr std::string_view kRadiusComplexity =
    "O(N+log(M)) for N members in the squares around the circle, and M in it.";
constexpr std::string_view kAnySince =
    "6.2.0\tAdded the `ANY` option for `COUNT`.\n7.0.0\tAdded support for uppercase unit names.";

// The specifications, of which those whose keyword is missing name nothing.
Result<void> FindRadiusKeys(Args args, std::vector<KeyRef>& keys) {
  keys.push_back({1, kRO | kAccess});
  for (const std::string_view option : {"STORE", "STOREDIST"}) {
    for (size_t i = 5; i + 1 < args.size(); ++i) {
      if (!EqualsIgnoreCase(args[i], option)) continue;
      keys.push_back({i + 1, kOW | kUpdate});
      break;
    }
  }
  return {};
}

constexpr KeySpecs RadiusKeys(int16_t options) {
  return {{.flags = kRO | kAccess, .index = 1},
          {.flags = kOW | kUpdate,
           .begin = KeySpec::Begin::kKeyword,
           .index = options,
           .keyword = "STORE"},
          {.flags = kOW | kUpdate,
           .begin = KeySpec::Begin::kKeyword,
           .index = options,
           .keyword = "STOREDIST"}};
}

constexpr CommandSpec kGeoSearchCommands[] = {
    {.name = "geosearch",
     .handler = GeoSearch,
     .arity = -7,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = OneKey(1, kRO | kAccess),
     .group = "geo",
     .since = "6.2.0",
     .summary = "Lists the places within a circle or a box.",
     .complexity = kSearchComplexity,
     .syntax = "key <FROMMEMBER member | FROMLONLAT longitude latitude>{from} <(BYRADIUS radius "
               "<M | KM | FT | MI>){circle} | (BYBOX width height <M | KM | FT | MI>){box}>{by} "
               "[ASC | DESC] [(COUNT count [ANY]){count}] [WITHCOORD] [WITHDIST] [WITHHASH]",
     .history = "7.0.0\tAdded support for uppercase unit names."},
    {.name = "geosearchstore",
     .handler = GeoSearchStore,
     .arity = -8,
     .flags = kWrite | kDenyOom,
     .acl = kAclGeo,
     .keys = {{.flags = kOW | kUpdate, .index = 1}, {.flags = kRO | kAccess, .index = 2}},
     .group = "geo",
     .since = "6.2.0",
     .summary = "Stores the places within a circle or a box in another key.",
     .complexity = kSearchComplexity,
     .syntax = "destination source <FROMMEMBER member | FROMLONLAT longitude latitude>{from} "
               "<(BYRADIUS radius <M | KM | FT | MI>){circle} | (BYBOX width height <M | KM | FT "
               "| MI>){box}>{by} [ASC | DESC] [(COUNT count [ANY]){count}] [STOREDIST]",
     .history = "7.0.0\tAdded support for uppercase unit names."},
    {.name = "georadius",
     .handler = GeoRadius,
     .arity = -6,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .acl = kAclGeo,
     .keys = RadiusKeys(6),
     .find_keys = FindRadiusKeys,
     .group = "geo",
     .since = "3.2.0",
     .summary = "Lists the places within a circle, or stores them.",
     .complexity = kRadiusComplexity,
     .syntax = "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [(COUNT count [ANY]{@6.2.0}){count}] [ASC | DESC] [STORE key] "
               "[STOREDIST key]",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
     .history = kAnySince},
    {.name = "georadius_ro",
     .handler = GeoRadiusRo,
     .arity = -6,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = OneKey(1, kRO | kAccess),
     .group = "geo",
     .since = "3.2.10",
     .summary = "Lists the places within a circle.",
     .complexity = kRadiusComplexity,
     .syntax = "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [(COUNT count [ANY]{@6.2.0}){count}] [ASC | DESC]",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument",
     .history = "6.2.0\tAdded the `ANY` option for `COUNT`."},
    {.name = "georadiusbymember",
     .handler = GeoRadiusByMember,
     .arity = -5,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .acl = kAclGeo,
     .keys = RadiusKeys(5),
     .find_keys = FindRadiusKeys,
     .group = "geo",
     .since = "3.2.0",
     .summary = "Lists the places within a circle around a member, or stores them.",
     .complexity = kRadiusComplexity,
     .syntax = "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [(COUNT "
               "count [ANY]){count}] [ASC | DESC] [STORE key] [STOREDIST key]",
     .deprecated_since = "6.2.0",
     .replaced_by =
         "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .history = "7.0.0\tAdded support for uppercase unit names."},
    {.name = "georadiusbymember_ro",
     .handler = GeoRadiusByMemberRo,
     .arity = -5,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = OneKey(1, kRO | kAccess),
     .group = "geo",
     .since = "3.2.10",
     .summary = "Lists the places within a circle around a member.",
     .complexity = kRadiusComplexity,
     .syntax = "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [(COUNT "
               "count [ANY]){count}] [ASC | DESC]",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"},
};

}  // namespace

std::span<const CommandSpec> GeoSearchCommands() {
  return kGeoSearchCommands;
}

}  // namespace datatypes
