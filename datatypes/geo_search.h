// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/geo_area.h"
#include "datatypes/geo_position.h"
#include "datatypes/result.h"
#include "datatypes/sorted_set.h"

namespace datatypes {

// Searches for places: what GEOSEARCH, GEOSEARCHSTORE and the GEORADIUS family share.

struct GeoQuery {
  enum class Order : uint8_t { kNone, kNearestFirst, kFarthestFirst };
  GeoShape shape;
  std::optional<std::string_view> member;  // The centre is this member's place, to be looked up.
  Order order = Order::kNone;
  uint64_t count = 0;  // 0: all.
  bool any = false;    // The first `count` that are met will do.
  bool with_distance = false;
  bool with_hash = false;
  bool with_coordinates = false;
  std::optional<std::string_view> store;  // A key for the result.
  bool store_distances = false;           // With distances as scores.
};

// How a command writes its query.
enum class GeoForm : uint8_t {
  kSearch,          // key options
  kSearchStore,     // destination key options
  kRadius,          // key longitude latitude radius unit options
  kRadiusReadOnly,  // the same without STORE and STOREDIST
  kRadiusByMember,  // key member radius unit options
  kRadiusByMemberReadOnly,
};

// Reads a query out of a command's arguments. `set` is what is searched: that its member is not
// there is one of the errors, in its turn among those of the arguments. Sets query.shape.center.
Result<GeoQuery> ParseGeoQuery(Args args, GeoForm form, const SortedSet& set);
// The member that the arguments may name as the centre, before they are checked.
std::optional<std::string_view> CenterMember(Args args, GeoForm form);

struct GeoHit {
  std::string member;
  double score = 0;
  GeoPosition position;
  double distance = 0;  // In the query's unit.
};
// What the query finds, in its order.
Result<std::vector<GeoHit>> FindPlaces(const SortedSet& set, const GeoQuery& query);

// "m", "km", "ft" or "mi": its metres.
Result<double> ParseGeoUnit(std::string_view text);
Result<GeoPosition> ParseGeoPosition(std::string_view longitude, std::string_view latitude);
// A longitude or latitude in a reply.
void ReplyCoordinate(resp::Writer& reply, double degrees);
// A distance in a reply.
void ReplyDistance(resp::Writer& reply, double distance);

}  // namespace datatypes
