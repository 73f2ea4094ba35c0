// SPDX-License-Identifier: BSD-3-Clause
#include <doctest/doctest.h>

#include "datatypes/geo_position.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

TEST_CASE("places have the scores that Redis gives them") {
  CHECK(GeoScore({13.361389, 38.115556}) == 3479099956230698.0);
  CHECK(GeoScore({15.087269, 37.502669}) == 3479447370796909.0);
  CHECK(GeoScore({-180, -85.05112878}) == 0);
}

TEST_CASE("the limits of the map are on it, and nothing beyond") {
  CHECK(IsOnMap({180, 85.05112878}));
  CHECK_FALSE(IsOnMap({180.000001, 0}));
  CHECK_FALSE(IsOnMap({0, -85.05112879}));
}

TEST_CASE("the text of a geohash is the common one") {
  CHECK(GeoHashText(PositionOfScore(3479099956230698.0)) == "sqc8b49rny0");
}

TEST_CASE("GEOADD, GEOPOS, GEODIST and GEOHASH agree about places") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania") ==
          ":2");
    CHECK(server.RunLine("GEOADD g XX CH 13.361389 38.115556 Palermo 1 1 nosuch") == ":0");
    CHECK(server.RunLine("ZSCORE g Palermo") == "\"3479099956230698\"");
    CHECK(server.RunLine("GEODIST g Palermo Catania") == "\"166274.1516\"");
    CHECK(server.RunLine("GEODIST g Palermo Catania km") == "\"166.2742\"");
    CHECK(server.RunLine("GEODIST g Palermo nosuch") == "nil$");
    CHECK(server.RunLine("GEOHASH g Palermo nosuch Catania") ==
          "[\"sqc8b49rny0\", nil$, \"sqdtr74hyu0\"]");
    CHECK(server.RunLine("GEOPOS g Palermo nosuch") ==
          "[[\"13.36138933897018433\", \"38.11555639549629859\"], nil*]");
  });
}

TEST_CASE("geo commands refuse what is no place, no unit or no sorted set") {
  TestServer server;
  CHECK(server.RunLine("GEOADD g 181 0 a") ==
        "-ERR invalid longitude,latitude pair 181.000000,0.000000");
  CHECK(server.RunLine("GEOADD g x 0 a") == "-ERR value is not a valid float");
  CHECK(server.RunLine("GEOADD g NX XX 0 0 a") == "-ERR syntax error");
  CHECK(server.RunLine("GEODIST g a b x") ==
        "-ERR unsupported unit provided. please use M, KM, FT, MI");
  server.RunLine("SET s x");
  for (const char* line : {"GEOADD s 0 0 a", "GEOPOS s a", "GEODIST s a b", "GEOHASH s a"}) {
    CAPTURE(line);
    CHECK(server.RunLine(line) ==
          "-WRONGTYPE Operation against a key holding the wrong kind of value");
  }
}

}  // namespace
}  // namespace datatypes
