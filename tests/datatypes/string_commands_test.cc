// SPDX-License-Identifier: BSD-3-Clause
// GET, SET and their kin. Replies are written as resp::Describe() writes them.
#include <string>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

constexpr const char* kWrongTypeReply =
    "-WRONGTYPE Operation against a key holding the wrong kind of value";

TEST_CASE("GET replies with what SET stored, and with null for what is absent") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "v"}) == "+OK");
    CHECK(server.Run({"GET", "k"}) == "\"v\"");
    CHECK(server.Run({"GET", "other"}) == "nil$");
    CHECK(server.Run({"SET", "k", ""}) == "+OK");
    CHECK(server.Run({"GET", "k"}) == "\"\"");
  });
}

TEST_CASE("GET and SET take any bytes") {
  TestServer::InEachMode([](TestServer& server) {
    const std::string bytes("\0\r\n\xff", 4);
    CHECK(server.Run({"SET", bytes, bytes}) == "+OK");
    CHECK(server.Run({"GET", bytes}) == "\"\\x00\\r\\n\\xff\"");
  });
}

TEST_CASE("a value of megabytes is read back as it was set") {
  TestServer::InEachMode([](TestServer& server) {
    std::string value;
    while (value.size() < 3 << 20) value += std::to_string(value.size()) + ' ';
    CHECK(server.Run({"SET", "k", value}) == "+OK");
    CHECK(server.Run({"STRLEN", "k"}) == ":" + std::to_string(value.size()));
    CHECK(server.Run({"GET", "k"}) == '"' + value + '"');
    CHECK(server.Run({"SET", "k", "short"}) == "+OK");
    CHECK(server.Run({"GET", "k"}) == "\"short\"");
  });
}

TEST_CASE("SET NX sets only what is absent, SET XX only what is there") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "1", "XX"}) == "nil$");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
    CHECK(server.Run({"SET", "k", "1", "NX"}) == "+OK");
    CHECK(server.Run({"SET", "k", "2", "nx"}) == "nil$");
    CHECK(server.Run({"SET", "k", "3", "xx"}) == "+OK");
    CHECK(server.Run({"GET", "k"}) == "\"3\"");
  });
}

TEST_CASE("SET GET replies with the old value, and whether it set is not told") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "1", "GET"}) == "nil$");
    CHECK(server.Run({"SET", "k", "2", "GET"}) == "\"1\"");
    CHECK(server.Run({"SET", "k", "3", "NX", "GET"}) == "\"2\"");
    CHECK(server.Run({"GET", "k"}) == "\"2\"");
    CHECK(server.Run({"SET", "other", "3", "NX", "GET"}) == "nil$");
    CHECK(server.Run({"GET", "other"}) == "\"3\"");
    CHECK(server.Run({"SET", "third", "3", "XX", "GET"}) == "nil$");
    CHECK(server.Run({"GET", "third"}) == "nil$");
  });
}

TEST_CASE("SET's expiry options set it, KEEPTTL keeps it, and without any it is gone") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "1", "EX", "100"}) == "+OK");
    CHECK(server.Run({"PTTL", "k"}) == ":100000");
    CHECK(server.Run({"SET", "k", "1", "PX", "2500"}) == "+OK");
    CHECK(server.Run({"PTTL", "k"}) == ":2500");
    CHECK(server.Run({"SET", "k", "1", "EXAT", "99999999999"}) == "+OK");
    CHECK(server.Run({"EXPIRETIME", "k"}) == ":99999999999");
    CHECK(server.Run({"SET", "k", "1", "PXAT", "99999999999999"}) == "+OK");
    CHECK(server.Run({"PEXPIRETIME", "k"}) == ":99999999999999");
    CHECK(server.Run({"SET", "k", "2", "KEEPTTL"}) == "+OK");
    CHECK(server.Run({"PEXPIRETIME", "k"}) == ":99999999999999");
    CHECK(server.Run({"SET", "k", "3"}) == "+OK");
    CHECK(server.Run({"PTTL", "k"}) == ":-1");
  });
}

TEST_CASE("a key set to expire in the past is gone") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "1", "PXAT", "1"}) == "+OK");
    CHECK(server.Run({"GET", "k"}) == "nil$");
  });
}

TEST_CASE("SET refuses times that are none") {
  TestServer::InEachMode([](TestServer& server) {
    const std::string invalid = "-ERR invalid expire time in 'set' command";
    CHECK(server.Run({"SET", "k", "1", "EX", "0"}) == invalid);
    CHECK(server.Run({"SET", "k", "1", "PX", "-1"}) == invalid);
    CHECK(server.Run({"SET", "k", "1", "EXAT", "-1"}) == invalid);
    CHECK(server.Run({"SET", "k", "1", "EX", "9223372036854776"}) == invalid);
    CHECK(server.Run({"SET", "k", "1", "PX", "9223372036854775807"}) == invalid);
    CHECK(server.Run({"SET", "k", "1", "EX", "x"}) ==
          "-ERR value is not an integer or out of range");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
  });
}

TEST_CASE("SET refuses options that exclude each other") {
  TestServer::InEachMode([](TestServer& server) {
    const std::string syntax = "-ERR syntax error";
    CHECK(server.Run({"SET", "k", "1", "NX", "XX"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "XX", "NX"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "EX", "1", "PX", "1"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "EX", "1", "KEEPTTL"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "KEEPTTL", "PXAT", "1"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "EX"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "PERSIST"}) == syntax);
    CHECK(server.Run({"SET", "k", "1", "what"}) == syntax);
    // The same one twice is none.
    CHECK(server.Run({"SET", "k", "1", "EX", "1", "EX", "200"}) == "+OK");
    CHECK(server.Run({"TTL", "k"}) == ":200");
  });
}

TEST_CASE("SETNX, SETEX and PSETEX are SET with an option") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETNX", "k", "1"}) == ":1");
    CHECK(server.Run({"SETNX", "k", "2"}) == ":0");
    CHECK(server.Run({"GET", "k"}) == "\"1\"");
    CHECK(server.Run({"SETEX", "k", "10", "3"}) == "+OK");
    CHECK(server.Run({"PTTL", "k"}) == ":10000");
    CHECK(server.Run({"PSETEX", "k", "10", "4"}) == "+OK");
    CHECK(server.Run({"PTTL", "k"}) == ":10");
    CHECK(server.Run({"GET", "k"}) == "\"4\"");
    CHECK(server.Run({"SETEX", "k", "0", "3"}) == "-ERR invalid expire time in 'setex' command");
    CHECK(server.Run({"PSETEX", "k", "-5", "3"}) == "-ERR invalid expire time in 'psetex' command");
    CHECK(server.Run({"SETEX", "k", "1.5", "3"}) == "-ERR value is not an integer or out of range");
  });
}

TEST_CASE("GETSET sets and replies with the old value, dropping the expiry") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"GETSET", "k", "1"}) == "nil$");
    CHECK(server.Run({"EXPIRE", "k", "100"}) == ":1");
    CHECK(server.Run({"GETSET", "k", "2"}) == "\"1\"");
    CHECK(server.Run({"GET", "k"}) == "\"2\"");
    CHECK(server.Run({"TTL", "k"}) == ":-1");
  });
}

TEST_CASE("GETDEL replies with the value and deletes the key") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"GETDEL", "k"}) == "nil$");
    CHECK(server.Run({"SET", "k", "1"}) == "+OK");
    CHECK(server.Run({"GETDEL", "k"}) == "\"1\"");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
  });
}

TEST_CASE("GETEX replies with the value and changes the expiry as told") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"GETEX", "k"}) == "nil$");
    CHECK(server.Run({"GETEX", "k", "EX", "0"}) == "nil$");
    CHECK(server.Run({"SET", "k", "1"}) == "+OK");
    CHECK(server.Run({"GETEX", "k", "EX", "100"}) == "\"1\"");
    CHECK(server.Run({"TTL", "k"}) == ":100");
    CHECK(server.Run({"GETEX", "k"}) == "\"1\"");
    CHECK(server.Run({"TTL", "k"}) == ":100");
    CHECK(server.Run({"GETEX", "k", "PERSIST"}) == "\"1\"");
    CHECK(server.Run({"TTL", "k"}) == ":-1");
    CHECK(server.Run({"GETEX", "k", "PXAT", "99999999999999"}) == "\"1\"");
    CHECK(server.Run({"PEXPIRETIME", "k"}) == ":99999999999999");
    CHECK(server.Run({"GETEX", "k", "EXAT", "1"}) == "\"1\"");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
  });
}

TEST_CASE("GETEX refuses what is no option of it and times that are none") {
  TestServer::InEachMode([](TestServer& server) {
    const std::string syntax = "-ERR syntax error";
    CHECK(server.Run({"SET", "k", "1"}) == "+OK");
    CHECK(server.Run({"GETEX", "k", "KEEPTTL"}) == syntax);
    CHECK(server.Run({"GETEX", "k", "NX"}) == syntax);
    CHECK(server.Run({"GETEX", "k", "GET"}) == syntax);
    CHECK(server.Run({"GETEX", "k", "EX"}) == syntax);
    CHECK(server.Run({"GETEX", "k", "PERSIST", "EX", "1"}) == syntax);
    CHECK(server.Run({"GETEX", "k", "PX", "1", "PERSIST"}) == syntax);
    CHECK(server.Run({"GETEX", "k", "PX", "0"}) == "-ERR invalid expire time in 'getex' command");
  });
}

TEST_CASE("MGET replies null for what is absent or no string") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"MSET", "a", "1", "b", "2"}) == "+OK");
    server.MakeKeyOfAnotherType("other");
    CHECK(server.Run({"MGET", "a", "none", "b", "other", "a"}) ==
          "[\"1\", nil$, \"2\", nil$, \"1\"]");
  });
}

TEST_CASE("MSET sets all pairs, the last one of a key counting, and drops expiries") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "a", "0", "EX", "100"}) == "+OK");
    CHECK(server.Run({"MSET", "a", "1", "b", "2", "a", "3"}) == "+OK");
    CHECK(server.Run({"MGET", "a", "b"}) == "[\"3\", \"2\"]");
    CHECK(server.Run({"TTL", "a"}) == ":-1");
    CHECK(server.Run({"MSET", "a", "1", "b"}) ==
          "-ERR wrong number of arguments for 'mset' command");
  });
}

TEST_CASE("MSETNX sets all or nothing") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"MSETNX", "a", "1", "b", "2"}) == ":1");
    CHECK(server.Run({"MSETNX", "c", "3", "b", "4"}) == ":0");
    CHECK(server.Run({"MGET", "a", "b", "c"}) == "[\"1\", \"2\", nil$]");
    CHECK(server.Run({"MSETNX", "d", "1", "d", "2"}) == ":1");
    CHECK(server.Run({"GET", "d"}) == "\"2\"");
    CHECK(server.Run({"MSETNX", "a", "1", "b"}) ==
          "-ERR wrong number of arguments for 'msetnx' command");
  });
}

TEST_CASE("commands that read a string refuse other types, those that replace it do not") {
  TestServer::InEachMode([](TestServer& server) {
    server.MakeKeyOfAnotherType("k");
    CHECK(server.Run({"GET", "k"}) == kWrongTypeReply);
    CHECK(server.Run({"GETSET", "k", "1"}) == kWrongTypeReply);
    CHECK(server.Run({"GETDEL", "k"}) == kWrongTypeReply);
    CHECK(server.Run({"GETEX", "k", "EX", "0"}) == kWrongTypeReply);
    CHECK(server.Run({"SET", "k", "1", "GET"}) == kWrongTypeReply);
    CHECK(server.Run({"STRLEN", "k"}) == kWrongTypeReply);
    CHECK(server.Run({"APPEND", "k", "1"}) == kWrongTypeReply);
    CHECK(server.Run({"SETRANGE", "k", "0", ""}) == kWrongTypeReply);
    CHECK(server.Run({"GETRANGE", "k", "0", "1"}) == kWrongTypeReply);
    CHECK(server.Run({"INCR", "k"}) == kWrongTypeReply);
    CHECK(server.Run({"INCRBYFLOAT", "k", "1"}) == kWrongTypeReply);
    CHECK(server.Run({"SETNX", "k", "1"}) == ":0");
    CHECK(server.Run({"SET", "k", "1"}) == "+OK");
    CHECK(server.Run({"GET", "k"}) == "\"1\"");
    server.MakeKeyOfAnotherType("other");
    CHECK(server.Run({"MSET", "other", "2"}) == "+OK");
    CHECK(server.Run({"GET", "other"}) == "\"2\"");
  });
}

TEST_CASE("STRLEN counts bytes, 0 for what is absent") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"STRLEN", "k"}) == ":0");
    CHECK(server.Run({"SET", "k", "12345"}) == "+OK");
    CHECK(server.Run({"STRLEN", "k"}) == ":5");
  });
}

TEST_CASE("APPEND adds to the end, creates what is absent, and keeps the expiry") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"APPEND", "k", "12"}) == ":2");
    CHECK(server.Run({"OBJECT", "ENCODING", "k"}) == "\"int\"");
    CHECK(server.Run({"EXPIRE", "k", "100"}) == ":1");
    CHECK(server.Run({"APPEND", "k", "3"}) == ":3");
    CHECK(server.Run({"OBJECT", "ENCODING", "k"}) == "\"raw\"");
    CHECK(server.Run({"GET", "k"}) == "\"123\"");
    CHECK(server.Run({"TTL", "k"}) == ":100");
    CHECK(server.Run({"APPEND", "k", ""}) == ":3");
    const std::string more(100000, 'x');
    CHECK(server.Run({"APPEND", "k", more}) == ":100003");
    CHECK(server.Run({"APPEND", "k", "end"}) == ":100006");
    CHECK(server.Run({"TTL", "k"}) == ":100");
    CHECK(server.Run({"GETRANGE", "k", "-5", "-1"}) == "\"xxend\"");
  });
}

TEST_CASE("SETRANGE writes over, and fills with zeros up to its offset") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "Hello World"}) == "+OK");
    CHECK(server.Run({"SETRANGE", "k", "6", "Redis"}) == ":11");
    CHECK(server.Run({"GET", "k"}) == "\"Hello Redis\"");
    CHECK(server.Run({"SETRANGE", "k", "13", "x"}) == ":14");
    CHECK(server.Run({"GET", "k"}) == "\"Hello Redis\\x00\\x00x\"");
    CHECK(server.Run({"SETRANGE", "new", "2", "x"}) == ":3");
    CHECK(server.Run({"GET", "new"}) == "\"\\x00\\x00x\"");
  });
}

TEST_CASE("SETRANGE of nothing changes nothing") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETRANGE", "k", "5", ""}) == ":0");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
    CHECK(server.Run({"SET", "k", "abc"}) == "+OK");
    CHECK(server.Run({"SETRANGE", "k", "50", ""}) == ":3");
    CHECK(server.Run({"GET", "k"}) == "\"abc\"");
  });
}

TEST_CASE("SETRANGE refuses offsets that no string has") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETRANGE", "k", "-1", "x"}) == "-ERR offset is out of range");
    CHECK(server.Run({"SETRANGE", "k", "x", "x"}) ==
          "-ERR value is not an integer or out of range");
    const std::string too_long = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    CHECK(server.Run({"SETRANGE", "k", "536870912", "x"}) == too_long);
    CHECK(server.Run({"SETRANGE", "k", "9223372036854775807", "x"}) == too_long);
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
    CHECK(server.Run({"SETRANGE", "k", "536870911", "x"}) == ":536870912");
    CHECK(server.Run({"APPEND", "k", "x"}) == too_long);
  });
}

TEST_CASE("GETRANGE counts negative ends from the end and cuts what is outside") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "This is a string"}) == "+OK");
    CHECK(server.Run({"GETRANGE", "k", "0", "3"}) == "\"This\"");
    CHECK(server.Run({"GETRANGE", "k", "-3", "-1"}) == "\"ing\"");
    CHECK(server.Run({"GETRANGE", "k", "0", "-1"}) == "\"This is a string\"");
    CHECK(server.Run({"GETRANGE", "k", "10", "100"}) == "\"string\"");
    CHECK(server.Run({"GETRANGE", "k", "-100", "-15"}) == "\"Th\"");
    CHECK(server.Run({"GETRANGE", "k", "5", "3"}) == "\"\"");
    CHECK(server.Run({"GETRANGE", "k", "-1", "-5"}) == "\"\"");
    CHECK(server.Run({"GETRANGE", "k", "-200", "-100"}) == "\"T\"");
    CHECK(server.Run({"GETRANGE", "k", "16", "20"}) == "\"\"");
    CHECK(server.Run({"GETRANGE", "none", "0", "-1"}) == "\"\"");
    CHECK(server.Run({"SUBSTR", "k", "0", "3"}) == "\"This\"");
    CHECK(server.Run({"GETRANGE", "k", "a", "3"}) ==
          "-ERR value is not an integer or out of range");
    CHECK(server.Run({"GETRANGE", "none", "0", "b"}) ==
          "-ERR value is not an integer or out of range");
  });
}

TEST_CASE("GETRANGE of a long string crosses its chunks") {
  TestServer::InEachMode([](TestServer& server) {
    std::string value;
    while (value.size() < 100000) value += std::to_string(value.size()) + ' ';
    CHECK(server.Run({"SET", "k", value}) == "+OK");
    for (const size_t begin : {32700, 32704, 65400, 99990}) {
      CHECK(server.Run({"GETRANGE", "k", std::to_string(begin), std::to_string(begin + 9)}) ==
            '"' + value.substr(begin, 10) + '"');
    }
  });
}

TEST_CASE("LCS replies with the subsequence, its length or its places") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"MSET", "a", "ohmytext", "b", "mynewtext"}) == "+OK");
    CHECK(server.Run({"LCS", "a", "b"}) == "\"mytext\"");
    CHECK(server.Run({"LCS", "a", "b", "LEN"}) == ":6");
    CHECK(server.Run({"LCS", "a", "b", "IDX"}) ==
          "[\"matches\", [[[:4, :7], [:5, :8]], [[:2, :3], [:0, :1]]], \"len\", :6]");
    CHECK(server.Run({"LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN"}) ==
          "[\"matches\", [[[:4, :7], [:5, :8], :4]], \"len\", :6]");
    CHECK(server.Run({"LCS", "a", "b", "IDX", "MINMATCHLEN", "-4"}) ==
          server.Run({"LCS", "a", "b", "IDX"}));
    CHECK(server.Run({"LCS", "a", "none"}) == "\"\"");
    CHECK(server.Run({"LCS", "a", "none", "LEN"}) == ":0");
    CHECK(server.Run({"LCS", "none", "b", "IDX"}) == "[\"matches\", [], \"len\", :0]");
  });
}

TEST_CASE("LCS refuses what it cannot do") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"MSET", "a", "1", "b", "2"}) == "+OK");
    CHECK(server.Run({"LCS", "a", "b", "IDX", "LEN"}) ==
          "-ERR If you want both the length and indexes, please just use IDX.");
    CHECK(server.Run({"LCS", "a", "b", "what"}) == "-ERR syntax error");
    CHECK(server.Run({"LCS", "a", "b", "MINMATCHLEN"}) == "-ERR syntax error");
    CHECK(server.Run({"LCS", "a", "b", "MINMATCHLEN", "x"}) ==
          "-ERR value is not an integer or out of range");
    server.MakeKeyOfAnotherType("other");
    CHECK(server.Run({"LCS", "a", "other"}) ==
          "-ERR The specified keys must contain string values");
    CHECK(server.Run({"SETRANGE", "a", "20000", "x"}) == ":20001");
    CHECK(server.Run({"SETRANGE", "b", "20000", "x"}) == ":20001");
    CHECK(server.Run({"LCS", "a", "b"}) ==
          "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  });
}

}  // namespace
}  // namespace datatypes
