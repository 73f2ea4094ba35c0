// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "datatypes/errors.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

TEST_CASE("a blocking pop answers at once when there is an element") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH b 1 2 3 4");
    CHECK(server.RunLine("BLPOP a b 0") == "[\"b\", \"1\"]");
    CHECK(server.RunLine("BRPOP a b 0") == "[\"b\", \"4\"]");
    CHECK(server.RunLine("BLMOVE b c LEFT RIGHT 0") == "\"2\"");
    CHECK(server.RunLine("BRPOPLPUSH b c 0") == "\"3\"");
    CHECK(server.RunLine("BLMPOP 0 2 a c LEFT COUNT 9") == "[\"c\", [\"3\", \"2\"]]");
  });
}

TEST_CASE("the client that came first is served first, each with one element") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
    CHECK(server.RunLine(2, "BRPOP l 0") == "(blocked)");
    CHECK(server.RunLine(3, "BLPOP l 0") == "(blocked)");
    CHECK(server.dispatcher().blocked_sessions() == 3);
    CHECK(server.RunLine("RPUSH l a b") == ":2");
    CHECK(server.Replies(1) == "[\"l\", \"a\"]");
    CHECK(server.Replies(2) == "[\"l\", \"b\"]");
    CHECK(server.Replies(3) == "");
    CHECK(server.RunLine("EXISTS l") == ":0");
    CHECK(server.RunLine("LPUSH l c d") == ":2");
    CHECK(server.Replies(3) == "[\"l\", \"d\"]");
    CHECK(server.RunLine("LRANGE l 0 -1") == "[\"c\"]");
    CHECK(server.dispatcher().blocked_sessions() == 0);
    CHECK(server.session(1).unparked == 1);
  });
}

TEST_CASE("a client that waits for several keys gets from the first of them that has elements") {
  TestServer server;
  CHECK(server.RunLine(1, "BLPOP a b c a 0") == "(blocked)");
  CHECK(server.RunLine("RPUSH c 1") == ":1");
  CHECK(server.Replies(1) == "[\"c\", \"1\"]");
  CHECK(server.RunLine("RPUSH a 1") == ":1");
  CHECK(server.RunLine("LLEN a") == ":1");
}

TEST_CASE("elements that are gone again by the end of EXEC wake nobody") {
  TestServer server;
  CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
  server.RunNow({"RPUSH", "l", "1"});
  server.RunNow({"DEL", "l"});
  server.RunLine("PING");
  CHECK(server.Replies(1) == "");
  CHECK(server.RunLine("SET l 1") == "+OK");
  CHECK(server.Replies(1) == "");
  server.RunLine("DEL l");
  CHECK(server.RunLine("RPUSH l 2") == ":1");
  CHECK(server.Replies(1) == "[\"l\", \"2\"]");
}

TEST_CASE("every command that makes a list wakes who waits for it") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH src 1 2");
    CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
    server.RunLine("RENAME src l");
    CHECK(server.Replies(1) == "[\"l\", \"1\"]");

    server.RunLine("RENAME l src");
    CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
    server.RunLine("COPY src l");
    CHECK(server.Replies(1) == "[\"l\", \"2\"]");

    CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
    server.RunLine("LMOVE src l LEFT LEFT");
    CHECK(server.Replies(1) == "[\"l\", \"2\"]");

    server.session(2).SelectDb(1);
    CHECK(server.RunLine(2, "BLPOP m 0") == "(blocked)");
    server.RunLine("RPUSH m 3 4");
    CHECK(server.Replies(2) == "");
    server.RunLine("MOVE m 1");
    CHECK(server.Replies(2) == "[\"m\", \"3\"]");

    CHECK(server.RunLine(1, "BLPOP m 0") == "(blocked)");
    server.RunLine("SWAPDB 0 1");
    CHECK(server.Replies(1) == "[\"m\", \"4\"]");
  });
}

TEST_CASE("what a served client pushes serves the next") {
  TestServer server;
  CHECK(server.RunLine(1, "BLMOVE a b LEFT RIGHT 0") == "(blocked)");
  CHECK(server.RunLine(2, "BRPOPLPUSH b c 0") == "(blocked)");
  CHECK(server.RunLine(3, "BLMPOP 0 2 x c LEFT COUNT 2") == "(blocked)");
  CHECK(server.RunLine("RPUSH a 1") == ":1");
  CHECK(server.Replies(1) == "\"1\"");
  CHECK(server.Replies(2) == "\"1\"");
  CHECK(server.Replies(3) == "[\"c\", [\"1\"]]");
  CHECK(server.RunLine("EXISTS a b c") == ":0");
}

TEST_CASE("a destination of another type ends the wait with an error, and takes nothing") {
  TestServer server;
  server.RunLine("SET s 1");
  CHECK(server.RunLine(1, "BLMOVE l s LEFT LEFT 0") == "(blocked)");
  CHECK(server.RunLine("RPUSH l 1") == ":1");
  CHECK(server.Replies(1) == "-WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.RunLine("LLEN l") == ":1");
}

TEST_CASE("a wait ends at its time, to the millisecond, and not before") {
  TestServer server;
  CHECK(server.RunLine(1, "BLPOP l 0.0015") == "(blocked)");
  CHECK(server.RunLine(2, "BLMOVE l m LEFT LEFT 1.5") == "(blocked)");
  CHECK(server.RunLine(3, "BLPOP l 0") == "(blocked)");
  server.Advance(1);
  CHECK(server.Replies(1) == "");
  server.Advance(1);
  CHECK(server.Replies(1) == "nil*");
  server.Advance(1497);
  CHECK(server.Replies(2) == "");
  server.Advance(1);
  CHECK(server.Replies(2) == "nil*");
  server.Advance(1'000'000'000);
  CHECK(server.Replies(3) == "");
  CHECK(server.RunLine("RPUSH l a b") == ":2");
  CHECK(server.Replies(3) == "[\"l\", \"a\"]");
}

TEST_CASE("a time-out must be a number of seconds that is not negative") {
  TestServer server;
  CHECK(server.RunLine("BLPOP l x") == "-ERR timeout is not a float or out of range");
  CHECK(server.RunLine("BLPOP l -1") == "-ERR timeout is negative");
  CHECK(server.RunLine("BLPOP l 1e300") == "-ERR timeout is out of range");
  CHECK(server.RunLine("BLPOP l 9223372036854775") == "-ERR timeout is out of range");
  CHECK(server.RunLine("BRPOPLPUSH l m x") == "-ERR timeout is not a float or out of range");
  CHECK(server.RunLine("BLMOVE l m UP LEFT x") == "-ERR syntax error");
}

TEST_CASE("a key of another type is an error at first, and no reason to end a wait later") {
  TestServer server;
  server.RunLine("SET l 1");
  CHECK(server.RunLine("BLPOP l 0").starts_with("-WRONGTYPE"));
  CHECK(server.RunLine("BLMPOP 0 1 l LEFT").starts_with("-WRONGTYPE"));
  server.RunLine("DEL l");
  CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
  server.RunLine("SET l 1");
  CHECK(server.Replies(1) == "");
}

TEST_CASE("within EXEC and scripts nobody waits") {
  TestServer server;
  CHECK(server.RunNow({"BLPOP", "l", "0"}) == "nil*");
  CHECK(server.RunNow({"BLMPOP", "0", "1", "l", "LEFT"}) == "nil*");
  CHECK(server.RunNow({"BLMOVE", "l", "m", "LEFT", "LEFT", "0"}) == "nil$");
  server.RunLine("RPUSH l 1");
  CHECK(server.RunNow({"BLPOP", "l", "0"}) == "[\"l\", \"1\"]");
}

TEST_CASE("CLIENT UNBLOCK and a client that leaves take it out of the line") {
  TestServer server;
  CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
  CHECK(server.RunLine(2, "BLPOP l 0") == "(blocked)");
  CHECK(server.RunLine(3, "BLPOP l 0") == "(blocked)");
  CHECK(server.RunLine(4, "BLPOP l 0") == "(blocked)");
  server.dispatcher().Cancel(server.session(1));
  CHECK(server.dispatcher().Unblock(server.session(2), nullptr));
  const Error error(kUnblocked);
  CHECK(server.dispatcher().Unblock(server.session(3), &error));
  CHECK(server.Replies(2) == "nil*");
  CHECK(server.Replies(3) == "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK(server.RunLine("RPUSH l a b") == ":2");
  CHECK(server.Replies(1) == "");
  CHECK(server.Replies(4) == "[\"l\", \"a\"]");
  CHECK(server.RunLine("LLEN l") == ":1");
}

TEST_CASE("a served pop is announced after the push") {
  TestServer server;
  server.RecordEvents();
  CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
  server.RunLine("RPUSH l a");
  std::string events;
  for (const std::string& event : server.TakeEvents()) events += event + ", ";
  CHECK(events == "new l, rpush l, lpop l, del l, ");
}

}  // namespace
}  // namespace datatypes
