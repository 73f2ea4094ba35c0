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

// Whether it can be a member of a geo set.
bool IsOnMap(const GeoPosition& position);
// Requires IsOnMap().
double GeoScore(const GeoPosition& position);
// The middle of the score's cell.
GeoPosition PositionOfScore(double score);

// On a sphere, in metres.
double GeoDistance(const GeoPosition& a, const GeoPosition& b);
// The common text form of a geohash: 11 letters and digits, the last always 0.
std::string GeoHashText(const GeoPosition& position);

}  // namespace datatypes
