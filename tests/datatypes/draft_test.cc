// SPDX-License-Identifier: BSD-3-Clause
// Values that are made over many turns: COPY and the STORE forms of sets, of large ones.
#include "lsm/draft.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/types.h"
#include "lsm/row_stream.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

constexpr int kElements = 12'000;

// `each` gives the words of one element.
template <typename Each>
void Fill(TestServer& server, std::string_view command, int from, int to, const Each& each) {
  for (int i = from; i < to; i += 1000) {
    std::string line(command);
    for (int j = i; j < std::min(to, i + 1000); ++j) line += " " + each(j);
    server.RunLine(line);
  }
}

std::string Number(int i) {
  return std::to_string(i);
}
std::string Word(int i) {
  return "word" + std::to_string(i);
}

// Of an array as the test server shows it, sorted.
std::vector<std::string> Members(const std::string& reply) {
  std::vector<std::string> members;
  for (size_t at = reply.find('"'); at != std::string::npos; at = reply.find('"', at)) {
    const size_t end = reply.find('"', at + 1);
    members.push_back(reply.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  std::sort(members.begin(), members.end());
  return members;
}

void Begin(TestServer& server, size_t client, const std::vector<std::string_view>& args) {
  server.dispatcher().BeginTurn();
  server.dispatcher().Execute(server.session(client), args);
}

std::string Finish(TestServer& server, size_t client) {
  server.WaitUntil([&] { return !server.session(client).parked(); });
  return server.Replies(client);
}

uint64_t Drafts(TestServer& server) {
  return server.store().KeyCount(lsm::DraftsDatabase(server.store()));
}

TEST_CASE("a large STORE form of sets stores what its reply form tells") {
  TestServer::InEachMode([](TestServer& server) {
    Fill(server, "SADD numbers", 0, kElements, Number);
    Fill(server, "SADD words", 0, kElements, Word);
    Fill(server, "SADD both", 2000, kElements + 1000, Number);
    Fill(server, "SADD both", 2000, kElements + 1000, Word);
    server.RunLine("SET old string");
    for (const std::string what :
         {"SUNION numbers words", "SINTER both words", "SDIFF words numbers"}) {
      CAPTURE(what);
      const std::vector<std::string> members = Members(server.RunLine(what));
      const size_t keys = what.find(' ');
      const std::string store = what.substr(0, keys) + "STORE old" + what.substr(keys);
      CHECK(server.RunLine(store) == ":" + Number(static_cast<int>(members.size())));
      CHECK(Members(server.RunLine("SMEMBERS old")) == members);
    }
    CHECK(server.RunLine("SUNIONSTORE all numbers words both") == ":26000");
    CHECK(server.RunLine("OBJECT ENCODING all") == "\"hashtable\"");
    CHECK(server.RunLine("SISMEMBER all word12999") == ":1");
    CHECK(server.RunLine("SISMEMBER all 13000") == ":0");
    server.RunLine("SADD all one more");
    CHECK(server.RunLine("SCARD all") == ":26002");
    server.Reopen();
    CHECK(server.RunLine("SCARD all") == ":26002");
    CHECK(server.RunLine("SMISMEMBER all one 0 word0 word13000") == "[:1, :1, :1, :0]");
    CHECK(Drafts(server) == 0);
  });
}

TEST_CASE("a large COPY makes what a small one would, of every type") {
  TestServer::InEachMode([](TestServer& server) {
    const auto pair = [](int i) { return Word(i) + " " + Number(i); };
    Fill(server, "SADD s", 0, kElements, Word);
    Fill(server, "RPUSH l", 0, kElements, Word);
    Fill(server, "HSET h", 0, kElements, pair);
    Fill(server, "ZADD z", 0, kElements, [](int i) { return Number(i) + " " + Word(i); });
    for (int i = 1; i <= 9000; ++i) server.RunLine("XADD x " + Number(i) + " f v");
    server.RunLine("XGROUP CREATE x group 5");
    server.Run({"SET", "text", std::string(10'000'000, 'x')});
    server.RunLine("HPEXPIRE h 1000 FIELDS 1 word7");
    server.RunLine("EXPIRE l 1000");
    for (const std::string key : {"s", "l", "h", "z", "x", "text"}) {
      CAPTURE(key);
      server.RunLine("SET copy old");
      CHECK(server.RunLine("COPY " + key + " copy") == ":0");
      CHECK(server.RunLine("COPY " + key + " copy REPLACE") == ":1");
      CHECK(server.RunLine("COPY " + key + " copy DB 1") == ":1");
      CHECK(server.RunLine("TTL copy") == server.RunLine("TTL " + key));
      const std::string reader = key == "text" ? "GET " : "DUMP ";
      CHECK(server.RunLine(reader + "copy") == server.RunLine(reader + key));
      CHECK(server.RunLine("OBJECT ENCODING copy") == server.RunLine("OBJECT ENCODING " + key));
      server.session(1).SelectDb(1);
      CHECK(server.RunLine(1, "DEL copy") == ":1");
      server.RunLine("DEL " + key);
      CHECK(server.RunLine("EXISTS copy") == ":1");
    }
    CHECK(Drafts(server) == 0);
  });
}

TEST_CASE("a copied hash's fields expire by themselves") {
  TestServer server;
  Fill(server, "HSET h", 0, kElements, [](int i) { return Word(i) + " v"; });
  server.RunLine("HPEXPIRE h 100 FIELDS 2 word1 word2");
  CHECK(server.RunLine("COPY h c") == ":1");
  server.Advance(100);
  CHECK(server.RunLine("HLEN c") == ":11998");
  server.WaitUntil([&] { return server.RunLine("HMGET c word1 word3") == "[nil$, \"v\"]"; });
}

TEST_CASE("what is stored is what the sources are when it appears") {
  TestServer server;
  Fill(server, "SADD s", 0, kElements, Word);
  Fill(server, "RPUSH l", 0, kElements, Word);
  Begin(server, 1, {"SUNIONSTORE", "union", "s"});
  Begin(server, 2, {"COPY", "l", "copy"});
  for (int i = 0; i < 10; ++i) server.Advance(0);
  CHECK(server.RunLine("EXISTS union copy") == ":0");
  server.RunLine("SADD s late");
  server.RunLine("RPUSH l late");
  CHECK(Finish(server, 1) == ":12001");
  CHECK(Finish(server, 2) == ":1");
  CHECK(server.RunLine("SISMEMBER union late") == ":1");
  CHECK(server.RunLine("LINDEX copy -1") == "\"late\"");
  // Who changes them all the time does not hold it up for ever.
  Begin(server, 1, {"SUNIONSTORE", "union", "s"});
  Begin(server, 2, {"COPY", "l", "copy", "REPLACE"});
  int changes = 0;
  server.WaitUntil([&] {
    server.RunLine("SADD s more" + Number(changes));
    server.RunLine("RPUSH l more" + Number(changes++));
    return !server.session(1).parked() && !server.session(2).parked();
  });
  CHECK(server.Replies(1).size() == 6);
  CHECK(server.Replies(2) == ":1");
  // Sources that go, and a destination that comes.
  Begin(server, 1, {"SUNIONSTORE", "union", "s"});
  Begin(server, 2, {"COPY", "l", "late"});
  server.RunLine("DEL s");
  server.RunLine("SET late there");
  CHECK(Finish(server, 1) == ":0");
  CHECK(Finish(server, 2) == ":0");
  CHECK(server.RunLine("EXISTS union") == ":0");
  CHECK(Drafts(server) == 0);
}

TEST_CASE("of a client that goes no draft is left") {
  TestServer server;
  Fill(server, "SADD s", 0, kElements, Word);
  Begin(server, 1, {"COPY", "s", "copy"});
  server.WaitUntil([&] { return Drafts(server) == 1; });
  server.dispatcher().Cancel(server.session(1));
  CHECK(Drafts(server) == 0);
  Begin(server, 1, {"SUNIONSTORE", "copy", "s"});
  server.WaitUntil([&] { return Drafts(server) == 1; });
  server.dispatcher().Cancel(server.session(1));
  CHECK(Drafts(server) == 0);
  CHECK(server.RunLine("EXISTS copy") == ":0");
}

TEST_CASE("a draft that a crash has left goes when the store is opened") {
  TestServer server;
  server.RunLine("SET other value");
  lsm::Store& store = server.store();
  lsm::Entry* draft = store.Create(lsm::DraftsDatabase(store), "left", kSet, 0, {});
  draft = store.AttachCollection(draft);
  lsm::RowSlice rows;
  for (int i = 0; i < 100; ++i) rows.Add(Word(i), "");
  lsm::AppendDraftRows(store, draft, rows);
  server.Reopen();
  CHECK(Drafts(server) == 0);
  CHECK(server.RunLine("DBSIZE") == ":1");
  server.WaitUntil([&] { return server.store().Stats().garbage_rows_collected >= 100; });
}

TEST_CASE("in a transaction a large COPY and a STORE form are done at one go") {
  TestServer server;
  Fill(server, "SADD s", 0, kElements, Word);
  CHECK(server.RunNow({"SUNIONSTORE", "union", "s"}) == ":12000");
  CHECK(server.RunNow({"COPY", "s", "copy"}) == ":1");
  CHECK(server.RunLine("SDIFF union copy") == "[]");
}

}  // namespace
}  // namespace datatypes
