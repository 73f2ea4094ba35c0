// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

// The keys of an array's text, e.g. ["a", "b"].
std::vector<std::string> KeysIn(const std::string& reply) {
  std::vector<std::string> keys;
  size_t at = 0;
  while ((at = reply.find('"', at)) != std::string::npos) {
    const size_t end = reply.find('"', at + 1);
    keys.push_back(reply.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return keys;
}

std::vector<std::string> ScanAll(TestServer& server, const std::string& options) {
  std::vector<std::string> all;
  std::string cursor = "0";
  do {
    std::vector<std::string> reply =
        KeysIn(server.RunLine("SCAN " + cursor + (options.empty() ? "" : " " + options)));
    REQUIRE_FALSE(reply.empty());
    cursor = reply[0];
    all.insert(all.end(), reply.begin() + 1, reply.end());
  } while (cursor != "0");
  return all;
}

void Fill(TestServer& server, int keys) {
  for (int i = 0; i < keys; ++i) {
    const std::string number = std::to_string(i);
    server.Run({"SET", "key:" + number, number});
  }
}

TEST_CASE("SCAN gives every key once") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 300);
    for (const char* options : {"", "COUNT 1", "COUNT 7", "COUNT 1000"}) {
      std::vector<std::string> keys = ScanAll(server, options);
      CHECK(keys.size() == 300);
      CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == 300);
    }
  });
}

TEST_CASE("SCAN filters by pattern and by type") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 50);
    server.MakeKeyOfAnotherType("h", kHash);
    CHECK(ScanAll(server, "MATCH key:1?").size() == 10);
    CHECK(ScanAll(server, "TYPE hash") == std::vector<std::string>{"h"});
    CHECK(ScanAll(server, "TYPE STRING COUNT 3").size() == 50);
    CHECK(ScanAll(server, "TYPE nosuchtype").empty());
  });
}

TEST_CASE("SCAN checks its arguments") {
  TestServer server;
  CHECK(server.Run({"SCAN", "x"}) == "-ERR invalid cursor");
  CHECK(server.Run({"SCAN", "0", "COUNT", "0"}) == "-ERR syntax error");
  CHECK(server.Run({"SCAN", "0", "COUNT", "x"}) == "-ERR value is not an integer or out of range");
  CHECK(server.Run({"SCAN", "0", "FOO", "x"}) == "-ERR syntax error");
  CHECK(server.Run({"SCAN", "0", "MATCH"}) == "-ERR syntax error");
  CHECK(server.Run({"SCAN", "0"}) == "[\"0\", []]");
}

TEST_CASE("SCAN leaves out what has expired") {
  TestServer server;
  Fill(server, 3);
  server.store().SetSweeping(false);
  server.Run({"PEXPIRE", "key:1", "10"});
  server.Advance(10);
  CHECK(ScanAll(server, "").size() == 2);
}

TEST_CASE("KEYS lists all that match, however many") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 3000);
    CHECK(KeysIn(server.Run({"KEYS", "*"})).size() == 3000);
    CHECK(KeysIn(server.Run({"KEYS", "key:12*"})).size() == 111);
    CHECK(server.Run({"KEYS", "none"}) == "[]");
    CHECK(KeysIn(server.RunNow({"KEYS", "*"})).size() == 3000);
  });
}

TEST_CASE("a long KEYS lets others run in between") {
  TestServer server;
  Fill(server, 20'000);
  const std::vector<std::string_view> args = {"KEYS", "*"};
  TestSession& session = server.session(1);
  server.dispatcher().BeginTurn();
  CHECK(server.dispatcher().Execute(session, args) == Dispatcher::Outcome::kParked);
  CHECK(server.Run({"GET", "key:1"}) == "\"1\"");
  while (session.parked()) server.Advance(1);
  CHECK(KeysIn(server.Replies(1)).size() == 20'000);
}

TEST_CASE("RANDOMKEY names a key that exists") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"RANDOMKEY"}) == "nil$");
    server.Run({"MSET", "a", "1", "b", "2"});
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) seen.insert(server.Run({"RANDOMKEY"}));
    CHECK(seen == std::set<std::string>{"\"a\"", "\"b\""});
  });
}

}  // namespace
}  // namespace datatypes
