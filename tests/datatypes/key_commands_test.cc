// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

TEST_CASE("DEL replies with the number of keys that were there") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"MSET", "a", "1", "b", "2", "c", "3"});
    CHECK(server.Run({"DEL", "a", "b", "a", "none"}) == ":2");
    CHECK(server.Run({"EXISTS", "a", "b", "c"}) == ":1");
    CHECK(server.Run({"UNLINK", "c", "none"}) == ":1");
    CHECK(server.Run({"DBSIZE"}) == ":0");
  });
}

TEST_CASE("DEL announces each key it deletes") {
  TestServer server;
  server.Run({"MSET", "a", "1", "b", "2"});
  server.RecordEvents();
  server.Run({"DEL", "a", "none", "b"});
  CHECK(server.TakeEvents() == Events{"del a", "del b"});
}

TEST_CASE("a deleted key stays away after a restart") {
  TestServer server;
  server.Run({"MSET", "a", "1", "b", "2"});
  server.Run({"DEL", "a"});
  server.Reopen();
  CHECK(server.Run({"EXISTS", "a"}) == ":0");
  CHECK(server.Run({"GET", "b"}) == "\"2\"");
}

TEST_CASE("EXISTS counts a key as often as it is named") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  CHECK(server.Run({"EXISTS", "a", "a", "b"}) == ":2");
  CHECK(server.Run({"EXISTS"}) == "-ERR wrong number of arguments for 'exists' command");
}

TEST_CASE("TYPE names the type, or none") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "a", "1"});
    server.MakeKeyOfAnotherType("h", kHash);
    CHECK(server.Run({"TYPE", "a"}) == "+string");
    CHECK(server.Run({"TYPE", "h"}) == "+hash");
    CHECK(server.Run({"TYPE", "none"}) == "+none");
  });
}

TEST_CASE("TOUCH counts as a use, TYPE and OBJECT do not") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.Advance(100'000);
  CHECK(server.Run({"TYPE", "a"}) == "+string");
  CHECK(server.Run({"OBJECT", "IDLETIME", "a"}) == ":100");
  server.session().set_no_touch(true);
  server.Run({"GET", "a"});
  CHECK(server.Run({"OBJECT", "IDLETIME", "a"}) == ":100");
  CHECK(server.Run({"TOUCH", "a", "b"}) == ":1");
  CHECK(server.Run({"OBJECT", "IDLETIME", "a"}) == ":0");
}

TEST_CASE("OBJECT ENCODING tells what Redis would have") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "i", "123"});
    server.Run({"SET", "e", std::string(44, 'x')});
    server.Run({"SET", "r", std::string(45, 'x')});
    server.Run({"SET", "edited", "a"});
    server.Run({"APPEND", "edited", "b"});
    server.MakeKeyOfAnotherType("h", kHash);
    server.Run({"SADD", "s", "a"});
    CHECK(server.Run({"OBJECT", "ENCODING", "i"}) == "\"int\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "e"}) == "\"embstr\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "r"}) == "\"raw\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "edited"}) == "\"raw\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "h"}) == "\"listpack\"");
    server.Run({"HSET", "h", "f", std::string(65, 'x')});
    CHECK(server.Run({"OBJECT", "ENCODING", "h"}) == "\"hashtable\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "s"}) == "\"listpack\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "none"}) == "nil$");
  });
}

TEST_CASE("OBJECT FREQ needs an LFU policy, OBJECT IDLETIME refuses one") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  CHECK(server.Run({"OBJECT", "FREQ", "a"}).starts_with("-ERR An LFU maxmemory policy is not"));
  server.settings().lfu_policy = true;
  CHECK(server.Run({"OBJECT", "FREQ", "a"}).starts_with(":"));
  CHECK(server.Run({"OBJECT", "IDLETIME", "a"})
            .starts_with("-ERR An LFU maxmemory policy is selected"));
  CHECK(server.Run({"OBJECT", "FREQ", "none"}) == "nil$");
}

TEST_CASE("OBJECT REFCOUNT shows small integers as shared") {
  TestServer server;
  server.Run({"MSET", "a", "9999", "b", "10000", "c", "x"});
  CHECK(server.Run({"OBJECT", "REFCOUNT", "a"}) == ":2147483647");
  CHECK(server.Run({"OBJECT", "REFCOUNT", "b"}) == ":1");
  CHECK(server.Run({"OBJECT", "REFCOUNT", "c"}) == ":1");
}

TEST_CASE("OBJECT explains itself and rejects the unknown") {
  TestServer server;
  CHECK(server.Run({"OBJECT", "HELP"}).starts_with("[+OBJECT <subcommand>"));
  CHECK(server.Run({"OBJECT", "FOO"}) == "-ERR unknown subcommand 'FOO'. Try OBJECT HELP.");
  CHECK(server.Run({"OBJECT"}) == "-ERR wrong number of arguments for 'object' command");
  CHECK(server.Run({"OBJECT", "ENCODING"}) ==
        "-ERR wrong number of arguments for 'object|encoding' command");
}

TEST_CASE("DBSIZE, FLUSHDB and FLUSHALL see a database as a whole") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"MSET", "a", "1", "b", "2"});
    server.session(1).SelectDb(1);
    server.Run(1, {"SET", "c", "3"});
    CHECK(server.Run({"DBSIZE"}) == ":2");
    CHECK(server.Run({"FLUSHDB", "async"}) == "+OK");
    CHECK(server.Run({"DBSIZE"}) == ":0");
    CHECK(server.Run({"GET", "a"}) == "nil$");
    CHECK(server.Run(1, {"GET", "c"}) == "\"3\"");
    CHECK(server.Run({"FLUSHALL", "SYNC"}) == "+OK");
    CHECK(server.Run(1, {"DBSIZE"}) == ":0");
    CHECK(server.Run({"FLUSHALL", "NOW"}) == "-ERR syntax error");
    CHECK(server.Run({"FLUSHDB", "SYNC", "ASYNC"}) == "-ERR syntax error");
  });
}

TEST_CASE("SWAPDB exchanges two databases") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "a", "1"});
    CHECK(server.Run({"SWAPDB", "0", "1"}) == "+OK");
    CHECK(server.Run({"GET", "a"}) == "nil$");
    server.session(1).SelectDb(1);
    CHECK(server.Run(1, {"GET", "a"}) == "\"1\"");
    CHECK(server.Run({"SWAPDB", "x", "1"}) == "-ERR invalid first DB index");
    CHECK(server.Run({"SWAPDB", "0", "x"}) == "-ERR invalid second DB index");
    CHECK(server.Run({"SWAPDB", "0", "16"}) == "-ERR DB index is out of range");
    CHECK(server.Run({"SWAPDB", "0", "0"}) == "+OK");
  });
}

}  // namespace
}  // namespace datatypes
