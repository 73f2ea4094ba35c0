// SPDX-License-Identifier: BSD-3-Clause
#include "resp/split_args.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using resp::SplitArgs;
using Words = std::vector<std::string>;

namespace {

Words Split(std::string_view line) {
  Words words;
  REQUIRE(SplitArgs(line, &words));
  return words;
}

bool Refused(std::string_view line) {
  Words words = {"left over"};
  const bool ok = SplitArgs(line, &words);
  CHECK(words.empty());
  return !ok;
}

}  // namespace

TEST_CASE("words are separated by any number of blanks") {
  CHECK(Split(" a  b\tc\r\n") == Words{"a", "b", "c"});
  CHECK(Split("").empty());
  CHECK(Split("  \t ").empty());
}

TEST_CASE("quotes make empty words and words with blanks") {
  CHECK(Split(R"(a "" '' "b c" 'd  e')") == Words{"a", "", "", "b c", "d  e"});
}

TEST_CASE("a quote in the middle of a word continues it") {
  CHECK(Split(R"(foo"bar baz")") == Words{"foobar baz"});
  CHECK(Split(R"(foo'bar "baz')") == Words{"foobar \"baz"});
}

TEST_CASE("double quotes know Redis' escapes and take others literally") {
  CHECK(Split(R"("\n\r\t\b\a\\\"\q")") == Words{"\n\r\t\b\a\\\"q"});
  CHECK(Split(R"("\x41\xfF\x00z")") == Words{std::string("A\xff\0z", 4)});
  CHECK(Split(R"("\xg1\x4")") == Words{"xg1x4"});
}

TEST_CASE("single quotes know only the escaped quote") {
  CHECK(Split(R"('it\'s \n "x"')") == Words{"it's \\n \"x\""});
}

TEST_CASE("a backslash outside quotes is a byte like any other") {
  CHECK(Split(R"(a\nb \x41)") == Words{"a\\nb", "\\x41"});
}

TEST_CASE("a closing quote must end its word") {
  CHECK(Refused(R"("a"b)"));
  CHECK(Refused(R"('a'b)"));
  CHECK(Refused(R"("a""b")"));
  CHECK(Split("\"a\"\v\"b\"") == Words{"a", "b"});
}

TEST_CASE("an open quote is refused") {
  CHECK(Refused("\""));
  CHECK(Refused("'a"));
  CHECK(Refused(R"("a\")"));
  CHECK(Refused(R"('a\')"));
  CHECK(Refused(R"("a\)"));
}

TEST_CASE("a NUL byte ends the line") {
  using namespace std::string_literals;
  CHECK(Split("a b\0c \"d"s) == Words{"a", "b"});
}

TEST_CASE("a quoted word is printable, in Redis' escapes") {
  using namespace std::string_literals;
  CHECK(resp::QuoteArg("") == R"("")");
  CHECK(resp::QuoteArg("a b'c") == R"("a b'c")");
  CHECK(resp::QuoteArg("\\\"\n\r\t\a\b\0\x7f\xff"s) == R"("\\\"\n\r\t\a\b\x00\x7f\xff")");
}

TEST_CASE("a quoted word of any byte is split into itself") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string word = {'x', static_cast<char>(byte), 'y'};
    CHECK(Split(resp::QuoteArg(word)) == Words{word});
  }
}
