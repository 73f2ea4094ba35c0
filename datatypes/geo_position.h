// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace datatypes {

// Places on earth as scores of sorted sets, bit for bit as Redis has them: the cell of a grid of
// 2^26 × 2^26 over the longitudes and the latitudes that a web map shows, its two numbers with
// their bits in turn (latitude lowest), 52 in all.

struct GeoPosition {
  double longitude = 0;
  double latitude = 0;
};
// A cell of the grid, or a square of a coarser one.
struct GeoCell {
  uint32_t longitude = 0;
  uint32_t latitude = 0;
};

inline constexpr double kMaxLongitude = 180;
inline constexpr double kMaxLatitude = 85.05112878;  // Of the Mercator projection.
inline constexpr double kEarthRadiusMetres = 6372797.560856;

// Whether it can be a member of a geo set.
bool IsOnMap(const GeoPosition& position);
// Requires IsOnMap().
double GeoScore(const GeoPosition& position);
GeoCell CellOfPosition(const GeoPosition& position);
// The two numbers' bits in turn.
uint64_t InterleavedBits(const GeoCell& cell);
// The middle of the score's cell.
GeoPosition PositionOfScore(double score);

// On a sphere, in metres.
double GeoDistance(const GeoPosition& a, const GeoPosition& b);
// The common text form of a geohash: 11 letters and digits, the last always 0.
std::string GeoHashText(const GeoPosition& position);

}  // namespace datatypes
