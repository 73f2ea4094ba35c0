// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

// SADD of prefix + from … prefix + (to - 1).
std::string Fill(TestServer& server, std::string_view key, int from, int to,
                 const std::string& prefix = "") {
  std::vector<std::string> words = {"SADD", std::string(key)};
  for (int i = from; i < to; ++i) words.push_back(prefix + std::to_string(i));
  return server.RunArgs(std::vector<std::string_view>(words.begin(), words.end()));
}

std::string EncodingOf(TestServer& server) {
  return server.RunLine("OBJECT ENCODING s");
}

TEST_CASE("SADD and SREM count what they change") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("SADD s a b a") == ":2");
    CHECK(server.RunLine("SADD s a c") == ":1");
    CHECK(server.RunLine("SREM s a x a") == ":1");
    CHECK(server.RunLine("SMEMBERS s") == "[\"b\", \"c\"]");
    CHECK(server.RunLine("SMISMEMBER s b a c") == "[:1, :0, :1]");
    CHECK(server.RunLine("SREM s b c") == ":2");
    CHECK(server.RunLine("EXISTS s") == ":0");
  });
}

TEST_CASE("a small set of integers is told in their order, with others after them") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("SADD s 100 9 -5 70000 -9223372036854775808");
    CHECK(server.RunLine("SMEMBERS s") ==
          "[\"-9223372036854775808\", \"-5\", \"9\", \"100\", \"70000\"]");
    server.RunLine("SADD s 010 x");
    CHECK(server.RunLine("SMEMBERS s") ==
          "[\"-9223372036854775808\", \"-5\", \"9\", \"100\", \"70000\", \"010\", \"x\"]");
    CHECK(server.RunLine("SREM s 70000 x") == ":2");
    CHECK(server.RunLine("SCARD s") == ":5");
  });
}

TEST_CASE("OBJECT ENCODING goes from intset to listpack to hashtable, and never back") {
  TestServer server;
  server.settings().set_max_intset_entries = 4;
  server.settings().set_max_listpack_entries = 5;
  server.settings().set_max_listpack_value = 10;
  server.RunLine("SADD s 1 2 3 4");
  CHECK(EncodingOf(server) == "\"intset\"");
  server.RunLine("SADD s 5");
  CHECK(EncodingOf(server) == "\"hashtable\"");
  server.RunLine("SREM s 5 4 3");
  CHECK(EncodingOf(server) == "\"hashtable\"");

  server.RunLine("DEL s");
  server.RunLine("SADD s 1 2 3");
  server.RunLine("SADD s x");
  CHECK(EncodingOf(server) == "\"listpack\"");
  server.RunLine("SREM s x");
  CHECK(EncodingOf(server) == "\"listpack\"");
  server.RunLine("SADD s 4 5");
  CHECK(EncodingOf(server) == "\"listpack\"");
  server.RunLine("SADD s 6");
  CHECK(EncodingOf(server) == "\"hashtable\"");

  server.RunLine("DEL s");
  server.RunLine("SADD s 12345678901");  // Longer than a listpack's members may be.
  CHECK(EncodingOf(server) == "\"intset\"");
  server.RunLine("SADD s x");
  CHECK(EncodingOf(server) == "\"hashtable\"");

  server.RunLine("DEL s");
  server.RunLine("SADD s 12345678901x");
  CHECK(EncodingOf(server) == "\"hashtable\"");

  server.RunLine("DEL s");
  server.RunLine("SADD s a a a a a a");  // Redis counts arguments.
  CHECK(EncodingOf(server) == "\"hashtable\"");
}

TEST_CASE("the STORE forms make what the result allows") {
  TestServer server;
  server.RunLine("SADD a 1 2 x");
  server.RunLine("SADD b 1 2");
  server.RunLine("SINTERSTORE s a b");
  CHECK(EncodingOf(server) == "\"intset\"");
  server.RunLine("SUNIONSTORE s a b");
  CHECK(EncodingOf(server) == "\"listpack\"");
}

TEST_CASE("SINTER, SUNION and SDIFF, by all ways to find them") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(Fill(server, "a", 0, 20'000, "m") == ":20000");
    CHECK(Fill(server, "b", 15'000, 30'000, "m") == ":15000");
    CHECK(Fill(server, "c", 19'990, 20'010, "m") == ":20");
    server.EvictAll();
    CHECK(server.RunLine("SINTERCARD 2 a b") == ":5000");
    CHECK(server.RunLine("SINTERCARD 2 a b LIMIT 10") == ":10");
    CHECK(server.RunLine("SINTERCARD 3 a b c") == ":10");
    CHECK(server.RunLine("SINTERCARD 3 a b none") == ":0");
    CHECK(server.RunLine("SINTERSTORE d a b") == ":5000");
    CHECK(server.RunLine("SUNIONSTORE d a b c a") == ":30000");
    CHECK(server.RunLine("SCARD d") == ":30000");
    CHECK(server.RunLine("SDIFFSTORE e d a c") == ":9990");
    CHECK(server.RunLine("SISMEMBER e m20009") == ":0");
    CHECK(server.RunLine("SISMEMBER e m20010") == ":1");
    CHECK(server.RunLine("SDIFF c a b none") == "[]");
    CHECK(server.RunLine("SDIFFSTORE e e e") == ":0");
    CHECK(server.RunLine("EXISTS e") == ":0");
    CHECK(server.RunNow({"SUNIONSTORE", "d", "a", "b"}) == ":30000");
    CHECK(server.RunNow({"SINTERCARD", "2", "a", "d"}) == ":20000");
  });
}

TEST_CASE("a union of integers is in their order") {
  TestServer server;
  server.RunLine("SADD a 5 100 1");
  server.RunLine("SADD b 20 5");
  CHECK(server.RunLine("SUNION a b none") == "[\"1\", \"5\", \"20\", \"100\"]");
}

TEST_CASE("a set that is its own destination is read before it is written") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("SADD a x y z");
    server.RunLine("SADD b y z w");
    CHECK(server.RunLine("SUNIONSTORE a a b") == ":4");
    CHECK(server.RunLine("SMEMBERS a") == "[\"w\", \"x\", \"y\", \"z\"]");
    CHECK(server.RunLine("SINTERSTORE b a b") == ":3");
    CHECK(server.RunLine("SDIFFSTORE a a b") == ":1");
    CHECK(server.RunLine("SMEMBERS a") == "[\"x\"]");
  });
}

TEST_CASE("SMEMBERS of a large set has every member once, also when it changes meanwhile") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, "s", 0, 20'000, "m");
    server.EvictAll();
    const std::string reply = server.RunLine("SMEMBERS s");
    CHECK(std::count(reply.begin(), reply.end(), ',') == 19'999);
    CHECK(reply == server.RunNow({"SMEMBERS", "s"}));
  });
}

TEST_CASE("SPOP takes every member once, and the key with the last") {
  TestServer::InEachMode([](TestServer& server) {
    for (const std::string prefix : {"", "m"}) {
      Fill(server, "s", 0, 700, prefix);
      server.EvictAll();
      std::set<std::string> popped;
      for (int i = 0; i < 350; ++i) popped.insert(server.RunLine("SPOP s"));
      CHECK(popped.size() == 350);
      CHECK(server.RunLine("SCARD s") == ":350");
      const std::string some = server.RunLine("SPOP s 100");
      CHECK(std::count(some.begin(), some.end(), ',') == 99);
      CHECK(server.RunLine("SCARD s") == ":250");
      const std::string rest = server.RunLine("SPOP s 1000");
      CHECK(std::count(rest.begin(), rest.end(), ',') == 249);
      for (const std::string& member : popped) CHECK(rest.find(member) == std::string::npos);
      CHECK(server.RunLine("EXISTS s") == ":0");
      CHECK(server.RunLine("SPOP s") == "nil$");
      CHECK(server.RunLine("SPOP s 3") == "[]");
    }
  });
}

TEST_CASE("SRANDMEMBER chooses each member as often") {
  TestServer server;
  Fill(server, "s", 0, 10);
  std::map<std::string, int> times;
  for (int i = 0; i < 5000; ++i) ++times[server.RunLine("SRANDMEMBER s")];
  CHECK(times.size() == 10);
  for (const auto& [member, count] : times) {
    CHECK(count > 350);
    CHECK(count < 650);
  }
  times.clear();
  for (int i = 0; i < 2500; ++i) ++times[server.RunLine("SRANDMEMBER s 9")];
  CHECK(times.size() == 10);
}

TEST_CASE("SRANDMEMBER with a count") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, "s", 0, 600, "m");
    server.EvictAll();
    const auto size = [&server](std::string_view line) {
      const std::string reply = server.RunLine(line);
      return reply == "[]" ? 0 : std::count(reply.begin(), reply.end(), ',') + 1;
    };
    CHECK(size("SRANDMEMBER s 0") == 0);
    CHECK(size("SRANDMEMBER s 50") == 50);
    CHECK(size("SRANDMEMBER s 600") == 600);
    CHECK(size("SRANDMEMBER s 9000") == 600);
    CHECK(size("SRANDMEMBER s -50") == 50);
    CHECK(size("SRANDMEMBER s -9000") == 9000);
    CHECK(size("SRANDMEMBER none -9") == 0);
    CHECK(server.RunLine("SRANDMEMBER none") == "nil$");
    CHECK(server.RunLine("SCARD s") == ":600");
  });
}

TEST_CASE("SSCAN sees every member that stays, also while others are removed") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, "s", 0, 1500, "m");
    server.EvictAll();
    std::set<std::string> seen;
    std::string cursor = "0";
    int removed = 0;
    do {
      const std::string reply = server.RunLine("SSCAN s " + cursor + " COUNT 50");
      const size_t end = reply.find('"', 2);
      cursor = reply.substr(2, end - 2);
      for (size_t at = reply.find("\"m", end); at != std::string::npos;
           at = reply.find("\"m", at + 1)) {
        seen.insert(reply.substr(at + 1, reply.find('"', at + 1) - at - 1));
      }
      for (int i = 0; i < 20 && removed < 700; ++i) {
        server.RunLine("SREM s m" + std::to_string(2 * removed++));
      }
    } while (cursor != "0");
    for (int i = 1; i < 1500; i += 2) CHECK(seen.contains("m" + std::to_string(i)));
  });
}

TEST_CASE("SSCAN tells a small set at once") {
  TestServer server;
  Fill(server, "s", 0, 100);
  const std::string reply = server.RunLine("SSCAN s 0 COUNT 5 MATCH 1?");
  CHECK(reply ==
        "[\"0\", [\"10\", \"11\", \"12\", \"13\", \"14\", \"15\", \"16\", \"17\", \"18\", "
        "\"19\"]]");
}

TEST_CASE("SMOVE moves, or says that there is nothing to move") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("SADD a x y");
    server.RunLine("SADD b y");
    CHECK(server.RunLine("SMOVE a b x") == ":1");
    CHECK(server.RunLine("SMOVE a b y") == ":1");
    CHECK(server.RunLine("EXISTS a") == ":0");
    CHECK(server.RunLine("SMEMBERS b") == "[\"x\", \"y\"]");
    CHECK(server.RunLine("SMOVE b b x") == ":1");
    CHECK(server.RunLine("SMOVE b b z") == ":0");
    CHECK(server.RunLine("SMOVE b c x") == ":1");
    CHECK(server.RunLine("SMEMBERS c") == "[\"x\"]");
  });
}

TEST_CASE("changes of sets are announced, and the key's coming and going") {
  TestServer server;
  server.RecordEvents();
  server.RunLine("SADD s a");
  CHECK(server.TakeEvents() == Events{"new s", "sadd s"});
  server.RunLine("SADD s a");
  CHECK(server.TakeEvents().empty());
  server.RunLine("SMOVE s t a");
  CHECK(server.TakeEvents() == Events{"srem s", "del s", "new t", "sadd t"});
  server.RunLine("SADD t a b c d");
  CHECK(server.TakeEvents() == Events{"sadd t"});
  server.RunLine("SPOP t");
  CHECK(server.TakeEvents() == Events{"spop t"});
  server.RunLine("SPOP t 9");
  CHECK(server.TakeEvents() == Events{"spop t", "del t"});
  server.RunLine("SADD s 1 2");
  server.TakeEvents();
  server.RunLine("SREM s 1");
  CHECK(server.TakeEvents() == Events{"srem s"});
  server.RunLine("SUNIONSTORE t s");
  CHECK(server.TakeEvents() == Events{"new t", "sunionstore t"});
  server.RunLine("SINTERSTORE t s none");
  CHECK(server.TakeEvents() == Events{"del t"});
  server.RunLine("SREM s 2");
  CHECK(server.TakeEvents() == Events{"srem s", "del s"});
}

TEST_CASE("sets are sets in RESP3") {
  TestServer server;
  server.UseResp3();
  server.RunLine("SADD s 1 2");
  CHECK(server.RunLine("SMEMBERS s") == "~[\"1\", \"2\"]");
  CHECK(server.RunLine("SINTER s s") == "~[\"1\", \"2\"]");
  CHECK(server.RunLine("SRANDMEMBER s 5") == "[\"1\", \"2\"]");
  CHECK(server.RunLine("SPOP s 5") == "~[\"1\", \"2\"]");
}

TEST_CASE("COPY of a set is a set of its own") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, "s", 0, 5);
    CHECK(server.RunLine("COPY s t") == ":1");
    server.RunLine("SADD t x");
    CHECK(server.RunLine("SCARD s") == ":5");
    CHECK(server.RunLine("COPY t u") == ":1");
    CHECK(server.RunLine("SMEMBERS u") == "[\"0\", \"1\", \"2\", \"3\", \"4\", \"x\"]");
  });
}

}  // namespace
}  // namespace datatypes
