// SPDX-License-Identifier: BSD-3-Clause
// Long replies that are streamed: LRANGE, ZRANGE and its kin of large collections.
#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

constexpr int kElements = 20'000;

void FillList(TestServer& server, int elements = kElements) {
  for (int i = 0; i < elements; i += 1000) {
    std::string line = "RPUSH l";
    for (int j = i; j < i + 1000; ++j) line += " element-" + std::to_string(j);
    server.RunLine(line);
  }
}

void FillSortedSet(TestServer& server) {
  for (int i = 0; i < kElements; i += 1000) {
    std::string line = "ZADD z";
    for (int j = i; j < i + 1000; ++j) {
      line += " " + std::to_string(j / 10) + ".5 m" + std::to_string(j);
    }
    server.RunLine(line);
  }
}

std::vector<std::string_view> Split(const std::string& line) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at <= line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(std::string_view(line).substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// Runs it as a part of EXEC would be: built on the spot.
std::string RunNow(TestServer& server, const std::string& line) {
  const std::vector<std::string_view> args = Split(line);
  TestSession& session = server.session(0);
  server.dispatcher().BeginTurn();
  server.dispatcher().ExecuteNow(session, *server.table().Find(args[0]), args, session.writer());
  return server.Replies(0);
}

// Begins a command and does not end the turn.
void Begin(TestServer& server, size_t client, const std::string& line) {
  server.dispatcher().BeginTurn();
  server.dispatcher().Execute(server.session(client), Split(line));
}

// Lets the client read until the reply is complete.
std::string Finish(TestServer& server, size_t client) {
  std::string reply;
  server.WaitUntil([&] {
    reply += server.Replies(client);
    server.dispatcher().Wake(server.session(client));
    return !server.session(client).parked();
  });
  return reply + server.Replies(client);
}

// Lets a client that reads nothing begin a long range, until the first part of it is there.
void BeginSlowly(TestServer& server, size_t client, const std::string& line) {
  Begin(server, client, line);
  server.Advance(0);
  server.WaitUntil([&] { return server.session(client).pending_output_bytes() > 0; });
}

TEST_CASE("a streamed LRANGE is what one that is built on the spot is") {
  TestServer::InEachMode([](TestServer& server) {
    FillList(server);
    for (const std::string line :
         {"LRANGE l 0 -1", "LRANGE l 7 -8", "LRANGE l -9000 -1", "LRANGE l 0 9000"}) {
      CHECK(server.RunLine(line) == RunNow(server, line));
    }
    server.UseResp3();
    CHECK(server.RunLine("LRANGE l 0 -1") == RunNow(server, "LRANGE l 0 -1"));
  });
}

TEST_CASE("streamed ranges of sorted sets are what those built on the spot are") {
  TestServer::InEachMode([](TestServer& server) {
    FillSortedSet(server);
    const auto same = [&server](const std::string& line) {
      CAPTURE(line);
      CHECK(server.RunLine(line) == RunNow(server, line));
    };
    for (const bool resp3 : {false, true}) {
      server.UseResp3(resp3);
      same("ZRANGE z 0 -1");
      same("ZRANGE z 5 -7 REV WITHSCORES");
      same("ZREVRANGE z 100 12000");
      same("ZRANGEBYSCORE z -inf +inf WITHSCORES");
      same("ZRANGEBYSCORE z (10.5 1999 LIMIT 3 9000");
      same("ZREVRANGEBYSCORE z +inf 20 LIMIT 5000 10000 WITHSCORES");
      same("ZRANGE z 1990.5 10.5 BYSCORE REV");
      same("ZRANGE z 10.5 12 BYSCORE WITHSCORES");
      same("ZRANGEBYSCORE z 3000 4000");
      same("ZRANGEBYSCORE z 0 100 LIMIT 99999 5");
    }
    server.RunLine("DEL z");
    for (int i = 0; i < kElements; i += 1000) {
      std::string line = "ZADD z";
      for (int j = i; j < i + 1000; ++j) line += " 1 m" + std::to_string(j);
      server.RunLine(line);
    }
    same("ZRANGEBYLEX z - +");
    same("ZREVRANGEBYLEX z [m5 (m1 LIMIT 10 9000");
    same("ZRANGE z [m11 [m12 BYLEX");
  });
}

TEST_CASE("streamed replies of hashes are what those built on the spot are") {
  TestServer::InEachMode([](TestServer& server) {
    for (int i = 0; i < kElements; i += 500) {
      std::string line = "HSET h";
      for (int j = i; j < i + 500; ++j) {
        line += " f" + std::to_string(j) + " v" + std::to_string(j);
      }
      server.RunLine(line);
    }
    server.Run({"HSET", "h", "", "empty name", std::string_view("\0x", 2), "zero", "e", ""});
    for (const bool resp3 : {false, true}) {
      server.UseResp3(resp3);
      for (const std::string line : {"HGETALL h", "HKEYS h", "HVALS h"}) {
        CHECK(server.RunLine(line) == RunNow(server, line));
      }
    }
    server.UseResp3(false);
    BeginSlowly(server, 1, "HGETALL h");
    server.RunLine("DEL h");
    CHECK(Finish(server, 1).size() > size_t{kElements} * 10);
    CHECK(server.RunLine("HGETALL h") == "[]");
  });
}

TEST_CASE("a streamed HGETALL leaves out the fields that were due when it began, and no others") {
  TestServer::InEachMode([](TestServer& server) {
    server.store().SetSweeping(false);
    for (int i = 0; i < kElements; i += 1000) {
      std::string line = "HSET h";
      for (int j = i; j < i + 1000; ++j) line += " f" + std::to_string(j) + " v";
      server.RunLine(line);
    }
    server.RunLine("HPEXPIRE h 10 FIELDS 3 f1 f2 f15000");
    server.RunLine("HPEXPIRE h 20 FIELDS 2 f3 f19999");
    server.Advance(10);
    CHECK(server.RunLine("HKEYS h") == RunNow(server, "HKEYS h"));
    BeginSlowly(server, 1, "HKEYS h");
    server.Advance(10);
    const std::string keys = Finish(server, 1);
    CHECK(std::count(keys.begin(), keys.end(), 'f') == kElements - 3);
    CHECK(keys.find("\"f15000\"") == std::string::npos);
    CHECK(keys.find("\"f19999\"") != std::string::npos);
    CHECK(server.RunLine("HGETALL h") == RunNow(server, "HGETALL h"));
  });
}

TEST_CASE("a streamed SMEMBERS is what one that is built on the spot is") {
  TestServer::InEachMode([](TestServer& server) {
    for (int i = 0; i < kElements; i += 1000) {
      std::string numbers = "SADD numbers", texts = "SADD texts", both = "SADD both";
      for (int j = i; j < i + 1000; ++j) {
        numbers += " " + std::to_string(j * 1'000'003LL - 7'000'000'000);
        texts += " member-" + std::to_string(j);
        both += (j % 3 == 0 ? " m" : " ") + std::to_string(j);
      }
      server.RunLine(numbers);
      server.RunLine(texts);
      server.RunLine(both);
    }
    for (const bool resp3 : {false, true}) {
      server.UseResp3(resp3);
      for (const std::string line : {"SMEMBERS numbers", "SMEMBERS texts", "SMEMBERS both"}) {
        CHECK(server.RunLine(line) == RunNow(server, line));
      }
    }
    server.UseResp3(false);
    const std::string before = server.RunLine("SMEMBERS both");
    BeginSlowly(server, 1, "SMEMBERS both");
    server.RunLine("SREM both 1 2 4 19999");
    server.RunLine("DEL texts");
    CHECK(Finish(server, 1) == before);
    CHECK(server.RunLine("SMEMBERS texts") == "[]");
  });
}

TEST_CASE("streamed ranges of streams are what those built on the spot are") {
  TestServer::InEachMode([](TestServer& server) {
    for (int i = 1; i <= kElements; ++i) {
      server.RunLine("XADD s " + std::to_string(i) + "-1 field value" + std::to_string(i));
    }
    server.RunLine("XGROUP CREATE s group 0");
    server.RunLine("XREADGROUP GROUP group consumer COUNT 5 STREAMS s >");
    server.RunLine("XDEL s 5-1 100-1 19999-1");
    server.RunLine("XTRIM s MINID 60");
    for (const std::string line :
         {"XRANGE s - +", "XREVRANGE s + -", "XRANGE s - + COUNT 10000", "XRANGE s 3000 15000-0",
          "XREVRANGE s + 7 COUNT 12345", "XRANGE s (100-1 +", "XREVRANGE s (15000-1 -"}) {
      CAPTURE(line);
      CHECK(server.RunLine(line) == RunNow(server, line));
    }
    const std::string before = server.RunLine("XRANGE s - +");
    BeginSlowly(server, 1, "XRANGE s - +");
    server.RunLine("XADD s * field more");
    server.RunLine("XTRIM s MAXLEN 10");
    CHECK(Finish(server, 1) == before);
  });
}

TEST_CASE("a cold collection is streamed without a load on the spot") {
  TestServer server;
  FillList(server);
  FillSortedSet(server);
  for (int i = 0; i < 10'000; ++i) {
    server.RunLine("SADD m member" + std::to_string(i));
    server.RunLine("XADD s " + std::to_string(i + 1) + " field value");
  }
  for (const std::string line :
       {"LRANGE l 0 -1", "LRANGE l 6000 -1", "ZRANGE z 0 -1", "ZREVRANGE z 3000 15000",
        "ZRANGEBYSCORE z 3 1900", "ZREVRANGEBYSCORE z 1900 3", "ZRANGE z 10 20",
        "ZRANGEBYSCORE z 700 710", "ZREVRANGEBYSCORE z 700 690 LIMIT 2 30", "SMEMBERS m",
        "XRANGE s - +", "XREVRANGE s 9000 2000", "XRANGE s 9000 9010"}) {
    server.EvictAll();
    const uint64_t before = server.store().Stats().spot_loads;
    CAPTURE(line);
    CHECK(server.RunLine(line).size() > 50);
    CHECK(server.store().Stats().spot_loads == before);
  }
}

TEST_CASE("a streamed reply is what the collection was when it began, whatever others do") {
  TestServer::InEachMode([](TestServer& server) {
    for (const std::string_view change :
         {"LSET l 19000 changed", "LPUSH l changed", "LTRIM l 100 200", "DEL l", "FLUSHALL",
          "SET l changed", "RENAME l other", "PEXPIREAT l 1", "SWAPDB 0 1",
          "LREM l 0 element-19999", "LINSERT l BEFORE element-10000 changed"}) {
      CAPTURE(change);
      server.RunLine("FLUSHALL");
      FillList(server);
      const std::string before = server.RunLine("LRANGE l 0 -1");
      BeginSlowly(server, 1, "LRANGE l 0 -1");
      server.RunLine(change);
      const std::string after = Finish(server, 1);
      CHECK(after == before);
      server.RunLine("PING x");
    }
  });
}

TEST_CASE("a streamed reply holds all that was written before it, and nothing after") {
  TestServer server;
  FillList(server);
  // All in one turn.
  Begin(server, 0, "RPUSH l before");
  Begin(server, 1, "LRANGE l -10000 -1");
  Begin(server, 2, "RPUSH l after");
  const std::string reply = Finish(server, 1);
  CHECK(reply.ends_with("\"element-19999\", \"before\"]"));
}

TEST_CASE("a client that does not read holds up its own stream, and no RAM") {
  TestServer server;
  FillList(server, 100'000);
  BeginSlowly(server, 1, "LRANGE l 0 -1");
  for (int i = 0; i < 50; ++i) server.RunLine("LLEN l");
  CHECK(server.session(1).parked());
  CHECK(server.session(1).pending_output_bytes() < size_t{1} << 20);
  CHECK(Finish(server, 1) == RunNow(server, "LRANGE l 0 -1"));
}

TEST_CASE("a client that goes in the middle of a streamed reply leaves nothing behind") {
  TestServer server;
  FillList(server);
  server.EvictAll();
  for (int turns = 0; turns < 6; ++turns) {
    Begin(server, 1, "LRANGE l 0 -1");
    for (int i = 0; i < turns; ++i) server.Advance(0);
    server.dispatcher().Cancel(server.session(1));
    server.session(1).writer().out().Clear();
  }
  CHECK(server.dispatcher().parked_sessions() == 0);
  server.WaitUntil([&] { return server.store().Stats().loads_pending == 0; });
  CHECK(server.RunLine("LLEN l") == ":20000");
}

TEST_CASE("long strings are streamed, with the zeros that no chunk holds") {
  TestServer::InEachMode([](TestServer& server) {
    std::string text;
    for (int i = 0; text.size() < 9'000'000; ++i) text += std::to_string(i) + ".";
    server.Run({"SET", "s", text});
    server.RunLine("SETRANGE s 14000000 end");
    server.RunLine("SETBIT b 60000000 1");
    server.RunLine("SETRANGE b 100000 xyz");
    for (const std::string line :
         {"GET s", "GET b", "GETRANGE s 1 -2", "GETRANGE s 32704 9000000", "GETRANGE s 5000000 -1",
          "GETRANGE b 50000 7000000", "GETRANGE s 32703 8000000", "GETRANGE b 100001 -3"}) {
      CAPTURE(line);
      CHECK(server.RunLine(line) == RunNow(server, line));
    }
    BeginSlowly(server, 1, "GET s");
    CHECK(server.session(1).pending_output_bytes() < size_t{1} << 20);
    server.RunLine("DEL s");
    CHECK(Finish(server, 1).find(text) == 1);
  });
}

TEST_CASE("long elements are streamed, too") {
  TestServer server;
  const std::string large(100'000, 'x');
  for (int i = 0; i < 40; ++i) server.Run({"RPUSH", "l", large});
  BeginSlowly(server, 1, "LRANGE l 0 -1");
  server.RunLine("DEL l");
  CHECK(server.session(1).pending_output_bytes() < size_t{1} << 20);
  CHECK(Finish(server, 1).size() > 40 * large.size());
}

}  // namespace
}  // namespace datatypes
