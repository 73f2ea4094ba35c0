// SPDX-License-Identifier: BSD-3-Clause
#include <string>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

constexpr const char* kNotInteger = "-ERR value is not an integer or out of range";
constexpr const char* kNotFloat = "-ERR value is not a valid float";
constexpr const char* kOverflow = "-ERR increment or decrement would overflow";

TEST_CASE("INCR and its kin count from 0 and keep the expiry") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"INCR", "k"}) == ":1");
    CHECK(server.Run({"EXPIRE", "k", "100"}) == ":1");
    CHECK(server.Run({"INCRBY", "k", "41"}) == ":42");
    CHECK(server.Run({"DECR", "k"}) == ":41");
    CHECK(server.Run({"DECRBY", "k", "50"}) == ":-9");
    CHECK(server.Run({"INCRBY", "k", "-1"}) == ":-10");
    CHECK(server.Run({"GET", "k"}) == "\"-10\"");
    CHECK(server.Run({"TTL", "k"}) == ":100");
    CHECK(server.Run({"DECR", "new"}) == ":-1");
  });
}

TEST_CASE("INCR refuses values that are no integers in their one spelling") {
  TestServer::InEachMode([](TestServer& server) {
    for (const char* value :
         {"", " 1", "1 ", "01", "+1", "1.0", "-0", "a", "9223372036854775808"}) {
      CAPTURE(value);
      CHECK(server.Run({"SET", "k", value}) == "+OK");
      CHECK(server.Run({"INCR", "k"}) == kNotInteger);
      CHECK(server.Run({"GET", "k"}) == '"' + std::string(value) + '"');
    }
    CHECK(server.Run({"SET", "k", std::string(100000, '1')}) == "+OK");
    CHECK(server.Run({"INCR", "k"}) == kNotInteger);
  });
}

TEST_CASE("INCRBY refuses increments that are no integers") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"INCRBY", "k", "x"}) == kNotInteger);
    CHECK(server.Run({"DECRBY", "k", "9223372036854775808"}) == kNotInteger);
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
  });
}

TEST_CASE("counters do not overflow") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "9223372036854775807"}) == "+OK");
    CHECK(server.Run({"INCR", "k"}) == kOverflow);
    CHECK(server.Run({"DECRBY", "k", "-1"}) == kOverflow);
    CHECK(server.Run({"SET", "k", "-9223372036854775808"}) == "+OK");
    CHECK(server.Run({"DECR", "k"}) == kOverflow);
    CHECK(server.Run({"DECRBY", "k", "-9223372036854775808"}) == "-ERR decrement would overflow");
    CHECK(server.Run({"INCRBY", "k", "9223372036854775807"}) == ":-1");
  });
}

TEST_CASE("what a counter stores is an integer again, however its value was made") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "1"}) == "+OK");
    CHECK(server.Run({"APPEND", "k", "2"}) == ":2");
    CHECK(server.Run({"EXPIRE", "k", "100"}) == ":1");
    CHECK(server.Run({"OBJECT", "ENCODING", "k"}) == "\"raw\"");
    CHECK(server.Run({"INCR", "k"}) == ":13");
    CHECK(server.Run({"OBJECT", "ENCODING", "k"}) == "\"int\"");
    CHECK(server.Run({"TTL", "k"}) == ":100");
  });
}

TEST_CASE("INCRBYFLOAT adds without an exponent and without needless zeros") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "10.50"}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "0.1"}) == "\"10.6\"");
    CHECK(server.Run({"INCRBYFLOAT", "k", "-5"}) == "\"5.6\"");
    CHECK(server.Run({"SET", "k", "5.0e3"}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "2.0e2"}) == "\"5200\"");
    CHECK(server.Run({"GET", "k"}) == "\"5200\"");
    CHECK(server.Run({"INCRBYFLOAT", "new", "0.00000000000000001"}) == "\"0.00000000000000001\"");
    CHECK(server.Run({"INCRBYFLOAT", "third", "3"}) == "\"3\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "third"}) == "\"embstr\"");
    CHECK(server.Run({"INCR", "third"}) == ":4");
    CHECK(server.Run({"OBJECT", "ENCODING", "third"}) == "\"int\"");
  });
}

TEST_CASE("INCRBYFLOAT keeps the expiry") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "1", "EX", "100"}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "1.5"}) == "\"2.5\"");
    CHECK(server.Run({"TTL", "k"}) == ":100");
  });
}

TEST_CASE("INCRBYFLOAT refuses what is no finite number") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "abc"}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "1"}) == kNotFloat);
    CHECK(server.Run({"SET", "k", " 11"}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "1"}) == kNotFloat);
    CHECK(server.Run({"SET", "k", "1"}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "x"}) == kNotFloat);
    CHECK(server.Run({"INCRBYFLOAT", "k", "nan"}) == kNotFloat);
    CHECK(server.Run({"INCRBYFLOAT", "k", "inf"}) ==
          "-ERR increment would produce NaN or Infinity");
    CHECK(server.Run({"GET", "k"}) == "\"1\"");
    CHECK(server.Run({"SET", "k", std::string(100000, '1')}) == "+OK");
    CHECK(server.Run({"INCRBYFLOAT", "k", "1"}) == kNotFloat);
  });
}

}  // namespace
}  // namespace datatypes
