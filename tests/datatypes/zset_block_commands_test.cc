// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "datatypes/errors.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

TEST_CASE("BZPOPMIN, BZPOPMAX and BZMPOP answer at once when there is a member") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("ZADD b 1 a 2 b 3 c 4 d 5 e");
    CHECK(server.RunLine("BZPOPMIN a b 0") == "[\"b\", \"a\", \"1\"]");
    CHECK(server.RunLine("BZPOPMAX a b 0") == "[\"b\", \"e\", \"5\"]");
    CHECK(server.RunLine("BZMPOP 0 2 a b MIN COUNT 2") ==
          "[\"b\", [[\"b\", \"2\"], [\"c\", \"3\"]]]");
    CHECK(server.RunLine("BZMPOP 0 2 a b MAX COUNT 9") == "[\"b\", [[\"d\", \"4\"]]]");
    CHECK(server.RunLine("EXISTS b") == ":0");
  });
}

TEST_CASE("clients that wait for a sorted set are served in the order in which they came") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine(1, "BZPOPMIN z 0") == "(blocked)");
    CHECK(server.RunLine(2, "BZPOPMAX z 0") == "(blocked)");
    CHECK(server.RunLine(3, "BZMPOP 0 1 z MIN COUNT 2") == "(blocked)");
    CHECK(server.RunLine("ZADD z 1 a 2 b") == ":2");
    CHECK(server.Replies(1) == "[\"z\", \"a\", \"1\"]");
    CHECK(server.Replies(2) == "[\"z\", \"b\", \"2\"]");
    CHECK(server.Replies(3) == "");
    CHECK(server.RunLine("ZADD z 3 c 4 d 5 e") == ":3");
    CHECK(server.Replies(3) == "[\"z\", [[\"c\", \"3\"], [\"d\", \"4\"]]]");
    CHECK(server.RunLine("ZRANGE z 0 -1") == "[\"e\"]");
    CHECK(server.dispatcher().blocked_sessions() == 0);
  });
}

TEST_CASE("every command that makes a sorted set wakes who waits for it") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("ZADD src 1 a 2 b");
    server.RunLine("GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b");
    for (const std::string_view maker :
         {"ZADD z 1 a", "ZADD z INCR 1 a", "ZINCRBY z 1 a", "ZUNIONSTORE z 1 src",
          "ZINTERSTORE z 2 src src", "ZDIFFSTORE z 2 src none", "ZRANGESTORE z src 0 0",
          "COPY src z", "RENAME src z", "RENAMENX src z", "GEOADD z 1 1 a"}) {
      CAPTURE(maker);
      CHECK(server.RunLine(1, "BZPOPMIN z 0") == "(blocked)");
      server.RunLine(maker);
      CHECK(server.Replies(1).starts_with("[\"z\", \"a\", "));
      server.RunLine("DEL z src");
      server.RunLine("ZADD src 1 a 2 b");
    }
    server.session(2).SelectDb(1);
    CHECK(server.RunLine(2, "BZPOPMAX src 0") == "(blocked)");
    server.RunLine("MOVE src 1");
    CHECK(server.Replies(2) == "[\"src\", \"b\", \"2\"]");
    CHECK(server.RunLine(1, "BZPOPMAX src 0") == "(blocked)");
    server.RunLine("SWAPDB 0 1");
    CHECK(server.Replies(1) == "[\"src\", \"a\", \"1\"]");
  });
}

TEST_CASE("a key of another type does not end the wait for a sorted set") {
  TestServer server;
  CHECK(server.RunLine(1, "BZPOPMIN z 0") == "(blocked)");
  server.RunLine("SET z 1");
  CHECK(server.Replies(1) == "");
  server.RunLine("DEL z");
  server.RunLine("RPUSH z 1");
  CHECK(server.Replies(1) == "");
  server.RunLine("DEL z");
  server.RunLine("ZADD z 1 a");
  CHECK(server.Replies(1) == "[\"z\", \"a\", \"1\"]");
}

TEST_CASE("members that are gone again by the end of EXEC wake nobody") {
  TestServer server;
  CHECK(server.RunLine(1, "BZPOPMIN z 0") == "(blocked)");
  server.RunNow({"ZADD", "z", "1", "a"});
  CHECK(server.RunNow({"BZPOPMIN", "z", "0"}) == "[\"z\", \"a\", \"1\"]");
  CHECK(server.RunNow({"BZPOPMIN", "z", "0"}) == "nil*");
  CHECK(server.RunNow({"BZMPOP", "0", "1", "z", "MIN"}) == "nil*");
  server.RunLine("PING");
  CHECK(server.Replies(1) == "");
}

TEST_CASE("waits for sorted sets end at their time, or by CLIENT UNBLOCK") {
  TestServer server;
  CHECK(server.RunLine(1, "BZPOPMIN z 0.0015") == "(blocked)");
  CHECK(server.RunLine(2, "BZMPOP 1.5 1 z MIN") == "(blocked)");
  CHECK(server.RunLine(3, "BZPOPMAX z 0") == "(blocked)");
  server.Advance(1);
  CHECK(server.Replies(1) == "");
  server.Advance(1);
  CHECK(server.Replies(1) == "nil*");
  server.Advance(1498);
  CHECK(server.Replies(2) == "nil*");
  const Error error(kUnblocked);
  CHECK(server.dispatcher().Unblock(server.session(3), &error));
  CHECK(server.Replies(3) == "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK(server.RunLine("BZPOPMIN z x") == "-ERR timeout is not a float or out of range");
  CHECK(server.RunLine("BZPOPMIN z -1") == "-ERR timeout is negative");
}

TEST_CASE("a pop that was waited for is announced after the ZADD") {
  TestServer server;
  server.RecordEvents();
  CHECK(server.RunLine(1, "BZPOPMAX z 0") == "(blocked)");
  server.RunLine("ZADD z 1 a");
  std::string events;
  for (const std::string& event : server.TakeEvents()) events += event + ", ";
  CHECK(events == "new z, zadd z, zpopmax z, del z, ");
}

}  // namespace
}  // namespace datatypes
