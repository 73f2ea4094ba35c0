// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

TEST_CASE("RENAME takes the value and its expiry along, over what was there") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "a", "1", "PX", "5000"});
    server.Run({"SET", "b", "2"});
    CHECK(server.Run({"RENAME", "a", "b"}) == "+OK");
    CHECK(server.Run({"GET", "b"}) == "\"1\"");
    CHECK(server.Run({"PTTL", "b"}) == ":5000");
    CHECK(server.Run({"EXISTS", "a"}) == ":0");
    CHECK(server.Run({"DBSIZE"}) == ":1");
  });
}

TEST_CASE("RENAME to itself is fine if the key exists") {
  TestServer server;
  CHECK(server.Run({"RENAME", "a", "a"}) == "-ERR no such key");
  CHECK(server.Run({"RENAME", "a", "b"}) == "-ERR no such key");
  server.Run({"SET", "a", "1"});
  CHECK(server.Run({"RENAME", "a", "a"}) == "+OK");
  CHECK(server.Run({"RENAMENX", "a", "a"}) == ":0");
  CHECK(server.Run({"GET", "a"}) == "\"1\"");
}

TEST_CASE("RENAMENX does not replace") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"MSET", "a", "1", "b", "2"});
    CHECK(server.Run({"RENAMENX", "a", "b"}) == ":0");
    CHECK(server.Run({"RENAMENX", "a", "c"}) == ":1");
    CHECK(server.Run({"MGET", "a", "b", "c"}) == "[nil$, \"2\", \"1\"]");
    CHECK(server.Run({"RENAMENX", "none", "d"}) == "-ERR no such key");
  });
}

TEST_CASE("MOVE moves between databases, and only to where the key is free") {
  TestServer::InEachMode([](TestServer& server) {
    server.session(1).SelectDb(1);
    server.Run({"SET", "a", "1"});
    server.Run({"SET", "b", "1"});
    server.Run(1, {"SET", "b", "2"});
    CHECK(server.Run({"MOVE", "a", "1"}) == ":1");
    CHECK(server.Run({"MOVE", "a", "1"}) == ":0");
    CHECK(server.Run({"MOVE", "b", "1"}) == ":0");
    CHECK(server.Run(1, {"MGET", "a", "b"}) == "[\"1\", \"2\"]");
    CHECK(server.Run({"EXISTS", "a"}) == ":0");
  });
}

TEST_CASE("MOVE checks its database") {
  TestServer server;
  CHECK(server.Run({"MOVE", "a", "0"}) == "-ERR source and destination objects are the same");
  CHECK(server.Run({"MOVE", "a", "99"}) == "-ERR DB index is out of range");
  CHECK(server.Run({"MOVE", "a", "x"}) == "-ERR value is not an integer or out of range");
}

TEST_CASE("COPY copies a string with its expiry") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "a", "1", "PX", "5000"});
    CHECK(server.Run({"COPY", "a", "b"}) == ":1");
    server.Run({"APPEND", "a", "x"});
    CHECK(server.Run({"GET", "b"}) == "\"1\"");
    CHECK(server.Run({"PTTL", "b"}) == ":5000");
    CHECK(server.Run({"COPY", "a", "b"}) == ":0");
    CHECK(server.Run({"COPY", "a", "b", "REPLACE"}) == ":1");
    CHECK(server.Run({"GET", "b"}) == "\"1x\"");
    CHECK(server.Run({"COPY", "none", "c"}) == ":0");
  });
}

TEST_CASE("COPY reaches other databases") {
  TestServer::InEachMode([](TestServer& server) {
    server.session(1).SelectDb(1);
    server.Run({"SET", "a", "1"});
    CHECK(server.Run({"COPY", "a", "a", "DB", "1"}) == ":1");
    CHECK(server.Run(1, {"GET", "a"}) == "\"1\"");
    CHECK(server.Run({"COPY", "a", "a", "db", "1", "replace"}) == ":1");
  });
}

TEST_CASE("COPY checks its options") {
  TestServer server;
  CHECK(server.Run({"COPY", "a", "a"}) == "-ERR source and destination objects are the same");
  CHECK(server.Run({"COPY", "a", "b", "DB", "99"}) == "-ERR DB index is out of range");
  CHECK(server.Run({"COPY", "a", "b", "DB", "x"}) ==
        "-ERR value is not an integer or out of range");
  CHECK(server.Run({"COPY", "a", "b", "DB"}) == "-ERR syntax error");
}

TEST_CASE("COPY of a collection makes one of its own") {
  TestServer::InEachMode([](TestServer& server) {
    server.MakeKeyOfAnotherType("h", kHash);
    CHECK(server.Run({"COPY", "h", "h2"}) == ":1");
    CHECK(server.Run({"DEL", "h"}) == ":1");
    server.Reopen();
    CHECK(server.Run({"TYPE", "h2"}) == "+hash");
    lsm::Result<lsm::Entry*> entry = server.store().FindOrLoad(0, "h2");
    REQUIRE(entry.has_value());
    lsm::Collection& rows = (*entry)->collection();
    CHECK(rows.count() == 1);
    CHECK(rows.Find("field").value() == "value");
  });
}

TEST_CASE("COPY of a long string copies all its bytes") {
  TestServer::InEachMode([](TestServer& server) {
    const std::string text(200'000, 'x');
    server.Run({"SET", "long", text});
    CHECK(server.Run({"COPY", "long", "copy"}) == ":1");
    server.Run({"SETRANGE", "long", "0", "y"});
    CHECK(server.Run({"GET", "copy"}) == "\"" + text + "\"");
  });
}

TEST_CASE("moves are announced where they begin and where they end") {
  TestServer server;
  server.Run({"MSET", "a", "1"});
  server.RecordEvents(~kNotifyKeyMiss);
  server.Run({"RENAME", "a", "b"});
  CHECK(server.TakeEvents() == Events{"new b", "rename_from a", "rename_to b"});
  server.Run({"COPY", "b", "c"});
  CHECK(server.TakeEvents() == Events{"new c", "copy_to c"});
  server.Run({"MOVE", "c", "1"});
  CHECK(server.TakeEvents() == Events{"1:new c", "move_from c", "1:move_to c"});
}

}  // namespace
}  // namespace datatypes
