// SPDX-License-Identifier: BSD-3-Clause
#include "resp/reply_parser.h"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using resp::Describe;
using resp::Reply;
using resp::ReplyParser;

namespace {

// The descriptions of all replies in `input`, fed `piece` bytes at a time, and the error, if any.
std::vector<std::string> Parse(std::string_view input, size_t piece,
                               const ReplyParser::Limits& limits = {}) {
  ReplyParser parser(limits);
  std::vector<std::string> found;
  while (!input.empty()) {
    parser.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    Reply reply;
    ReplyParser::Status status{};
    while ((status = parser.Next(&reply)) == ReplyParser::Status::kReply) {
      found.push_back(Describe(reply));
    }
    if (status == ReplyParser::Status::kError) {
      found.push_back("error: " + std::string(parser.error()));
      break;
    }
  }
  return found;
}

// The one reply or error in `input`, which must be the same for every size of pieces.
std::string One(std::string_view input, const ReplyParser::Limits& limits = {}) {
  const std::vector<std::string> whole = Parse(input, input.size(), limits);
  for (size_t piece = 1; piece < std::min<size_t>(input.size(), 40); ++piece) {
    REQUIRE(Parse(input, piece, limits) == whole);
  }
  REQUIRE(whole.size() == 1);
  return whole[0];
}

Reply Value(std::string_view input) {
  ReplyParser parser;
  parser.Feed(input);
  Reply reply;
  REQUIRE(parser.Next(&reply) == ReplyParser::Status::kReply);
  return reply;
}

}  // namespace

TEST_CASE("every RESP2 type is read") {
  CHECK(One("+OK\r\n") == "+OK");
  CHECK(One("-ERR no such\r\n") == "-ERR no such");
  CHECK(One(":12\r\n") == ":12");
  CHECK(One(":-9223372036854775808\r\n") == ":-9223372036854775808");
  CHECK(One("$5\r\nhello\r\n") == "\"hello\"");
  CHECK(One("$0\r\n\r\n") == "\"\"");
  CHECK(One("$-1\r\n") == "nil$");
  CHECK(One("*-1\r\n") == "nil*");
  CHECK(One("*0\r\n") == "[]");
  CHECK(One("*3\r\n:1\r\n*1\r\n+a\r\n$-1\r\n") == "[:1, [+a], nil$]");
}

TEST_CASE("every RESP3 type is read") {
  CHECK(One("_\r\n") == "nil_");
  CHECK(One("#t\r\n") == "#t");
  CHECK(One("#f\r\n") == "#f");
  CHECK(One(",1.5\r\n") == ",1.5");
  CHECK(One(",-inf\r\n") == ",-inf");
  CHECK(One("(12345678901234567890123\r\n") == "(12345678901234567890123");
  CHECK(One("!5\r\nERR x\r\n") == "!\"ERR x\"");
  CHECK(One("=6\r\ntxt:ab\r\n") == "=txt:\"ab\"");
  CHECK(One("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n") == "{+a: :1, +b: :2}");
  CHECK(One("~2\r\n:2\r\n:1\r\n") == "~[:2, :1]");
  CHECK(One(">2\r\n+message\r\n+x\r\n") == ">[+message, +x]");
  CHECK(One("|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n") == "|{+ttl: :9} \"v\"");
}

TEST_CASE("streamed strings and aggregates are read as if they were whole") {
  CHECK(One("$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n") == "\"Hello\"");
  CHECK(One("$?\r\n;0\r\n") == "\"\"");
  CHECK(One("*?\r\n:1\r\n*?\r\n.\r\n.\r\n") == "[:1, []]");
  CHECK(One("%?\r\n+a\r\n:1\r\n.\r\n") == "{+a: :1}");
  CHECK(One("~?\r\n+a\r\n.\r\n") == "~[+a]");
  CHECK(One("*2\r\n$?\r\n;1\r\na\r\n;0\r\n:2\r\n") == "[\"a\", :2]");
}

TEST_CASE("attributes belong to the reply after them, at any depth") {
  CHECK(One("*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n") == "[|{+k: +v} :1, :2]");
  CHECK(One("|1\r\n+k\r\n+v\r\n*1\r\n:1\r\n") == "|{+k: +v} [:1]");
  CHECK(One("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n+x\r\n") == "|{+a: :1, +b: :2} +x");
  CHECK(One("|0\r\n+x\r\n") == "+x");
}

TEST_CASE("numbers come as values too") {
  CHECK(Value(",2.5\r\n").number == 2.5);
  CHECK(std::isinf(Value(",inf\r\n").number));
  CHECK(std::isnan(Value(",nan\r\n").number));
  CHECK(Value(":+7\r\n").integer == 7);
  CHECK(Value("#t\r\n").integer == 1);
}

TEST_CASE("a reply knows whether it is an error or a null") {
  CHECK(Value("-ERR\r\n").is_error());
  CHECK(Value("!1\r\nx\r\n").is_error());
  CHECK(!Value("+OK\r\n").is_error());
  CHECK(Value("$-1\r\n").is_null());
  CHECK(Value("*-1\r\n").is_null());
  CHECK(Value("_\r\n").is_null());
  CHECK(!Value("$0\r\n\r\n").is_null());
}

TEST_CASE("a stream of replies is the same in pieces of any size") {
  const std::string input =
      "+OK\r\n*2\r\n$3\r\nfoo\r\n%1\r\n+a\r\n$?\r\n;2\r\nbc\r\n;0\r\n|1\r\n+x\r\n#t\r\n_\r\n"
      "*?\r\n:1\r\n.\r\n>1\r\n=5\r\ntxt:z\r\n-ERR\r\n";
  const std::vector<std::string> whole = Parse(input, input.size());
  CHECK(whole == std::vector<std::string>{"+OK", "[\"foo\", {+a: \"bc\"}]", "|{+x: #t} nil_",
                                          "[:1]", ">[=txt:\"z\"]", "-ERR"});
  for (size_t piece = 1; piece < input.size(); ++piece) CHECK(Parse(input, piece) == whole);
}

TEST_CASE("memory behind the parser is given back while it reads on") {
  ReplyParser parser;
  Reply reply;
  const std::string input = "$10000\r\n" + std::string(10000, 'x') + "\r\n";
  for (int i = 0; i < 100; ++i) {
    parser.Feed(input);
    REQUIRE(parser.Next(&reply) == ReplyParser::Status::kReply);
    REQUIRE(reply.text.size() == 10000);
  }
  CHECK(parser.buffered_bytes() == 0);
}

TEST_CASE("what is not RESP is refused") {
  for (const char* input : {"hello\r\n",
                            "\r\n",
                            "+OK\n",
                            ":\r\n",
                            ":1a\r\n",
                            ":+-1\r\n",
                            "$x\r\n",
                            "$-2\r\n",
                            "$1\r\nabc",
                            "*-2\r\n",
                            "*x\r\n",
                            "%-1\r\n",
                            "_x\r\n",
                            "#x\r\n",
                            "#\r\n",
                            ",abc\r\n",
                            ",\r\n",
                            "(12x\r\n",
                            "(\r\n",
                            "=3\r\ntxt\r\n",
                            "=5\r\ntxtab\r\n",
                            "!-1\r\n",
                            ".\r\n",
                            ";1\r\n",
                            "*1\r\n.\r\n",
                            "%?\r\n+a\r\n.\r\n",
                            "*?\r\n|1\r\n+a\r\n+b\r\n.\r\n",
                            "$?\r\n+a\r\n",
                            "$?\r\n$1\r\na\r\n",
                            ";0\r\n"}) {
    CAPTURE(input);
    CHECK(One(input).substr(0, 7) == "error: ");
  }
}

TEST_CASE("an error stays") {
  ReplyParser parser;
  Reply reply;
  parser.Feed("?\r\n");
  CHECK(parser.Next(&reply) == ReplyParser::Status::kError);
  parser.Feed("+OK\r\n");
  CHECK(parser.Next(&reply) == ReplyParser::Status::kError);
}

TEST_CASE("depth is limited") {
  ReplyParser::Limits limits;
  limits.max_depth = 3;
  CHECK(One("*1\r\n*1\r\n*1\r\n:1\r\n", limits) == "[[[:1]]]");
  CHECK(One("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", limits) == "error: replies nested too deeply");
}

TEST_CASE("sizes are limited") {
  ReplyParser::Limits limits;
  limits.max_bulk_bytes = 4;
  limits.max_children = 4;
  limits.max_line_bytes = 10;
  CHECK(One("$4\r\nabcd\r\n", limits) == "\"abcd\"");
  CHECK(One("$5\r\nabcde\r\n", limits) == "error: an invalid length");
  CHECK(One("$?\r\n;3\r\nabc\r\n;2\r\nde\r\n", limits) == "error: an invalid length");
  CHECK(One("*5\r\n", limits) == "error: an invalid length");
  CHECK(One("%3\r\n", limits) == "error: an invalid length");
  CHECK(One("*?\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n", limits) == "error: too many elements");
  CHECK(One("+123456789\r\n", limits).substr(0, 6) == "error:");
  CHECK(One("+123456789012", limits) == "error: a line that is too long");
}

TEST_CASE("a header's promise takes no memory") {
  ReplyParser parser;
  Reply reply;
  parser.Feed("*4294967296\r\n*4294967296\r\n$536870912\r\nabc");
  CHECK(parser.Next(&reply) == ReplyParser::Status::kNeedMore);
}

TEST_CASE("descriptions are printable and tell bytes apart") {
  CHECK(One("$6\r\n\"\\\x01\r\n\xff\r\n") == R"("\"\\\x01\r\n\xff")");
  CHECK(One("+a\\\"b\r\n") == R"(+a\\"b)");
}

TEST_CASE("descriptions can forget the order of sets and maps, and only theirs") {
  const auto sorted = [](std::string_view input) {
    return Describe(Value(input), resp::MemberOrder::kSorted);
  };
  CHECK(sorted("~3\r\n+c\r\n+a\r\n+b\r\n") == "~[+a, +b, +c]");
  CHECK(sorted("%2\r\n+b\r\n:1\r\n+a\r\n:2\r\n") == "{+a: :2, +b: :1}");
  CHECK(sorted("*2\r\n+b\r\n+a\r\n") == "[+b, +a]");
  CHECK(sorted("*1\r\n~2\r\n+b\r\n+a\r\n") == "[~[+a, +b]]");
}
