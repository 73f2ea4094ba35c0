// SPDX-License-Identifier: BSD-3-Clause
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

// What happened since, in one line.
std::string Events(TestServer& server) {
  std::string joined;
  for (const std::string& event : server.TakeEvents()) {
    if (!joined.empty()) joined += ", ";
    joined += event;
  }
  return joined;
}

// f0 … f<n-1>, each with its number for a value.
void Fill(TestServer& server, int fields) {
  std::vector<std::string> words = {"HSET", "h"};
  for (int i = 0; i < fields; ++i) {
    words.push_back("f" + std::to_string(i));
    words.push_back(std::to_string(i));
  }
  server.RunArgs(std::vector<std::string_view>(words.begin(), words.end()));
}

// HPEXPIRE of f<from> … f<to-1>.
void ExpireIn(TestServer& server, int ms, int from, int to) {
  std::vector<std::string> words = {"HPEXPIRE", "h", std::to_string(ms), "FIELDS",
                                    std::to_string(to - from)};
  for (int i = from; i < to; ++i) words.push_back("f" + std::to_string(i));
  server.RunArgs(std::vector<std::string_view>(words.begin(), words.end()));
}

uint64_t RowsOf(TestServer& server, std::string_view key) {
  lsm::Entry* entry = Keyspace(server.store(), 0).Peek(key).value();
  return entry == nullptr ? 0 : entry->collection().count();
}

TEST_CASE("HEXPIRE and its kin reply for each field what became of it") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("HSET h a 1 b 2 c 3");
    CHECK(server.RunLine("HEXPIRE h 100 FIELDS 2 a x") == "[:1, :-2]");
    CHECK(server.RunLine("HEXPIRE none 100 FIELDS 2 a b") == "[:-2, :-2]");
    CHECK(server.RunLine("HTTL h FIELDS 3 a b x") == "[:100, :-1, :-2]");
    CHECK(server.RunLine("HPTTL h FIELDS 1 a") == "[:100000]");
    CHECK(server.RunLine("HTTL none FIELDS 1 a") == "[:-2]");
    CHECK(server.RunLine("HPEXPIREAT h 1700000200500 FIELDS 1 b") == "[:1]");
    CHECK(server.RunLine("HPEXPIRETIME h FIELDS 2 b c") == "[:1700000200500, :-1]");
    CHECK(server.RunLine("HEXPIRETIME h FIELDS 1 b") == "[:1700000201]");
    CHECK(server.RunLine("HTTL h FIELDS 1 b") == "[:201]");
    CHECK(server.RunLine("HEXPIREAT h 1700000300 FIELDS 1 c") == "[:1]");
    CHECK(server.RunLine("HPERSIST h FIELDS 3 a x a") == "[:1, :-2, :-1]");
    CHECK(server.RunLine("HPERSIST none FIELDS 1 a") == "[:-2]");
    CHECK(server.RunLine("HEXPIRE h 0 FIELDS 2 a a") == "[:2, :-2]");
    CHECK(server.RunLine("HPEXPIREAT h 1 FIELDS 2 b c") == "[:2, :2]");
    CHECK(server.RunLine("EXISTS h") == ":0");
  });
}

TEST_CASE("NX, XX, GT and LT are conditions, field by field") {
  TestServer server;
  server.RunLine("HSET h a 1 b 2");
  CHECK(server.RunLine("HEXPIRE h 100 XX FIELDS 1 a") == "[:0]");
  CHECK(server.RunLine("HEXPIRE h 100 GT FIELDS 1 a") == "[:0]");
  CHECK(server.RunLine("HEXPIRE h 100 NX FIELDS 1 a") == "[:1]");
  CHECK(server.RunLine("HEXPIRE h 200 NX FIELDS 2 a b") == "[:0, :1]");
  CHECK(server.RunLine("HEXPIRE h 150 GT FIELDS 2 a b") == "[:1, :0]");
  CHECK(server.RunLine("HEXPIRE h 150 GT FIELDS 1 a") == "[:0]");
  CHECK(server.RunLine("HEXPIRE h 160 LT FIELDS 2 a b") == "[:0, :1]");
  CHECK(server.RunLine("HEXPIRE h 10 XX FIELDS 2 a b") == "[:1, :1]");
  CHECK(server.RunLine("HPERSIST h FIELDS 1 a") == "[:1]");
  CHECK(server.RunLine("HEXPIRE h 160 LT FIELDS 1 a") == "[:1]");
  CHECK(server.RunLine("HEXPIRE h 0 NX FIELDS 1 a") == "[:0]");
  CHECK(server.RunLine("HTTL h FIELDS 2 a b") == "[:160, :10]");
}

TEST_CASE("arguments of HEXPIRE and its kin are checked as Redis does") {
  TestServer server;
  server.RunLine("HSET h a 1");
  const std::string missing =
      "-ERR Mandatory argument FIELDS is missing or not at the right position";
  const std::string mismatch = "-ERR The `numfields` parameter must match the number of arguments";
  CHECK(server.RunLine("HEXPIRE h 1 FIELDS 1") ==
        "-ERR wrong number of arguments for 'hexpire' command");
  CHECK(server.RunLine("HEXPIRE h x FIELDS 1 a") == "-ERR value is not an integer or out of range");
  CHECK(server.RunLine("HEXPIRE h -1 FIELDS 1 a") == "-ERR invalid expire time, must be >= 0");
  CHECK(server.RunLine("HEXPIRE h 70368744178 FIELDS 1 a") ==
        "-ERR invalid expire time in 'hexpire' command");
  CHECK(server.RunLine("HPEXPIREAT h 70368744177664 FIELDS 1 a") ==
        "-ERR invalid expire time in 'hpexpireat' command");
  CHECK(server.RunLine("HPEXPIREAT h 70368744177663 FIELDS 1 a") == "[:1]");
  CHECK(server.RunLine("HPEXPIRE h 70368744177663 FIELDS 1 a") ==
        "-ERR invalid expire time in 'hpexpire' command");
  CHECK(server.RunLine("HEXPIRE h 10 NX XX FIELDS 1 a") == missing);
  CHECK(server.RunLine("HEXPIRE h 10 YY FIELDS 1 a") == missing);
  CHECK(server.RunLine("HEXPIRE h 10 FIELDS 0 a") ==
        "-ERR Parameter `numFields` should be greater than 0");
  CHECK(server.RunLine("HEXPIRE h 10 FIELDS x a") ==
        "-ERR Parameter `numFields` should be greater than 0");
  CHECK(server.RunLine("HEXPIRE h 10 FIELDS 2 a") == mismatch);
  CHECK(server.RunLine("HEXPIRE h 10 FIELDS 1 a b") == mismatch);
  CHECK(server.RunLine("HTTL h FIELD 1 a") == missing);
  CHECK(server.RunLine("HTTL h FIELDS 0 a") == "-ERR Number of fields must be a positive integer");
  CHECK(server.RunLine("HPERSIST h FIELDS 2 a") == mismatch);
  CHECK(server.RunLine("HGETDEL h FIELDS x a") ==
        "-ERR Number of fields must be a positive integer");
}

TEST_CASE("a field vanishes at its millisecond for every command, swept or not") {
  TestServer::InEachMode([](TestServer& server) {
    server.store().SetSweeping(false);
    server.RunLine("HSET h a 1 b 22 c 3 d 4 e 5");
    server.RunLine("HPEXPIRE h 10 FIELDS 2 b d");
    server.Advance(9);
    CHECK(server.RunLine("HLEN h") == ":5");
    CHECK(server.RunLine("HGET h b") == "\"22\"");
    CHECK(server.RunLine("HPTTL h FIELDS 1 b") == "[:1]");
    server.Advance(1);
    CHECK(server.RunLine("HLEN h") == ":3");
    CHECK(server.RunLine("HGET h b") == "nil$");
    CHECK(server.RunLine("HMGET h a b d e") == "[\"1\", nil$, nil$, \"5\"]");
    CHECK(server.RunLine("HEXISTS h b") == ":0");
    CHECK(server.RunLine("HSTRLEN h b") == ":0");
    CHECK(server.RunLine("HKEYS h") == "[\"a\", \"c\", \"e\"]");
    CHECK(server.RunLine("HVALS h") == "[\"1\", \"3\", \"5\"]");
    CHECK(server.RunLine("HGETALL h") == "[\"a\", \"1\", \"c\", \"3\", \"e\", \"5\"]");
    CHECK(server.RunLine("HSCAN h 0 NOVALUES") == "[\"0\", [\"a\", \"c\", \"e\"]]");
    CHECK(server.RunLine("HTTL h FIELDS 1 b") == "[:-2]");
    CHECK(server.RunLine("HEXPIRE h 10 FIELDS 1 b") == "[:-2]");
    CHECK(server.RunLine("HPERSIST h FIELDS 1 b") == "[:-2]");
    CHECK(server.RunLine("HGETEX h FIELDS 1 b") == "[nil$]");
    CHECK(server.RunLine("HGETDEL h FIELDS 1 b") == "[nil$]");
    CHECK(server.RunLine("HDEL h b") == ":0");
    CHECK(server.RunLine("HSETEX h FXX FIELDS 1 b x") == ":0");
    CHECK(server.RunLine("HINCRBY h b 1") == ":1");
    CHECK(server.RunLine("HSETNX h d new") == ":1");
    CHECK(server.RunLine("HTTL h FIELDS 2 b d") == "[:-1, :-1]");
    CHECK(server.RunLine("HLEN h") == ":5");
  });
}

TEST_CASE("HRANDFIELD knows nothing of fields that are due") {
  TestServer::InEachMode([](TestServer& server) {
    server.store().SetSweeping(false);
    Fill(server, 700);
    ExpireIn(server, 10, 0, 690);
    server.Advance(10);
    CHECK(server.RunNow({"HRANDFIELD", "h", "1000"}) ==
          "[\"f690\", \"f691\", \"f692\", \"f693\", \"f694\", \"f695\", \"f696\", \"f697\", "
          "\"f698\", \"f699\"]");
    Fill(server, 700);
    ExpireIn(server, 10, 0, 699);
    server.Advance(10);
    CHECK(server.RunLine("HRANDFIELD h") == "\"f699\"");
    CHECK(server.RunLine("HRANDFIELD h -3") == "[\"f699\", \"f699\", \"f699\"]");
    CHECK(RowsOf(server, "h") == 1);
  });
}

TEST_CASE("a hash whose last field is due is absent, swept or not") {
  TestServer::InEachMode([](TestServer& server) {
    server.store().SetSweeping(false);
    server.RecordEvents(~uint32_t{kNotifyKeyMiss});
    server.RunLine("HSET h a 1 b 2");
    server.RunLine("HPEXPIRE h 10 FIELDS 1 a");
    server.RunLine("HPEXPIRE h 20 FIELDS 1 b");
    server.TakeEvents();
    server.Advance(10);
    CHECK(server.RunLine("EXISTS h") == ":1");
    CHECK(server.RunLine("TTL h") == ":-1");
    server.Advance(10);
    SUBCASE("looked up") {
      CHECK(server.RunLine("EXISTS h") == ":0");
    }
    SUBCASE("asked for its type") {
      CHECK(server.RunLine("TYPE h") == "+none");
    }
    SUBCASE("met by a walk") {
      CHECK(server.RunLine("SCAN 0") == "[\"0\", []]");
      CHECK(server.RunLine("DEL h") == ":0");
    }
    SUBCASE("written to") {
      CHECK(server.RunLine("HSET h c 3") == ":1");
      CHECK(server.RunLine("HGETALL h") == "[\"c\", \"3\"]");
      return;
    }
    SUBCASE("taken for a string") {
      CHECK(server.RunLine("INCR h") == ":1");
      return;
    }
    CHECK(server.RunLine("DBSIZE") == ":0");
    CHECK(Events(server) == "hexpired h, del h");
  });
}

TEST_CASE("due fields are swept, with an event, and the key with its last one") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 3000);
    ExpireIn(server, 50, 0, 2000);
    ExpireIn(server, 70, 2000, 3000);
    server.EvictAll();
    server.RecordEvents(~uint32_t{kNotifyKeyMiss});
    server.Advance(49);
    CHECK(Events(server).empty());
    server.Advance(1);
    server.WaitUntil([&] { return RowsOf(server, "h") == 2000; });  // 1000 and their times.
    const std::vector<std::string> events = server.TakeEvents();
    CHECK(std::set<std::string>(events.begin(), events.end()) ==
          std::set<std::string>{"hexpired h"});
    CHECK(server.RunLine("HLEN h") == ":1000");
    server.Advance(20);
    server.WaitUntil([&] { return server.store().KeyCount(0) == 0; });
    CHECK(Events(server) == "hexpired h, del h");
  });
}

TEST_CASE("a sweep of very many fields leaves room for others in between") {
  TestServer server;
  Fill(server, 70'000);
  ExpireIn(server, 50, 0, 69'999);
  server.Advance(50);  // One turn of housekeeping.
  const uint64_t left = RowsOf(server, "h");
  CHECK(left < 139'999);
  CHECK(left > 1);
  CHECK(server.RunLine("HLEN h") == ":1");
  for (int i = 0; i < 100 && RowsOf(server, "h") > 1; ++i) server.Advance(0);
  CHECK(RowsOf(server, "h") == 1);
}

TEST_CASE("fields expire after a restart as before it") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, 300);
    ExpireIn(server, 1000, 0, 100);
    server.Reopen();
    CHECK(server.RunLine("HPTTL h FIELDS 2 f0 f200") == "[:1000, :-1]");
    server.Advance(1000);
    server.WaitUntil([&] { return RowsOf(server, "h") == 200; });
    CHECK(server.RunLine("HGET h f99") == "nil$");
    CHECK(server.RunLine("HLEN h") == ":200");
  });
}

TEST_CASE("expiries of fields stay with a value that moves, is copied, or gets an expiry itself") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("HSET h a 1 b 2");
    server.RunLine("HPEXPIRE h 100 FIELDS 1 a");
    server.RunLine("COPY h c");
    server.RunLine("RENAME h r");
    server.RunLine("MOVE r 1");
    server.RunLine("SWAPDB 1 2");
    server.RunLine("EXPIRE c 1000");
    server.RunLine("PERSIST c");
    CHECK(server.RunLine("HPTTL c FIELDS 2 a b") == "[:100, :-1]");
    server.session(1).SelectDb(2);
    CHECK(server.RunLine(1, "HPTTL r FIELDS 2 a b") == "[:100, :-1]");
    server.Advance(99);
    CHECK(server.RunLine(1, "HLEN r") == ":2");
    server.Advance(1);
    CHECK(server.RunLine(1, "HGETALL r") == "[\"b\", \"2\"]");
    CHECK(server.RunLine("HGETALL c") == "[\"b\", \"2\"]");
    server.WaitUntil([&] { return RowsOf(server, "c") == 1; });
  });
}

TEST_CASE("a key's own expiry and its fields' do not disturb each other") {
  TestServer server;
  server.RecordEvents(~uint32_t{kNotifyKeyMiss});
  server.RunLine("HSET h a 1 b 2");
  server.RunLine("PEXPIRE h 50");
  server.RunLine("HPEXPIRE h 20 FIELDS 1 a");
  server.RunLine("HPEXPIRE h 100 FIELDS 1 b");
  server.TakeEvents();
  server.Advance(20);
  server.WaitUntil([&] { return RowsOf(server, "h") == 2; });  // b and its time.
  CHECK(Events(server) == "hexpired h");
  CHECK(server.RunLine("PTTL h") == ":30");
  server.Advance(30);
  server.WaitUntil([&] { return server.store().KeyCount(0) == 0; });
  CHECK(Events(server) == "expired h");
  server.RunLine("HSET h a 1");
  CHECK(server.RunLine("HTTL h FIELDS 1 a") == "[:-1]");
  server.Advance(1000);
  CHECK(server.RunLine("HGET h a") == "\"1\"");
}

TEST_CASE("HSET takes a field's expiry away, HINCRBY and HINCRBYFLOAT leave it") {
  TestServer server;
  server.RunLine("HSET h a 1 b 2 c 3");
  server.RunLine("HEXPIRE h 100 FIELDS 3 a b c");
  server.RunLine("HSET h a 5");
  server.RunLine("HINCRBY h b 5");
  server.RunLine("HINCRBYFLOAT h c 0.5");
  CHECK(server.RunLine("HTTL h FIELDS 3 a b c") == "[:-1, :100, :100]");
  CHECK(server.RunLine("HVALS h") == "[\"5\", \"7\", \"3.5\"]");
  CHECK(server.RunLine("HSETNX h b 1") == ":0");
  CHECK(server.RunLine("HDEL h b c") == ":2");
  CHECK(RowsOf(server, "h") == 1);
}

TEST_CASE("HSETEX sets fields with an expiry, if its conditions hold") {
  TestServer server;
  CHECK(server.RunLine("HSETEX h FXX FIELDS 1 a 1") == ":0");
  CHECK(server.RunLine("EXISTS h") == ":0");
  CHECK(server.RunLine("HSETEX h EX 100 FNX FIELDS 2 a 1 b 2") == ":1");
  CHECK(server.RunLine("HTTL h FIELDS 2 a b") == "[:100, :100]");
  CHECK(server.RunLine("HSETEX h FNX FIELDS 2 a 5 c 5") == ":0");
  CHECK(server.RunLine("HSETEX h FXX FIELDS 2 a 5 c 5") == ":0");
  CHECK(server.RunLine("HSETEX h KEEPTTL FIELDS 2 a 6 c 6") == ":1");
  CHECK(server.RunLine("HTTL h FIELDS 3 a b c") == "[:100, :100, :-1]");
  CHECK(server.RunLine("HSETEX h FIELDS 1 a 7") == ":1");
  CHECK(server.RunLine("HTTL h FIELDS 1 a") == "[:-1]");
  CHECK(server.RunLine("HSETEX h PXAT 1700000000500 FIELDS 1 a 7") == ":1");
  CHECK(server.RunLine("HPTTL h FIELDS 1 a") == "[:500]");
  CHECK(server.RunLine("HSETEX h PX 0 FIELDS 2 a 8 z 8") == ":1");
  CHECK(server.RunLine("HMGET h a z") == "[nil$, nil$]");
  CHECK(server.RunLine("HSETEX h EX 1 PX 1 FIELDS 1 a 1") ==
        "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
  CHECK(server.RunLine("HSETEX h FNX FXX FIELDS 1 a 1") ==
        "-ERR Only one of FXX or FNX arguments can be specified");
  CHECK(server.RunLine("HSETEX h NX FIELDS 1 a 1") == "-ERR unknown argument: NX");
  CHECK(server.RunLine("HSETEX h EX x FIELDS 1 a 1") ==
        "-ERR value is not an integer or out of range");
  CHECK(server.RunLine("HSETEX h EX -1 FIELDS 1 a 1") == "-ERR invalid expire time, must be >= 0");
  CHECK(server.RunLine("HSETEX h FIELDS 0 a 1") == "-ERR invalid number of fields");
  CHECK(server.RunLine("HSETEX h FIELDS 2 a 1") ==
        "-ERR wrong number of arguments for 'hsetex' command");
  CHECK(server.RunLine("HSETEX h FIELDS 1 a 1 b") ==
        "-ERR wrong number of arguments for 'hsetex' command");
}

TEST_CASE("HGETEX tells values and changes expiries; HGETDEL tells and removes") {
  TestServer server;
  server.RunLine("HSET h a 1 b 2 c 3");
  CHECK(server.RunLine("HGETEX h FIELDS 2 a x") == "[\"1\", nil$]");
  CHECK(server.RunLine("HGETEX none EX 5 FIELDS 1 a") == "[nil$]");
  CHECK(server.RunLine("HGETEX h EX 100 FIELDS 2 a b") == "[\"1\", \"2\"]");
  CHECK(server.RunLine("HTTL h FIELDS 3 a b c") == "[:100, :100, :-1]");
  CHECK(server.RunLine("HGETEX h PERSIST FIELDS 1 a") == "[\"1\"]");
  CHECK(server.RunLine("HTTL h FIELDS 2 a b") == "[:-1, :100]");
  CHECK(server.RunLine("HGETEX h PXAT 1 FIELDS 2 a a") == "[\"1\", nil$]");
  CHECK(server.RunLine("HGETEX h PERSIST 1 FIELDS 1 b") ==
        "-ERR Mandatory argument FIELDS is missing or not at the right position");
  CHECK(server.RunLine("HGETEX h EX 1 PX 1 FIELDS 1 b") ==
        "-ERR Mandatory argument FIELDS is missing or not at the right position");
  CHECK(server.RunLine("HGETDEL h FIELDS 3 b b x") == "[\"2\", nil$, nil$]");
  CHECK(server.RunLine("HGETDEL h FIELDS 1 c") == "[\"3\"]");
  CHECK(server.RunLine("EXISTS h") == ":0");
  CHECK(server.RunLine("HGETDEL h FIELDS 1 c") == "[nil$]");
}

TEST_CASE("changes of fields' expiries are announced") {
  TestServer server;
  server.RecordEvents(~uint32_t{kNotifyKeyMiss});
  server.RunLine("HSETEX h EX 100 FIELDS 3 a 1 b 2 c 3");
  CHECK(Events(server) == "new h, hset h, hexpire h");
  server.RunLine("HSETEX h FIELDS 1 d 4");
  CHECK(Events(server) == "hset h");
  server.RunLine("HEXPIRE h 200 NX FIELDS 1 a");
  CHECK(Events(server).empty());
  server.RunLine("HEXPIRE h 200 FIELDS 2 a x");
  CHECK(Events(server) == "hexpire h");
  server.RunLine("HPERSIST h FIELDS 1 a");
  CHECK(Events(server) == "hpersist h");
  server.RunLine("HPERSIST h FIELDS 1 a");
  CHECK(Events(server).empty());
  server.RunLine("HEXPIRE h 0 FIELDS 1 a");
  CHECK(Events(server) == "hdel h");
  server.RunLine("HGETEX h EX 5 FIELDS 1 b");
  CHECK(Events(server) == "hexpire h");
  server.RunLine("HGETEX h PERSIST FIELDS 2 b d");
  CHECK(Events(server) == "hpersist h");
  server.RunLine("HGETEX h FIELDS 1 b");
  CHECK(Events(server).empty());
  server.RunLine("HGETEX h PX 0 FIELDS 1 b");
  CHECK(Events(server) == "hdel h");
  server.RunLine("HGETDEL h FIELDS 1 d");
  CHECK(Events(server) == "hdel h");
  server.RunLine("HSETEX h PX 0 FIELDS 1 c 5");
  CHECK(Events(server) == "hset h, hdel h, del h");
}

TEST_CASE("OBJECT ENCODING shows that a small hash had fields with an expiry") {
  TestServer server;
  server.settings().hash_max_listpack_entries = 3;
  server.RunLine("HSET h a 1 b 2 c 3");
  server.RunLine("HEXPIRE h 100 FIELDS 1 a");
  CHECK(server.RunLine("OBJECT ENCODING h") == "\"listpackex\"");
  server.RunLine("HPERSIST h FIELDS 1 a");
  CHECK(server.RunLine("OBJECT ENCODING h") == "\"listpackex\"");
  server.RunLine("HSET h d 4");
  CHECK(server.RunLine("OBJECT ENCODING h") == "\"hashtable\"");
}

TEST_CASE("commands about fields' expiry refuse other types") {
  TestServer server;
  server.RunLine("SET s x");
  const std::string wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
  for (const char* line :
       {"HEXPIRE s 1 FIELDS 1 a", "HPEXPIRE s 1 FIELDS 1 a", "HEXPIREAT s 1 FIELDS 1 a",
        "HPEXPIREAT s 1 FIELDS 1 a", "HTTL s FIELDS 1 a", "HPTTL s FIELDS 1 a",
        "HEXPIRETIME s FIELDS 1 a", "HPEXPIRETIME s FIELDS 1 a", "HPERSIST s FIELDS 1 a",
        "HGETEX s FIELDS 1 a", "HSETEX s FIELDS 1 a 1", "HGETDEL s FIELDS 1 a"}) {
    CAPTURE(line);
    CHECK(server.RunLine(line) == wrong);
  }
}

}  // namespace
}  // namespace datatypes
