// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/geo_position.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace datatypes {
namespace {

constexpr double kPoleLatitude = 90;
constexpr int kSteps = 26;
constexpr double kCells = 1ULL << kSteps;
constexpr std::string_view kGeoHashLetters = "0123456789bcdefghjkmnpqrstuvwxyz";
constexpr int kGeoHashBits = 5;
constexpr size_t kGeoHashChars = 11;

// Moves bit i to bit 2i.
uint64_t Spread(uint32_t bits) {
  uint64_t spread = bits;
  spread = (spread | spread << 16) & 0x0000ffff0000ffff;
  spread = (spread | spread << 8) & 0x00ff00ff00ff00ff;
  spread = (spread | spread << 4) & 0x0f0f0f0f0f0f0f0f;
  spread = (spread | spread << 2) & 0x3333333333333333;
  return (spread | spread << 1) & 0x5555555555555555;
}

// The other way round.
uint32_t Gather(uint64_t spread) {
  spread &= 0x5555555555555555;
  spread = (spread | spread >> 1) & 0x3333333333333333;
  spread = (spread | spread >> 2) & 0x0f0f0f0f0f0f0f0f;
  spread = (spread | spread >> 4) & 0x00ff00ff00ff00ff;
  spread = (spread | spread >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(spread | spread >> 16);
}

// The operations and their order decide about the last bit: they are Redis'.
uint32_t CellOf(double degrees, double limit) {
  const double offset = (degrees - -limit) / (limit - -limit) * kCells;
  return static_cast<uint32_t>(offset);
}

double MiddleOf(uint32_t cell, double limit) {
  const double scale = limit - -limit;
  const double low = -limit + (cell * 1.0 / kCells) * scale;
  const double high = -limit + ((uint64_t{cell} + 1) * 1.0 / kCells) * scale;
  return std::clamp((low + high) / 2, -limit, limit);
}

uint64_t CellBits(const GeoPosition& position, double max_latitude) {
  return InterleavedBits(
      {CellOf(position.longitude, kMaxLongitude), CellOf(position.latitude, max_latitude)});
}

double Radians(double degrees) {
  return degrees * (M_PI / 180.0);
}

}  // namespace

bool IsOnMap(const GeoPosition& position) {
  return position.longitude >= -kMaxLongitude && position.longitude <= kMaxLongitude &&
         position.latitude >= -kMaxLatitude && position.latitude <= kMaxLatitude;
}

GeoCell CellOfPosition(const GeoPosition& position) {
  return {CellOf(position.longitude, kMaxLongitude), CellOf(position.latitude, kMaxLatitude)};
}

uint64_t InterleavedBits(const GeoCell& cell) {
  return Spread(cell.latitude) | Spread(cell.longitude) << 1;
}

double GeoScore(const GeoPosition& position) {
  return static_cast<double>(CellBits(position, kMaxLatitude));
}

GeoPosition PositionOfScore(double score) {
  // A set made by ZADD can hold any score.
  const uint64_t bits = score >= 0 && score < 0x1p63 ? static_cast<uint64_t>(score) : 0;
  return {MiddleOf(Gather(bits >> 1), kMaxLongitude), MiddleOf(Gather(bits), kMaxLatitude)};
}

// The haversine formula.
double GeoDistance(const GeoPosition& a, const GeoPosition& b) {
  const double v = std::sin((Radians(b.longitude) - Radians(a.longitude)) / 2);
  const double latitude_a = Radians(a.latitude);
  const double latitude_b = Radians(b.latitude);
  if (v == 0.0) return kEarthRadiusMetres * std::fabs(latitude_b - latitude_a);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  return 2.0 * kEarthRadiusMetres *
         std::asin(std::sqrt(u * u + std::cos(latitude_a) * std::cos(latitude_b) * v * v));
}

std::string GeoHashText(const GeoPosition& position) {
  const uint64_t bits = CellBits(position, kPoleLatitude);
  std::string text;
  for (size_t i = 0; i + 1 < kGeoHashChars; ++i) {
    const auto shift = 2 * kSteps - static_cast<int>(i + 1) * kGeoHashBits;
    text += kGeoHashLetters[bits >> shift & (kGeoHashLetters.size() - 1)];
  }
  return text + kGeoHashLetters[0];  // Two bits are left, which do not count.
}

}  // namespace datatypes
