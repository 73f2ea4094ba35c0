// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

std::string EventsOf(TestServer& server, std::string_view line) {
  server.TakeEvents();
  server.RunLine(line);
  std::string joined;
  for (const std::string& event : server.TakeEvents()) {
    if (!joined.empty()) joined += ", ";
    joined += event;
  }
  return joined;
}

TEST_CASE("pushes answer with the length, and LPUSH reverses what it is given") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("LPUSH l a b c") == ":3");
    CHECK(server.RunLine("RPUSH l d") == ":4");
    CHECK(server.RunLine("LRANGE l 0 -1") == "[\"c\", \"b\", \"a\", \"d\"]");
    CHECK(server.RunLine("LPUSHX none x") == ":0");
    CHECK(server.RunLine("RPUSHX none x") == ":0");
    CHECK(server.RunLine("EXISTS none") == ":0");
    CHECK(server.RunLine("RPUSHX l e f") == ":6");
    CHECK(server.RunLine("LPUSHX l g") == ":7");
    CHECK(server.RunLine("LLEN l") == ":7");
    CHECK(server.RunLine("TYPE l") == "+list");
  });
}

TEST_CASE("pops take from the ends, and the key goes with its last element") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH l 1 2 3 4 5 6");
    CHECK(server.RunLine("LPOP l") == "\"1\"");
    CHECK(server.RunLine("RPOP l") == "\"6\"");
    CHECK(server.RunLine("LPOP l 2") == "[\"2\", \"3\"]");
    CHECK(server.RunLine("RPOP l 0") == "[]");
    CHECK(server.RunLine("RPOP l 9") == "[\"5\", \"4\"]");
    CHECK(server.RunLine("EXISTS l") == ":0");
    CHECK(server.RunLine("LPOP l") == "nil$");
    CHECK(server.RunLine("LPOP l 2") == "nil*");
    CHECK(server.RunLine("LPOP l -1") == "-ERR value is out of range, must be positive");
    CHECK(server.RunLine("LPOP l 1 2") == "-ERR wrong number of arguments for 'lpop' command");
  });
}

TEST_CASE("elements are found by their index from either end") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH l a b c");
    CHECK(server.RunLine("LINDEX l 0") == "\"a\"");
    CHECK(server.RunLine("LINDEX l -1") == "\"c\"");
    CHECK(server.RunLine("LINDEX l 3") == "nil$");
    CHECK(server.RunLine("LINDEX l -4") == "nil$");
    CHECK(server.RunLine("LINDEX l x") == "-ERR value is not an integer or out of range");
    CHECK(server.RunLine("LINDEX none x") == "nil$");
    CHECK(server.RunLine("LSET l -2 B") == "+OK");
    CHECK(server.RunLine("LSET l 3 x") == "-ERR index out of range");
    CHECK(server.RunLine("LSET none 0 x") == "-ERR no such key");
    CHECK(server.RunLine("LRANGE l -100 100") == "[\"a\", \"B\", \"c\"]");
    CHECK(server.RunLine("LRANGE l 2 1") == "[]");
    CHECK(server.RunLine("LRANGE none 0 -1") == "[]");
  });
}

TEST_CASE("LINSERT, LREM and LTRIM change the middle") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH l a b a c a");
    CHECK(server.RunLine("LINSERT l BEFORE a x") == ":6");
    CHECK(server.RunLine("LINSERT l after c y") == ":7");
    CHECK(server.RunLine("LINSERT l after none y") == ":-1");
    CHECK(server.RunLine("LINSERT none after c y") == ":0");
    CHECK(server.RunLine("LINSERT l around c y") == "-ERR syntax error");
    CHECK(server.RunLine("LRANGE l 0 -1") == "[\"x\", \"a\", \"b\", \"a\", \"c\", \"y\", \"a\"]");
    CHECK(server.RunLine("LREM l -2 a") == ":2");
    CHECK(server.RunLine("LRANGE l 0 -1") == "[\"x\", \"a\", \"b\", \"c\", \"y\"]");
    CHECK(server.RunLine("LTRIM l 1 -2") == "+OK");
    CHECK(server.RunLine("LRANGE l 0 -1") == "[\"a\", \"b\", \"c\"]");
    CHECK(server.RunLine("LTRIM l 5 9") == "+OK");
    CHECK(server.RunLine("EXISTS l") == ":0");
    server.RunLine("RPUSH l a a a");
    CHECK(server.RunLine("LREM l 0 a") == ":3");
    CHECK(server.RunLine("EXISTS l") == ":0");
  });
}

TEST_CASE("LPOS finds by rank, count and length") {
  TestServer server;
  server.RunLine("RPUSH l a b c 1 2 3 c c");
  CHECK(server.RunLine("LPOS l c") == ":2");
  CHECK(server.RunLine("LPOS l c RANK 2") == ":6");
  CHECK(server.RunLine("LPOS l c RANK -1") == ":7");
  CHECK(server.RunLine("LPOS l c COUNT 2") == "[:2, :6]");
  CHECK(server.RunLine("LPOS l c COUNT 0") == "[:2, :6, :7]");
  CHECK(server.RunLine("LPOS l c COUNT 0 RANK -2") == "[:6, :2]");
  CHECK(server.RunLine("LPOS l c COUNT 0 MAXLEN 3") == "[:2]");
  CHECK(server.RunLine("LPOS l none") == "nil$");
  CHECK(server.RunLine("LPOS l none COUNT 1") == "[]");
  CHECK(server.RunLine("LPOS none c COUNT 1") == "[]");
  CHECK(server.RunLine("LPOS l c COUNT -1") == "-ERR COUNT can't be negative");
  CHECK(server.RunLine("LPOS l c MAXLEN -1") == "-ERR MAXLEN can't be negative");
}

TEST_CASE("LMOVE and LMPOP take from one list what another or the client gets") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH a 1 2 3");
    CHECK(server.RunLine("LMOVE a b LEFT RIGHT") == "\"1\"");
    CHECK(server.RunLine("RPOPLPUSH a b") == "\"3\"");
    CHECK(server.RunLine("LRANGE b 0 -1") == "[\"3\", \"1\"]");
    CHECK(server.RunLine("LMOVE a a LEFT RIGHT") == "\"2\"");
    CHECK(server.RunLine("LMOVE b b LEFT RIGHT") == "\"3\"");
    CHECK(server.RunLine("LMOVE none b LEFT RIGHT") == "nil$");
    CHECK(server.RunLine("LMPOP 2 none b LEFT COUNT 5") == "[\"b\", [\"1\", \"3\"]]");
    CHECK(server.RunLine("LMPOP 2 none b RIGHT") == "nil*");
    CHECK(server.RunLine("LMPOP 0 a LEFT") == "-ERR numkeys should be greater than 0");
    CHECK(server.RunLine("LMPOP 1 a LEFT COUNT 0") == "-ERR count should be greater than 0");
    CHECK(server.RunLine("LMPOP 1 a UP") == "-ERR syntax error");
    server.RunLine("SET s 1");
    CHECK(server.RunLine("LMOVE a s LEFT RIGHT").starts_with("-WRONGTYPE"));
    CHECK(server.RunLine("LLEN a") == ":1");
  });
}

TEST_CASE("every list command refuses a value of another type") {
  TestServer server;
  server.RunLine("SET s 1");
  for (const std::string_view line :
       {"LPUSH s a", "RPUSH s a", "LPUSHX s a", "RPUSHX s a", "LPOP s", "RPOP s 1", "LLEN s",
        "LINDEX s 0", "LSET s 0 a", "LRANGE s 0 -1", "LTRIM s 0 -1", "LREM s 0 a",
        "LINSERT s BEFORE a b", "LPOS s a", "LMOVE s d LEFT LEFT", "RPOPLPUSH s d",
        "LMPOP 1 s LEFT"}) {
    CAPTURE(line);
    CHECK(server.RunLine(line) ==
          "-WRONGTYPE Operation against a key holding the wrong kind of value");
  }
}

TEST_CASE("list commands announce what they did, in Redis' order") {
  TestServer server;
  server.RecordEvents();
  CHECK(EventsOf(server, "LPUSH l a b") == "new l, lpush l");
  CHECK(EventsOf(server, "RPUSH l c d") == "rpush l");
  CHECK(EventsOf(server, "LSET l 0 x") == "lset l");
  CHECK(EventsOf(server, "LINSERT l BEFORE c y") == "linsert l");
  CHECK(EventsOf(server, "LINSERT l BEFORE none y") == "");
  CHECK(EventsOf(server, "LREM l 0 y") == "lrem l");
  CHECK(EventsOf(server, "LREM l 0 y") == "");
  CHECK(EventsOf(server, "LMOVE l m LEFT RIGHT") == "new m, rpush m, lpop l");
  CHECK(EventsOf(server, "RPOPLPUSH m l") == "lpush l, rpop m, del m");
  CHECK(EventsOf(server, "LPOP l") == "lpop l");
  CHECK(EventsOf(server, "LTRIM l 0 -1") == "ltrim l");
  CHECK(EventsOf(server, "LMPOP 1 l RIGHT COUNT 2") == "rpop l");
  CHECK(EventsOf(server, "RPOP l 5") == "rpop l, del l");
  CHECK(EventsOf(server, "RPUSH l a") == "new l, rpush l");
  CHECK(EventsOf(server, "LTRIM l 1 0") == "ltrim l, del l");
}

TEST_CASE("OBJECT ENCODING follows list-max-listpack-size, and shrinks at half of it") {
  TestServer server;
  server.settings().list_max_listpack_size = 4;
  server.RunLine("RPUSH l 1 2 3 4");
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"listpack\"");
  server.RunLine("RPUSH l 5");
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"quicklist\"");
  server.RunLine("RPOP l 2");
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"quicklist\"");
  server.RunLine("RPOP l");
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"listpack\"");
  server.settings().list_max_listpack_size = -1;
  server.Run({"RPUSH", "l", std::string(4100, 'x')});
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"quicklist\"");
  server.Reopen();
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"quicklist\"");
  server.RunLine("LSET l -1 x");
  CHECK(server.RunLine("OBJECT ENCODING l") == "\"listpack\"");
}

TEST_CASE("a list is copied, renamed and moved whole") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH a 1 2 3");
    CHECK(server.RunLine("COPY a b") == ":1");
    CHECK(server.RunLine("RPUSH b 4") == ":4");
    CHECK(server.RunLine("LLEN a") == ":3");
    CHECK(server.RunLine("RENAME b c") == "+OK");
    CHECK(server.RunLine("LPOP c") == "\"1\"");
    CHECK(server.RunLine("MOVE c 1") == ":1");
    server.session().SelectDb(1);
    CHECK(server.RunLine("LRANGE c 0 -1") == "[\"2\", \"3\", \"4\"]");
    CHECK(server.RunLine("DEL c") == ":1");
    CHECK(server.RunLine("RPUSH c 9") == ":1");
    CHECK(server.RunLine("LRANGE c 0 -1") == "[\"9\"]");
  });
}

TEST_CASE("a long list answers from any page, with little in RAM") {
  TestServer::InEachMode([](TestServer& server) {
    constexpr int kElements = 30000;
    std::vector<std::string> words = {"RPUSH", "l"};
    for (int i = 0; i < kElements; ++i) words.push_back("element-" + std::to_string(i));
    const std::vector<std::string_view> views(words.begin(), words.end());
    CHECK(server.RunArgs(views) == ":30000");
    server.EvictAll();
    CHECK(server.RunLine("LINDEX l 15000") == "\"element-15000\"");
    CHECK(server.RunLine("LRANGE l 20000 20001") == "[\"element-20000\", \"element-20001\"]");
    server.EvictAll();
    const std::string all = server.RunLine("LRANGE l 1 -2");
    CHECK(all.starts_with("[\"element-1\", \"element-2\", "));
    CHECK(all.ends_with("\"element-29998\"]"));
    CHECK(std::count(all.begin(), all.end(), ',') == kElements - 3);
    CHECK(server.RunLine("LPOS l element-29000") == ":29000");
    CHECK(server.RunLine("LTRIM l -3 -2") == "+OK");
    CHECK(server.RunLine("LRANGE l 0 -1") == "[\"element-29997\", \"element-29998\"]");
    CHECK(server.RunLine("LPUSH l x") == ":3");
    CHECK(server.RunLine("RPOP l") == "\"element-29998\"");
  });
}

}  // namespace
}  // namespace datatypes
