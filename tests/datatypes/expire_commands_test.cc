// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

TEST_CASE("a key vanishes at its millisecond") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "a", "1"});
    CHECK(server.Run({"PEXPIRE", "a", "1000"}) == ":1");
    server.Advance(999);
    CHECK(server.Run({"GET", "a"}) == "\"1\"");
    CHECK(server.Run({"PTTL", "a"}) == ":1");
    server.Advance(1);
    CHECK(server.Run({"GET", "a"}) == "nil$");
    CHECK(server.Run({"DBSIZE"}) == ":0");
  });
}

TEST_CASE("TTL rounds to the nearest second") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.Run({"PEXPIRE", "a", "1499"});
  CHECK(server.Run({"TTL", "a"}) == ":1");
  server.Run({"PEXPIRE", "a", "1500"});
  CHECK(server.Run({"TTL", "a"}) == ":2");
}

TEST_CASE("the times of a key can be told in four ways, with -1 and -2 for none") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  const std::string at_s = std::to_string(server.now_ms() / 1000 + 50);
  for (const char* command : {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}) {
    CHECK(server.Run({command, "a"}) == ":-1");
    CHECK(server.Run({command, "none"}) == ":-2");
  }
  CHECK(server.Run({"EXPIREAT", "a", at_s}) == ":1");
  CHECK(server.Run({"TTL", "a"}) == ":50");
  CHECK(server.Run({"PTTL", "a"}) == ":50000");
  CHECK(server.Run({"EXPIRETIME", "a"}) == ":" + at_s);
  CHECK(server.Run({"PEXPIRETIME", "a"}) == ":" + at_s + "000");
  CHECK(server.Run({"PEXPIREAT", "a", at_s + "500"}) == ":1");
  CHECK(server.Run({"PTTL", "a"}) == ":50500");
  CHECK(server.Run({"EXPIRE", "none", "10"}) == ":0");
}

TEST_CASE("an expiry survives a restart") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.Run({"EXPIRE", "a", "100"});
  server.Reopen();
  CHECK(server.Run({"TTL", "a"}) == ":100");
  server.Advance(100'000);
  CHECK(server.Run({"EXISTS", "a"}) == ":0");
}

TEST_CASE("PERSIST lets a key stay") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "a", "1"});
    CHECK(server.Run({"PERSIST", "a"}) == ":0");
    server.Run({"EXPIRE", "a", "10"});
    CHECK(server.Run({"PERSIST", "a"}) == ":1");
    CHECK(server.Run({"PERSIST", "none"}) == ":0");
    server.Advance(20'000);
    CHECK(server.Run({"GET", "a"}) == "\"1\"");
  });
}

TEST_CASE("conditions compare with the expiry there is") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  CHECK(server.Run({"EXPIRE", "a", "10", "XX"}) == ":0");
  CHECK(server.Run({"EXPIRE", "a", "10", "GT"}) == ":0");
  CHECK(server.Run({"EXPIRE", "a", "10", "nx"}) == ":1");
  CHECK(server.Run({"EXPIRE", "a", "20", "NX"}) == ":0");
  CHECK(server.Run({"EXPIRE", "a", "10", "GT"}) == ":0");
  CHECK(server.Run({"EXPIRE", "a", "11", "GT"}) == ":1");
  CHECK(server.Run({"EXPIRE", "a", "11", "LT"}) == ":0");
  CHECK(server.Run({"EXPIRE", "a", "5", "LT", "XX"}) == ":1");
  server.Run({"PERSIST", "a"});
  CHECK(server.Run({"EXPIRE", "a", "5", "LT"}) == ":1");
}

TEST_CASE("conditions that exclude each other are refused") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  CHECK(server.Run({"EXPIRE", "a", "10", "NX", "XX"}) ==
        "-ERR NX and XX, GT or LT options at the same time are not compatible");
  CHECK(server.Run({"EXPIRE", "a", "10", "GT", "LT"}) ==
        "-ERR GT and LT options at the same time are not compatible");
  CHECK(server.Run({"EXPIRE", "a", "10", "foo"}) == "-ERR Unsupported option foo");
}

TEST_CASE("times that overflow are refused, times that have passed delete") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  CHECK(server.Run({"EXPIRE", "a", "9223372036854775807"}) ==
        "-ERR invalid expire time in 'expire' command");
  CHECK(server.Run({"EXPIRE", "a", "-9223372036854775807"}) ==
        "-ERR invalid expire time in 'expire' command");
  CHECK(server.Run({"PEXPIRE", "a", "9223372036854775807"}) ==
        "-ERR invalid expire time in 'pexpire' command");
  CHECK(server.Run({"PEXPIREAT", "a", "9223372036854775807"}) == ":1");
  CHECK(server.Run({"EXPIRETIME", "a"}) == ":9223372036854776");
  CHECK(server.Run({"EXPIRE", "a", "1.5"}) == "-ERR value is not an integer or out of range");
  server.RecordEvents();
  CHECK(server.Run({"EXPIRE", "a", "-1"}) == ":1");
  CHECK(server.Run({"EXISTS", "a"}) == ":0");
  CHECK(server.TakeEvents() == Events{"del a", "keymiss a"});
}

TEST_CASE("what happens to an expiry is announced") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.RecordEvents();
  server.Run({"EXPIRE", "a", "10"});
  server.Run({"PERSIST", "a"});
  server.Run({"PEXPIRE", "a", "10"});
  CHECK(server.TakeEvents() == Events{"expire a", "persist a", "expire a"});
  server.Advance(10);
  Events events;
  server.WaitUntil([&] {
    events = server.TakeEvents();
    return !events.empty();
  });
  CHECK(events == Events{"expired a"});
}

}  // namespace
}  // namespace datatypes
