// SPDX-License-Identifier: BSD-3-Clause
// Which squares of the map cover a shape. All squares of a level are neighbours in the order of
// scores: a square is one range. So a search takes the level whose squares are about as large as
// the shape, and looks through the centre's square and those around it.
//
// Which squares these are decides about the order of replies, so every operation is Redis', in its
// order.
#include "datatypes/geo_area.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace datatypes {
namespace {

constexpr double kMercatorMetres = 20037726.37;
constexpr int kMaxLevel = 26;

double Degrees(double radians) {
  return radians / (M_PI / 180.0);
}
double Radians(double degrees) {
  return degrees * (M_PI / 180.0);
}

// A square of the map's 2^level × 2^level.
struct Square {
  uint32_t longitude = 0;
  uint32_t latitude = 0;
  bool operator==(const Square&) const = default;
};

struct Bounds {
  double min_longitude = 0;
  double min_latitude = 0;
  double max_longitude = 0;
  double max_latitude = 0;
};

Bounds BoundsOf(const GeoShape& shape) {
  const bool circle = shape.kind == GeoShape::Kind::kCircle;
  const double height = shape.unit * (circle ? shape.radius : shape.height / 2);
  const double width = shape.unit * (circle ? shape.radius : shape.width / 2);
  const double latitude = shape.center.latitude;
  const double longitude = shape.center.longitude;
  const double latitude_delta = Degrees(height / kEarthRadiusMetres);
  // The side nearer to the pole spans more degrees.
  const double top =
      Degrees(width / kEarthRadiusMetres / std::cos(Radians(latitude + latitude_delta)));
  const double bottom =
      Degrees(width / kEarthRadiusMetres / std::cos(Radians(latitude - latitude_delta)));
  const double longitude_delta = latitude < 0 ? bottom : top;
  return {longitude - longitude_delta, latitude - latitude_delta, longitude + longitude_delta,
          latitude + latitude_delta};
}

// The level at which the shape fits into nine squares in most cases.
int EstimateLevel(double metres, double latitude) {
  if (metres == 0) return kMaxLevel;
  int level = 1;
  for (; metres < kMercatorMetres; metres *= 2) ++level;
  level -= 2;
  // Towards the poles squares get narrower.
  const double distance = std::fabs(latitude);
  if (distance > 66) --level;
  if (distance > 80) --level;
  return std::min(std::max(level, 1), kMaxLevel);
}

Square SquareOf(const GeoPosition& position, int level) {
  const GeoCell cell = CellOfPosition(position);
  return {cell.longitude >> (kMaxLevel - level), cell.latitude >> (kMaxLevel - level)};
}

Bounds BoundsOf(const Square& square, int level) {
  const auto squares = static_cast<double>(uint64_t{1} << level);
  const auto edge = [squares](uint64_t number, double limit) {
    return -limit + (static_cast<double>(number) / squares) * (limit - -limit);
  };
  return {edge(square.longitude, kMaxLongitude), edge(square.latitude, kMaxLatitude),
          edge(uint64_t{square.longitude} + 1, kMaxLongitude),
          edge(uint64_t{square.latitude} + 1, kMaxLatitude)};
}

// Beyond the map's edge is its other side.
Square Moved(Square square, int level, int east, int north) {
  const uint32_t mask = (uint32_t{1} << level) - 1;
  if (east != 0) square.longitude = (square.longitude + static_cast<uint32_t>(east)) & mask;
  if (north != 0) square.latitude = (square.latitude + static_cast<uint32_t>(north)) & mask;
  return square;
}

bool ReachesBeyond(const Bounds& shape, const Square& center, int level) {
  return BoundsOf(Moved(center, level, 0, 1), level).max_latitude < shape.max_latitude ||
         BoundsOf(Moved(center, level, 0, -1), level).min_latitude > shape.min_latitude ||
         BoundsOf(Moved(center, level, 1, 0), level).max_longitude < shape.max_longitude ||
         BoundsOf(Moved(center, level, -1, 0), level).min_longitude > shape.min_longitude;
}

GeoScoreRange ScoresOf(const Square& square, int level) {
  const uint64_t bits = InterleavedBits({square.longitude, square.latitude});
  const int shift = 2 * (kMaxLevel - level);
  return {static_cast<double>(bits << shift), static_cast<double>((bits + 1) << shift)};
}

}  // namespace

std::optional<double> GeoShape::DistanceWithin(const GeoPosition& place) const {
  if (kind == Kind::kBox) {
    const double north =
        GeoDistance({place.longitude, place.latitude}, {place.longitude, center.latitude});
    if (north > height * unit / 2) return std::nullopt;
    const double east = GeoDistance(place, {center.longitude, place.latitude});
    if (east > width * unit / 2) return std::nullopt;
    return GeoDistance(center, place);
  }
  const double distance = GeoDistance(center, place);
  if (distance > radius * unit) return std::nullopt;
  return distance;
}

std::vector<GeoScoreRange> CoveringRanges(const GeoShape& shape) {
  const Bounds bounds = BoundsOf(shape);
  const double reach = shape.kind == GeoShape::Kind::kCircle
                           ? shape.radius
                           : std::sqrt((shape.width / 2) * (shape.width / 2) +
                                       (shape.height / 2) * (shape.height / 2));
  int level = EstimateLevel(reach * shape.unit, shape.center.latitude);
  Square center = SquareOf(shape.center, level);
  if (level > 1 && ReachesBeyond(bounds, center, level)) {
    --level;
    center = SquareOf(shape.center, level);
  }
  // What lies wholly on one side of the shape is left out.
  const Bounds middle = BoundsOf(center, level);
  const bool narrow = level >= 2;
  const bool no_south = narrow && middle.min_latitude < bounds.min_latitude;
  const bool no_north = narrow && middle.max_latitude > bounds.max_latitude;
  const bool no_west = narrow && middle.min_longitude < bounds.min_longitude;
  const bool no_east = narrow && middle.max_longitude > bounds.max_longitude;

  struct Step {
    int east;
    int north;
  };
  constexpr std::array<Step, 9> kSteps = {
      {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
  std::vector<GeoScoreRange> ranges;
  Square last = center;
  for (const Step& step : kSteps) {
    if ((step.north < 0 && no_south) || (step.north > 0 && no_north) ||
        (step.east < 0 && no_west) || (step.east > 0 && no_east)) {
      continue;
    }
    const Square square = Moved(center, level, step.east, step.north);
    // Where the whole map has but few squares, two neighbours can be one.
    if (!ranges.empty() && square == last) continue;
    ranges.push_back(ScoresOf(square, level));
    last = square;
  }
  return ranges;
}

}  // namespace datatypes
