// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/store.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

void Fill(TestServer& server, int fields) {
  std::vector<std::string> words = {"HSET", "h"};
  for (int i = 0; i < fields; ++i) {
    words.push_back("field:" + std::to_string(i));
    words.push_back(std::to_string(i));
  }
  server.RunArgs(std::vector<std::string_view>(words.begin(), words.end()));
}

// What stands in quotation marks.
std::vector<std::string> Words(const std::string& reply) {
  std::vector<std::string> words;
  for (size_t at = 0; (at = reply.find('"', at)) != std::string::npos;) {
    const size_t end = reply.find('"', at + 1);
    words.push_back(reply.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

TEST_CASE("HSET replies with the number of fields created, not updated") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("HSET h a 1 b 2") == ":2");
    CHECK(server.RunLine("HSET h a 9 c 3") == ":1");
    CHECK(server.RunLine("HSET h d 1 d 2") == ":1");
    CHECK(server.RunLine("HGETALL h") ==
          "[\"a\", \"9\", \"b\", \"2\", \"c\", \"3\", \"d\", \"2\"]");
    CHECK(server.RunLine("HSET h a 1 b") == "-ERR wrong number of arguments for 'hset' command");
    CHECK(server.RunLine("HMSET h a 1") == "+OK");
    CHECK(server.RunLine("HMSET h a 1 b") == "-ERR wrong number of arguments for 'hmset' command");
  });
}

TEST_CASE("fields are read singly and all together") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("HSET h a 1 b two");
    CHECK(server.RunLine("HGET h a") == "\"1\"");
    CHECK(server.RunLine("HGET h x") == "nil$");
    CHECK(server.RunLine("HMGET h b x a") == "[\"two\", nil$, \"1\"]");
    CHECK(server.RunLine("HMGET none x y") == "[nil$, nil$]");
    CHECK(server.RunLine("HEXISTS h a") == ":1");
    CHECK(server.RunLine("HEXISTS h x") == ":0");
    CHECK(server.RunLine("HSTRLEN h b") == ":3");
    CHECK(server.RunLine("HSTRLEN h x") == ":0");
    CHECK(server.RunLine("HLEN h") == ":2");
    CHECK(server.RunLine("HLEN none") == ":0");
    CHECK(server.RunLine("HKEYS h") == "[\"a\", \"b\"]");
    CHECK(server.RunLine("HVALS h") == "[\"1\", \"two\"]");
    CHECK(server.RunLine("HGETALL none") == "[]");
    server.UseResp3();
    CHECK(server.RunLine("HGETALL h") == "{\"a\": \"1\", \"b\": \"two\"}");
    CHECK(server.RunLine("HRANDFIELD h 2 WITHVALUES") == "[[\"a\", \"1\"], [\"b\", \"two\"]]");
  });
}

TEST_CASE("HSETNX sets what is not there yet") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("HSETNX h a 1") == ":1");
    CHECK(server.RunLine("HSETNX h a 2") == ":0");
    CHECK(server.RunLine("HGET h a") == "\"1\"");
  });
}

TEST_CASE("HDEL removes fields, and the key with the last one") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("HSET h a 1 b 2 c 3");
    CHECK(server.RunLine("HDEL h a x a") == ":1");
    CHECK(server.RunLine("HLEN h") == ":2");
    CHECK(server.RunLine("HDEL h b c d") == ":2");
    CHECK(server.RunLine("EXISTS h") == ":0");
    CHECK(server.RunLine("HDEL h b") == ":0");
  });
}

TEST_CASE("HINCRBY and HINCRBYFLOAT add to numbers, and refuse what is none") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("HINCRBY h n 5") == ":5");
    CHECK(server.RunLine("HINCRBY h n -7") == ":-2");
    CHECK(server.RunLine("HINCRBYFLOAT h n 0.5") == "\"-1.5\"");
    CHECK(server.RunLine("HINCRBY h n 1") == "-ERR hash value is not an integer");
    server.RunLine("HSET h max 9223372036854775807 text x");
    CHECK(server.RunLine("HINCRBY h max 1") == "-ERR increment or decrement would overflow");
    CHECK(server.RunLine("HINCRBYFLOAT h text 1") == "-ERR hash value is not a float");
    CHECK(server.RunLine("HINCRBYFLOAT h n inf") == "-ERR value is NaN or Infinity");
    CHECK(server.RunLine("HINCRBYFLOAT h n x") == "-ERR value is not a valid float");
    CHECK(server.RunLine("HGET h max") == "\"9223372036854775807\"");
  });
}

TEST_CASE("changes of hashes are announced, and the key's coming and going") {
  TestServer server;
  server.RecordEvents();
  server.RunLine("HSET h a 1 b 1");
  CHECK(server.TakeEvents() == Events{"new h", "hset h"});
  server.RunLine("HMSET h a 1");
  CHECK(server.TakeEvents() == Events{"hset h"});
  server.RunLine("HSETNX h a 1");
  CHECK(server.TakeEvents().empty());
  server.RunLine("HSETNX h c 1");
  CHECK(server.TakeEvents() == Events{"hset h"});
  server.RunLine("HINCRBY h a 1");
  CHECK(server.TakeEvents() == Events{"hincrby h"});
  server.RunLine("HINCRBYFLOAT h a 1");
  CHECK(server.TakeEvents() == Events{"hincrbyfloat h"});
  server.RunLine("HDEL h x");
  CHECK(server.TakeEvents().empty());
  server.RunLine("HDEL h a");
  CHECK(server.TakeEvents() == Events{"hdel h"});
  server.RunLine("HDEL h b c");
  CHECK(server.TakeEvents() == Events{"hdel h", "del h"});
}

TEST_CASE("HSCAN gives every field that stays, once at least") {
  TestServer::InEachMode([](TestServer& server) {
    server.settings().hash_max_listpack_entries = 5;
    Fill(server, 400);
    std::set<std::string> seen;
    std::string cursor = "0";
    int step = 0;
    do {
      const std::vector<std::string> words =
          Words(server.RunLine("HSCAN h " + cursor + " COUNT 7"));
      REQUIRE_FALSE(words.empty());
      cursor = words[0];
      for (size_t i = 1; i < words.size(); i += 2) {
        CHECK(words[i] == "field:" + words[i + 1]);
        seen.insert(words[i]);
        if (step % 2 == 0) server.Run({"HDEL", "h", words[i]});  // What was seen goes.
      }
      ++step;
    } while (cursor != "0");
    CHECK(seen.size() == 400);
  });
}

TEST_CASE("HSCAN shows a small hash at once, filtered by MATCH, without values by NOVALUES") {
  TestServer server;
  Fill(server, 100);
  CHECK(Words(server.RunLine("HSCAN h 0 COUNT 1")).size() == 201);
  CHECK(server.RunLine("HSCAN h 0 MATCH *:7") == "[\"0\", [\"field:7\", \"7\"]]");
  CHECK(server.RunLine("HSCAN h 0 MATCH *:7 NOVALUES") == "[\"0\", [\"field:7\"]]");
  CHECK(server.RunLine("HSCAN h 0 MATCH") == "-ERR syntax error");
  CHECK(server.RunLine("HSCAN h x") == "-ERR invalid cursor");
  CHECK(server.RunLine("HSCAN none 0 FOO") == "[\"0\", []]");
}

TEST_CASE("HRANDFIELD chooses all fields equally often") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 50);
    std::map<std::string, int> drawn;
    constexpr int kDraws = 20'000;
    const std::string many = server.RunLine("HRANDFIELD h -" + std::to_string(kDraws));
    for (const std::string& field : Words(many)) ++drawn[field];
    REQUIRE(drawn.size() == 50);
    for (const auto& [field, times] : drawn) {  // 400 expected, 20 the standard deviation.
      CAPTURE(field);
      CHECK(times > 260);
      CHECK(times < 540);
    }
    const std::vector<std::string> some = Words(server.RunLine("HRANDFIELD h 20 WITHVALUES"));
    REQUIRE(some.size() == 40);
    std::set<std::string> different;
    for (size_t i = 0; i < some.size(); i += 2) {
      CHECK(some[i] == "field:" + some[i + 1]);
      different.insert(some[i]);
    }
    CHECK(different.size() == 20);
    CHECK(Words(server.RunLine("HRANDFIELD h 90")).size() == 50);
    CHECK(Words(server.RunLine("HRANDFIELD h")).size() == 1);
    CHECK(server.RunLine("HRANDFIELD h 0") == "[]");
    CHECK(server.RunLine("HRANDFIELD none") == "nil$");
    CHECK(server.RunLine("HRANDFIELD none -5") == "[]");
    CHECK(server.RunLine("HRANDFIELD h 1 x") == "-ERR syntax error");
  });
}

TEST_CASE("OBJECT ENCODING follows the settings, and a hash table stays one") {
  TestServer server;
  server.settings().hash_max_listpack_entries = 3;
  server.settings().hash_max_listpack_value = 5;
  server.RunLine("HSET h a 1 b 2 c 3");
  CHECK(server.RunLine("OBJECT ENCODING h") == "\"listpack\"");
  server.RunLine("HSET h d 4");
  CHECK(server.RunLine("OBJECT ENCODING h") == "\"hashtable\"");
  server.RunLine("HDEL h d c");
  CHECK(server.RunLine("OBJECT ENCODING h") == "\"hashtable\"");
  server.RunLine("COPY h g");
  CHECK(server.RunLine("OBJECT ENCODING g") == "\"hashtable\"");
  server.RunLine("HSET v a sixsix");
  CHECK(server.RunLine("OBJECT ENCODING v") == "\"hashtable\"");
  server.RunLine("HSET f sixsix a");
  CHECK(server.RunLine("OBJECT ENCODING f") == "\"hashtable\"");
  server.RunLine("HINCRBY n a 123456");
  CHECK(server.RunLine("OBJECT ENCODING n") == "\"hashtable\"");
}

TEST_CASE("single fields of a hash that is not in RAM load their page, not the hash") {
  TestServer server;
  Fill(server, 5000);
  server.EvictAll();
  CHECK(server.RunLine("HGET h field:1234") == "\"1234\"");
  CHECK(server.RunLine("HSET h field:4000 x new y") == ":1");
  CHECK(server.RunLine("HDEL h field:2500") == ":1");
  CHECK(server.RunLine("HLEN h") == ":5000");
  CHECK(server.store().Stats().hot_pages < 10);
  CHECK(server.store().Stats().spot_loads == 0);
  server.EvictAll();
  CHECK(server.RunLine("HMGET h field:4000 new field:2500") == "[\"x\", \"y\", nil$]");
  CHECK(server.store().Stats().spot_loads == 0);
}

TEST_CASE("HSCAN and HRANDFIELD of a hash that is not in RAM load pages beforehand") {
  TestServer server;
  Fill(server, 5000);
  server.EvictAll();
  CHECK(Words(server.RunLine("HSCAN h 2000 COUNT 200")).size() > 300);
  server.EvictAll();
  CHECK(Words(server.RunLine("HRANDFIELD h 20")).size() == 20);
  CHECK(Words(server.RunLine("HRANDFIELD h -20 WITHVALUES")).size() == 40);
  CHECK(Words(server.RunLine("HRANDFIELD h")).size() == 1);
  CHECK(server.store().Stats().spot_loads == 0);
  server.EvictAll();
  CHECK(Words(server.RunNow({"HRANDFIELD", "h", "20"})).size() == 20);
  CHECK(server.store().Stats().spot_loads > 0);
}

TEST_CASE("fields that need an escape are found by the row hints as well") {
  TestServer server;
  Fill(server, 5000);
  const std::string_view zero("\0z", 2);
  server.Run({"HSET", "h", "", "empty", zero, "zero"});
  server.EvictAll();
  CHECK(server.Run({"HGET", "h", ""}) == "\"empty\"");
  CHECK(server.Run({"HGET", "h", zero}) == "\"zero\"");
  CHECK(server.store().Stats().spot_loads == 0);
}

TEST_CASE("a hash is copied, renamed and moved whole") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 300);
    CHECK(server.RunLine("COPY h g") == ":1");
    server.RunLine("HSET h field:0 changed");
    CHECK(server.RunLine("HGET g field:0") == "\"0\"");
    CHECK(server.RunLine("RENAME h i") == "+OK");
    CHECK(server.RunLine("HGET i field:0") == "\"changed\"");
    CHECK(server.RunLine("MOVE i 1") == ":1");
    CHECK(server.RunLine("TYPE g") == "+hash");
    CHECK(server.RunLine("DEL g") == ":1");
    CHECK(server.RunLine("HLEN g") == ":0");
  });
}

TEST_CASE("commands on hashes refuse other types") {
  TestServer server;
  server.RunLine("SET s x");
  const std::string wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
  for (const char* line :
       {"HSET s a 1", "HMSET s a 1", "HSETNX s a 1", "HDEL s a", "HGET s a", "HMGET s a",
        "HEXISTS s a", "HSTRLEN s a", "HLEN s", "HGETALL s", "HKEYS s", "HVALS s", "HINCRBY s a 1",
        "HINCRBYFLOAT s a 1", "HRANDFIELD s", "HRANDFIELD s 1", "HSCAN s 0"}) {
    CAPTURE(line);
    CHECK(server.RunLine(line) == wrong);
  }
}

}  // namespace
}  // namespace datatypes
