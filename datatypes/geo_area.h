// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "datatypes/geo_position.h"

namespace datatypes {

// What GEOSEARCH looks for: all that is within a circle, or within a box that lies along the
// meridians. Lengths are in the client's unit; `unit` has its metres.
struct GeoShape {
  enum class Kind : uint8_t { kCircle, kBox };
  Kind kind = Kind::kCircle;
  GeoPosition center;
  double radius = 0;  // kCircle.
  double width = 0;   // kBox.
  double height = 0;
  double unit = 1;

  // The distance from the centre in metres, if the place is within.
  std::optional<double> DistanceWithin(const GeoPosition& place) const;
};

// Scores of geo sets, [begin, end): one square of the map.
struct GeoScoreRange {
  double begin = 0;
  double end = 0;
};
// At most nine squares of one size that together cover the shape, in the order in which Redis looks
// through them (it shows in replies that are not sorted): the centre's, north, south, east, west,
// and the corners.
std::vector<GeoScoreRange> CoveringRanges(const GeoShape& shape);

}  // namespace datatypes
