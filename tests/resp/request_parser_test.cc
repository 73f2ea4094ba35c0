// SPDX-License-Identifier: BSD-3-Clause
#include "resp/request_parser.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using resp::Args;
using resp::RequestParser;
using Command = std::vector<std::string>;

namespace {

constexpr size_t kLineBytes = 65536;

// What came of an input: the commands found, then the error, if any.
struct Outcome {
  std::vector<Command> commands;
  std::string error;
  size_t unconsumed = 0;
  bool operator==(const Outcome&) const = default;
};

// A connection in little: its buffer gets `piece_sizes` bytes at a time (in turn) and is moved to
// fresh memory at every read, so that a pointer kept between calls is caught by the sanitizer.
Outcome Feed(std::string_view input, const std::vector<size_t>& piece_sizes,
             const RequestParser::Limits& limits = {}) {
  RequestParser parser;
  Args args;
  Outcome outcome;
  std::string pending;
  size_t turn = 0;
  while (!input.empty()) {
    const size_t size = std::min(piece_sizes[turn++ % piece_sizes.size()], input.size());
    pending.append(input.substr(0, size));
    input.remove_prefix(size);
    auto buffer = std::make_unique<char[]>(pending.size());
    std::copy(pending.begin(), pending.end(), buffer.get());
    std::string_view view(buffer.get(), pending.size());
    RequestParser::Status status{};
    do {
      size_t consumed = 0;
      status = parser.Next(view, limits, &consumed, &args);
      REQUIRE(consumed <= view.size());
      if (status == RequestParser::Status::kCommand) {
        outcome.commands.emplace_back(args.begin(), args.end());
      }
      view.remove_prefix(consumed);
    } while (status == RequestParser::Status::kCommand);
    if (status == RequestParser::Status::kError) {
      outcome.error = parser.error();
      return outcome;
    }
    pending = std::string(view);
  }
  outcome.unconsumed = pending.size();
  return outcome;
}

Outcome FeedWhole(std::string_view input, const RequestParser::Limits& limits = {}) {
  return Feed(input, {input.size()}, limits);
}

std::string ErrorOf(std::string_view input, const RequestParser::Limits& limits = {}) {
  const Outcome whole = FeedWhole(input, limits);
  CHECK(Feed(input, {1}, limits).error == whole.error);
  return whole.error;
}

RequestParser::Limits Unauthenticated() {
  RequestParser::Limits limits;
  limits.authenticated = false;
  return limits;
}

}  // namespace

TEST_CASE("a multibulk request is its arguments") {
  const Outcome outcome = FeedWhole("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n");
  CHECK(outcome.commands == std::vector<Command>{{"SET", "k", "hello"}});
  CHECK(outcome.unconsumed == 0);
}

TEST_CASE("arguments hold any bytes and may be empty") {
  using namespace std::string_literals;
  const Outcome outcome = FeedWhole("*2\r\n$0\r\n\r\n$6\r\n\r\n\0$1*\r\n"s);
  CHECK(outcome.commands == std::vector<Command>{{"", "\r\n\0$1*"s}});
}

TEST_CASE("an argument of two and more digits of length is read whole") {
  for (const size_t length : {9U, 10U, 99U, 100U, 12345U, 100000U}) {
    const std::string value(length, 'v');
    const std::string input =
        "*2\r\n$1\r\na\r\n$" + std::to_string(length) + "\r\n" + value + "\r\n";
    CHECK(FeedWhole(input).commands == std::vector<Command>{{"a", value}});
  }
}

TEST_CASE("empty requests are skipped and their bytes consumed") {
  const Outcome outcome =
      FeedWhole("*0\r\n*-1\r\n*-2147483649\r\n\r\n\n   \r\n*1\r\n$4\r\nPING\r\n*0\r\n");
  CHECK(outcome.commands == std::vector<Command>{{"PING"}});
  CHECK(outcome.unconsumed == 0);
}

TEST_CASE("a pipeline split at any byte, or at any two, gives the same commands") {
  using namespace std::string_literals;
  const std::string input =
      "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$12\r\nhello\r\nworld\r\n*0\r\n"
      "PING\r\nset  'a b' \"\\x41\\n\"\r\n\r\n*1\r\n$4\r\nPING\r\nGET k\n"
      "*2\r\n$3\r\nGET\r\n$0\r\n\r\n"s;
  const std::vector<Command> expected = {{"SET", "key", "hello\r\nworld"},
                                         {"PING"},
                                         {"set", "a b", "A\n"},
                                         {"PING"},
                                         {"GET", "k"},
                                         {"GET", ""}};
  for (size_t first = 1; first <= input.size(); ++first) {
    CAPTURE(first);
    CHECK(Feed(input, {first}).commands == expected);
    for (size_t second = 1; second < input.size() - first; ++second) {
      const Outcome outcome = Feed(input, {first, second, input.size()});
      REQUIRE(outcome.commands == expected);
      REQUIRE(outcome.unconsumed == 0);
    }
  }
}

TEST_CASE("random bytes from RESP's alphabet mean the same however they are split") {
  const unsigned seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  constexpr std::string_view kPieces[] = {
      "*",  "$", "1",  "2", "0",    "-1", "\r\n", "\r\n", "\r\n",   "\n",          "\r",
      "ab", " ", "\"", "'", "\\x4", "*1", "$1",   "$2",   "*2\r\n", "$1\r\na\r\n", "16385"};
  for (int round = 0; round < 3000; ++round) {
    std::string input;
    const size_t count = 1 + random() % 20;
    for (size_t i = 0; i < count; ++i) input += kPieces[random() % std::size(kPieces)];
    if (random() % 8 == 0) input.insert(random() % input.size(), 1, '\0');
    CAPTURE(input);
    RequestParser::Limits limits;
    limits.authenticated = random() % 2 == 0;
    limits.max_line_bytes = random() % 2 == 0 ? 8 : kLineBytes;
    const Outcome whole = FeedWhole(input, limits);
    REQUIRE(Feed(input, {1}, limits) == whole);
    REQUIRE(Feed(input, {1 + random() % 5, 1 + random() % 5}, limits) == whole);
  }
}

TEST_CASE("a command of very many arguments arrives whole from small pieces") {
  std::string input = "*20000\r\n";
  Command expected;
  for (int i = 0; i < 20000; ++i) {
    expected.push_back(std::to_string(i));
    input += "$" + std::to_string(expected.back().size()) + "\r\n" + expected.back() + "\r\n";
  }
  CHECK(Feed(input, {997}).commands == std::vector<Command>{expected});
}

TEST_CASE("inline words are split at blanks and end with LF or CR LF") {
  CHECK(FeedWhole("  SET\tk   v  \r\nPING\n").commands ==
        std::vector<Command>{{"SET", "k", "v"}, {"PING"}});
}

TEST_CASE("vertical tab and form feed may stand before a word but belong to it inside") {
  CHECK(FeedWhole("\v\fA\vB\r\n").commands == std::vector<Command>{{"A\vB"}});
}

TEST_CASE("a CR inside an inline line separates words") {
  CHECK(FeedWhole("A\rB\r\r\n").commands == std::vector<Command>{{"A", "B"}});
}

TEST_CASE("an inline request with unbalanced quotes is an error") {
  const std::string error = "Protocol error: unbalanced quotes in request";
  CHECK(ErrorOf("SET k \"abc\r\n") == error);
  CHECK(ErrorOf("SET k 'abc\r\n") == error);
  CHECK(ErrorOf("SET \"k\"v\r\n") == error);
}

TEST_CASE("an inline request of more than 64 KB is an error") {
  const std::string error = "Protocol error: too big inline request";
  CHECK(ErrorOf(std::string(kLineBytes + 1, 'a')) == error);
  CHECK(FeedWhole(std::string(kLineBytes, 'a')).error.empty());
  CHECK(FeedWhole(std::string(kLineBytes, 'a') + "\n").commands.size() == 1);
  CHECK(ErrorOf(std::string(kLineBytes + 1, 'a') + "\n") == error);
}

TEST_CASE("a line with a NUL byte never ends and is refused when it is too long") {
  using namespace std::string_literals;
  CHECK(FeedWhole("PI\0NG\r\nPING\r\n"s).commands.empty());
  CHECK(FeedWhole("PI\0NG\r\nPING\r\n"s).error.empty());
  CHECK(ErrorOf("P\0\r\n"s + std::string(kLineBytes, 'a')) ==
        "Protocol error: too big inline request");
  CHECK(ErrorOf("*\0\r\n"s + std::string(kLineBytes, 'a')) ==
        "Protocol error: too big mbulk count string");
}

TEST_CASE("a count that is no number, or beyond 2147483647, is an error") {
  const std::string error = "Protocol error: invalid multibulk length";
  for (const char* count : {"", "x", "1x", " 1", "+1", "01", "-0", "2147483648", "3000000000",
                            "99999999999999999999", "-", "1 "}) {
    CAPTURE(count);
    CHECK(ErrorOf("*" + std::string(count) + "\r\n") == error);
  }
  CHECK(FeedWhole("*2147483647\r\n").error.empty());
}

TEST_CASE("a count without an end is an error after 64 KB") {
  const std::string error = "Protocol error: too big mbulk count string";
  CHECK(ErrorOf("*" + std::string(kLineBytes, '1')) == error);
  CHECK(FeedWhole("*" + std::string(kLineBytes - 1, '1')).error.empty());
}

TEST_CASE("a bulk length without an end is an error after 64 KB") {
  const std::string error = "Protocol error: too big bulk count string";
  CHECK(ErrorOf("*1\r\n$" + std::string(kLineBytes, '1')) == error);
  CHECK(FeedWhole("*1\r\n$" + std::string(kLineBytes - 1, '1')).error.empty());
}

TEST_CASE("an argument that does not begin with a dollar is an error that shows its first byte") {
  CHECK(ErrorOf("*1\r\nPING\r\n") == "Protocol error: expected '$', got 'P'");
  CHECK(ErrorOf("*1\r\n\r\n") == "Protocol error: expected '$', got '\r'");
  CHECK(ErrorOf("*2\r\n$1\r\na\r\n:1\r\n") == "Protocol error: expected '$', got ':'");
  CHECK(FeedWhole("*1\r\nPING").error.empty());  // As in Redis, only a whole line is judged.
}

TEST_CASE("a bulk length that is no number, negative or above the limit is an error") {
  const std::string error = "Protocol error: invalid bulk length";
  for (const char* length :
       {"", "x", "-1", "+1", "01", "536870913", "99999999999999999999", "1 "}) {
    CAPTURE(length);
    CHECK(ErrorOf("*1\r\n$" + std::string(length) + "\r\n") == error);
  }
  CHECK(FeedWhole("*1\r\n$536870912\r\n").error.empty());
}

TEST_CASE("proto-max-bulk-len bounds the bulk length") {
  RequestParser::Limits limits;
  limits.max_bulk_bytes = 5;
  CHECK(FeedWhole("*1\r\n$5\r\nabcde\r\n", limits).commands == std::vector<Command>{{"abcde"}});
  CHECK(ErrorOf("*1\r\n$6\r\nabcdef\r\n", limits) == "Protocol error: invalid bulk length");
}

TEST_CASE("an unauthenticated client may send 10 arguments and not 11") {
  CHECK(FeedWhole("*10\r\n", Unauthenticated()).error.empty());
  CHECK(ErrorOf("*11\r\n", Unauthenticated()) ==
        "Protocol error: unauthenticated multibulk length");
  CHECK(ErrorOf("*2147483648\r\n", Unauthenticated()) ==
        "Protocol error: invalid multibulk length");
}

TEST_CASE("an unauthenticated client may send an argument of 16384 bytes and not more") {
  CHECK(FeedWhole("*1\r\n$16384\r\n", Unauthenticated()).error.empty());
  CHECK(ErrorOf("*1\r\n$16385\r\n", Unauthenticated()) ==
        "Protocol error: unauthenticated bulk length");
  CHECK(ErrorOf("*1\r\n$536870913\r\n", Unauthenticated()) ==
        "Protocol error: invalid bulk length");
}

TEST_CASE("commands before the faulty one are still given") {
  const Outcome outcome = FeedWhole("*1\r\n$4\r\nPING\r\n*1\r\n:4\r\n");
  CHECK(outcome.commands == std::vector<Command>{{"PING"}});
  CHECK(outcome.error == "Protocol error: expected '$', got ':'");
}

TEST_CASE("an error stays") {
  RequestParser parser;
  Args args;
  size_t consumed = 0;
  CHECK(parser.Next("*x\r\n", {}, &consumed, &args) == RequestParser::Status::kError);
  CHECK(parser.Next("*1\r\n$4\r\nPING\r\n", {}, &consumed, &args) == RequestParser::Status::kError);
  CHECK(parser.error() == "Protocol error: invalid multibulk length");
}

TEST_CASE("the parser says how many bytes a bulk still needs, and only then") {
  RequestParser parser;
  Args args;
  size_t consumed = 0;
  std::string buffer = "*2\r\n$3\r\nSET\r\n$10000";
  parser.Next(buffer, {}, &consumed, &args);
  CHECK(parser.BytesWanted() == 0);
  CHECK(parser.InsideCommand());
  buffer += "0\r\n";
  parser.Next(buffer, {}, &consumed, &args);
  CHECK(parser.BytesWanted() == 100002);
  buffer += "xyz";
  parser.Next(buffer, {}, &consumed, &args);
  CHECK(parser.BytesWanted() == 99999);
  buffer += std::string(99997, 'x') + "\r\n";
  CHECK(parser.Next(buffer, {}, &consumed, &args) == RequestParser::Status::kCommand);
  CHECK(parser.BytesWanted() == 0);
  CHECK(!parser.InsideCommand());
  CHECK(consumed == buffer.size());
  CHECK(args[1].size() == 100000);
}

TEST_CASE("arguments point into the caller's buffer") {
  RequestParser parser;
  Args args;
  size_t consumed = 0;
  const std::string buffer = "*1\r\n$4\r\nPING\r\n";
  REQUIRE(parser.Next(buffer, {}, &consumed, &args) == RequestParser::Status::kCommand);
  CHECK(args[0].data() == buffer.data() + 8);
}

TEST_CASE("the memory of a huge command's arguments is given back") {
  RequestParser parser;
  Args args;
  args.reserve(1000000);
  size_t consumed = 0;
  REQUIRE(parser.Next("*1\r\n$4\r\nPING\r\n", {}, &consumed, &args) ==
          RequestParser::Status::kCommand);
  CHECK(args.capacity() < 1000);
}
