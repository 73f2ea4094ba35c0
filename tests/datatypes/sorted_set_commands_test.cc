// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

void Fill(TestServer& server, int members) {
  for (int i = 0; i < members; ++i) {
    const std::string number = std::to_string(i);
    server.Run({"ZADD", "z", number, "member:" + number});
  }
}

TEST_CASE("ZADD replies with the number of members created, with CH also of those changed") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("ZADD z 1 a 2 b") == ":2");
    CHECK(server.RunLine("ZADD z 3 a 4 c") == ":1");
    CHECK(server.RunLine("ZADD z CH 5 a 4 c 1 d") == ":2");
    CHECK(server.RunLine("ZRANGE z 0 -1 WITHSCORES") ==
          "[\"d\", \"1\", \"b\", \"2\", \"c\", \"4\", \"a\", \"5\"]");
  });
}

TEST_CASE("ZADD INCR and ZINCRBY reply with the score, or nil where options forbid it") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("ZADD z INCR 1.5 a") == "\"1.5\"");
    CHECK(server.RunLine("ZINCRBY z 2 a") == "\"3.5\"");
    CHECK(server.RunLine("ZADD z NX INCR 2 a") == "nil$");
    CHECK(server.RunLine("ZADD z GT INCR -2 a") == "nil$");
    CHECK(server.RunLine("ZADD z XX INCR 2 b") == "nil$");
    CHECK(server.RunLine("ZADD none XX INCR 2 b") == "nil$");
  });
}

TEST_CASE("an increment to no number fails and changes nothing") {
  TestServer server;
  server.RunLine("ZADD z inf a");
  CHECK(server.RunLine("ZINCRBY z -inf a") == "-ERR resulting score is not a number (NaN)");
  CHECK(server.RunLine("ZSCORE z a") == "\"inf\"");
}

TEST_CASE("scores are doubles in RESP3") {
  TestServer server;
  server.UseResp3();
  server.RunLine("ZADD z 1.5 a inf b");
  CHECK(server.RunLine("ZSCORE z a") == ",1.5");
  CHECK(server.RunLine("ZRANGE z 0 -1 WITHSCORES") == "[[\"a\", ,1.5], [\"b\", ,inf]]");
  CHECK(server.RunLine("ZPOPMIN z") == "[\"a\", ,1.5]");
  CHECK(server.RunLine("ZPOPMIN z 1") == "[[\"b\", ,inf]]");
}

TEST_CASE("members are found, ranked and listed in a set that has outgrown its small form") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 700);
    server.EvictAll();
    CHECK(server.RunLine("ZCARD z") == ":700");
    CHECK(server.RunLine("ZRANK z member:500") == ":500");
    CHECK(server.RunLine("ZREVRANK z member:0") == ":699");
    CHECK(server.RunLine("ZRANK z member:600 WITHSCORE") == "[:600, \"600\"]");
    CHECK(server.RunLine("ZRANGE z 400 401") == "[\"member:400\", \"member:401\"]");
    CHECK(server.RunLine("ZRANGE z 0 1 REV") == "[\"member:699\", \"member:698\"]");
    CHECK(server.RunLine("ZRANGEBYSCORE z (10 12 WITHSCORES") ==
          "[\"member:11\", \"11\", \"member:12\", \"12\"]");
    CHECK(server.RunLine("ZCOUNT z 100 (200") == ":100");
    CHECK(server.RunLine("ZREMRANGEBYRANK z 10 -11") == ":680");
    CHECK(server.RunLine("ZRANGE z 9 10") == "[\"member:9\", \"member:690\"]");
  });
}

TEST_CASE("a long range by score is the same as its pieces") {
  TestServer server;
  std::vector<std::string> words = {"ZADD", "z"};
  for (int i = 0; i < 9000; ++i) {
    words.push_back(std::to_string(i));
    words.push_back("m" + std::to_string(i));
  }
  const std::vector<std::string_view> args(words.begin(), words.end());
  REQUIRE(server.RunArgs(args) == ":9000");
  CHECK(server.RunLine("ZRANGEBYSCORE z -inf +inf") == server.RunLine("ZRANGE z 0 -1"));
  CHECK(server.RunLine("ZREVRANGEBYSCORE z +inf -inf") == server.RunLine("ZREVRANGE z 0 -1"));
  CHECK(server.RunLine("ZRANGEBYSCORE z 100 +inf LIMIT 8000 2") == "[\"m8100\", \"m8101\"]");
  CHECK(server.RunLine("ZREVRANGEBYSCORE z 8999 0 LIMIT 8000 2") == "[\"m999\", \"m998\"]");
  CHECK(server.RunLine("ZRANGEBYSCORE z -inf +inf LIMIT 9000 2") == "[]");
}

TEST_CASE("changes of sorted sets are announced, and the key's coming and going") {
  TestServer server;
  server.RecordEvents();
  server.RunLine("ZADD z 1 a");
  CHECK(server.TakeEvents() == Events{"new z", "zadd z"});
  server.RunLine("ZADD z 1 a");
  CHECK(server.TakeEvents().empty());
  server.RunLine("ZADD z NX INCR 1 a");
  CHECK(server.TakeEvents().empty());
  server.RunLine("ZINCRBY z 1 a");
  CHECK(server.TakeEvents() == Events{"zincr z"});
  server.RunLine("ZREM z b");
  CHECK(server.TakeEvents().empty());
  server.RunLine("ZREM z a");
  CHECK(server.TakeEvents() == Events{"zrem z", "del z"});
  server.RunLine("ZADD z 1 a 2 b 3 c 4 d 5 e");
  server.TakeEvents();
  server.RunLine("ZPOPMIN z");
  CHECK(server.TakeEvents() == Events{"zpopmin z"});
  server.RunLine("ZMPOP 1 z MAX");
  CHECK(server.TakeEvents() == Events{"zpopmax z"});
  server.RunLine("ZREMRANGEBYSCORE z 2 2");
  CHECK(server.TakeEvents() == Events{"zremrangebyscore z"});
  server.RunLine("ZRANGESTORE y z 0 -1");
  CHECK(server.TakeEvents() == Events{"new y", "zrangestore y"});
  server.RunLine("ZREMRANGEBYRANK z 0 -1");
  CHECK(server.TakeEvents() == Events{"zremrangebyrank z", "del z"});
  server.RunLine("ZUNIONSTORE x 1 y");
  CHECK(server.TakeEvents() == Events{"new x", "zunionstore x"});
  server.RunLine("ZINTERSTORE x 1 y");
  CHECK(server.TakeEvents() == Events{"zinterstore x"});
  server.RunLine("ZDIFFSTORE x 2 y y");
  CHECK(server.TakeEvents() == Events{"del x"});
  server.RunLine("ZDIFFSTORE x 2 y y");
  CHECK(server.TakeEvents().empty());
}

TEST_CASE("ZSCAN gives every member that stays, once at least") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 400);
    std::set<std::string> seen;
    std::string cursor = "0";
    int step = 0;
    do {
      const std::string reply = server.RunLine("ZSCAN z " + cursor + " COUNT 7");
      std::vector<std::string> words;
      for (size_t at = 0; (at = reply.find('"', at)) != std::string::npos;) {
        const size_t end = reply.find('"', at + 1);
        words.push_back(reply.substr(at + 1, end - at - 1));
        at = end + 1;
      }
      REQUIRE_FALSE(words.empty());
      cursor = words[0];
      for (size_t i = 1; i < words.size(); i += 2) {
        seen.insert(words[i]);
        // What was seen goes, or moves to the end by its score.
        server.Run({step % 2 == 0 ? "ZREM" : "ZCARD", "z", words[i]});
        if (step % 2 == 1) server.Run({"ZADD", "z", "100000", words[i]});
      }
      ++step;
    } while (cursor != "0");
    CHECK(seen.size() == 400);
  });
}

TEST_CASE("OBJECT ENCODING follows the settings, and a skiplist stays one") {
  TestServer server;
  server.settings().zset_max_listpack_entries = 3;
  server.settings().zset_max_listpack_value = 5;
  server.RunLine("ZADD z 1 a 2 b 3 c");
  CHECK(server.RunLine("OBJECT ENCODING z") == "\"listpack\"");
  server.RunLine("ZADD z 4 d");
  CHECK(server.RunLine("OBJECT ENCODING z") == "\"skiplist\"");
  server.RunLine("ZREM z c d");
  CHECK(server.RunLine("OBJECT ENCODING z") == "\"skiplist\"");
  server.RunLine("ZUNIONSTORE y 1 z");
  CHECK(server.RunLine("OBJECT ENCODING y") == "\"listpack\"");
  server.RunLine("ZADD y 1 sixsix");
  CHECK(server.RunLine("OBJECT ENCODING y") == "\"skiplist\"");
}

TEST_CASE("a sorted set is copied, renamed and moved whole") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 300);
    CHECK(server.RunLine("COPY z y") == ":1");
    server.RunLine("ZADD z -1 first");
    CHECK(server.RunLine("ZRANGE y 0 0") == "[\"member:0\"]");
    CHECK(server.RunLine("ZRANK y member:299") == ":299");
    CHECK(server.RunLine("RENAME z x") == "+OK");
    CHECK(server.RunLine("ZRANK x member:299") == ":300");
    CHECK(server.RunLine("DEL x") == ":1");
    CHECK(server.RunLine("ZCARD x") == ":0");
  });
}

TEST_CASE("a STORE form may write over its own input") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("ZADD a 1 x 2 y");
    server.RunLine("ZADD b 1 y 2 z");
    CHECK(server.RunLine("ZUNIONSTORE a 2 a b") == ":3");
    CHECK(server.RunLine("ZRANGE a 0 -1 WITHSCORES") ==
          "[\"x\", \"1\", \"z\", \"2\", \"y\", \"3\"]");
    CHECK(server.RunLine("ZRANGESTORE a a 1 2") == ":2");
    CHECK(server.RunLine("ZRANGE a 0 -1") == "[\"z\", \"y\"]");
  });
}

TEST_CASE("commands on sorted sets refuse other types") {
  TestServer server;
  server.RunLine("SET s x");
  const std::string wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
  for (const char* line : {"ZADD s 1 a",
                           "ZINCRBY s 1 a",
                           "ZREM s a",
                           "ZCARD s",
                           "ZSCORE s a",
                           "ZMSCORE s a",
                           "ZRANK s a",
                           "ZREVRANK s a",
                           "ZRANGE s 0 1",
                           "ZREVRANGE s 0 1",
                           "ZRANGEBYSCORE s 0 1",
                           "ZREVRANGEBYSCORE s 0 1",
                           "ZRANGEBYLEX s - +",
                           "ZREVRANGEBYLEX s + -",
                           "ZCOUNT s 0 1",
                           "ZLEXCOUNT s - +",
                           "ZRANGESTORE d s 0 1",
                           "ZREMRANGEBYRANK s 0 1",
                           "ZREMRANGEBYSCORE s 0 1",
                           "ZREMRANGEBYLEX s - +",
                           "ZPOPMIN s",
                           "ZPOPMAX s",
                           "ZMPOP 1 s MIN",
                           "ZUNION 1 s",
                           "ZINTER 1 s",
                           "ZDIFF 1 s",
                           "ZINTERCARD 1 s",
                           "ZUNIONSTORE d 1 s",
                           "ZINTERSTORE d 1 s",
                           "ZDIFFSTORE d 1 s",
                           "ZRANDMEMBER s",
                           "ZRANDMEMBER s 1",
                           "ZSCAN s 0"}) {
    CAPTURE(line);
    CHECK(server.RunLine(line) == wrong);
  }
}

TEST_CASE("ZRANDMEMBER chooses among all members, without repetition or with") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 200);
    std::set<std::string> seen;
    for (int i = 0; i < 3000; ++i) seen.insert(server.RunLine("ZRANDMEMBER z"));
    CHECK(seen.size() > 190);
    const std::string some = server.RunLine("ZRANDMEMBER z 50");
    CHECK(std::count(some.begin(), some.end(), ':') == 50);
    CHECK(server.RunLine("ZRANDMEMBER z 0") == "[]");
    const std::string repeated = server.RunLine("ZRANDMEMBER z -500");
    CHECK(std::count(repeated.begin(), repeated.end(), ':') == 500);
  });
}

}  // namespace
}  // namespace datatypes
