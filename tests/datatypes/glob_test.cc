// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/glob.h"

#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

TEST_CASE("letters, question marks and stars") {
  CHECK(GlobMatch("hello", "hello"));
  CHECK_FALSE(GlobMatch("hello", "hellox"));
  CHECK(GlobMatch("h?llo", "hxllo"));
  CHECK_FALSE(GlobMatch("h?llo", "hllo"));
  CHECK(GlobMatch("h*llo", "heeeello"));
  CHECK(GlobMatch("h*llo", "hllo"));
  CHECK(GlobMatch("*a*b*c", "xxaxxbxxc"));
  CHECK_FALSE(GlobMatch("*a*b*c", "xxaxxcxxb"));
  CHECK(GlobMatch("a**", "a"));
}

TEST_CASE("classes") {
  CHECK(GlobMatch("h[ae]llo", "hallo"));
  CHECK_FALSE(GlobMatch("h[ae]llo", "hillo"));
  CHECK(GlobMatch("h[^e]llo", "hallo"));
  CHECK_FALSE(GlobMatch("h[^e]llo", "hello"));
  CHECK(GlobMatch("[a-c]", "b"));
  CHECK(GlobMatch("[c-a]", "b"));
  CHECK(GlobMatch("[\\]]", "]"));
  CHECK(GlobMatch("[a\\-c]", "-"));
  CHECK_FALSE(GlobMatch("[]", "a"));
  CHECK(GlobMatch("[^]", "a"));
}

TEST_CASE("a class need not be closed") {
  CHECK(GlobMatch("[abc", "b"));
  CHECK_FALSE(GlobMatch("[", "["));
  CHECK(GlobMatch("[^", "x"));
}

TEST_CASE("a backslash takes the next byte as it is, and itself at the end") {
  CHECK(GlobMatch("\\*", "*"));
  CHECK_FALSE(GlobMatch("\\*", "x"));
  CHECK(GlobMatch("a\\", "a\\"));
}

TEST_CASE("the empty text matches the empty pattern only") {
  CHECK(GlobMatch("", ""));
  CHECK_FALSE(GlobMatch("*", ""));
  CHECK_FALSE(GlobMatch("", "a"));
}

TEST_CASE("case can be ignored") {
  CHECK(GlobMatch("HeL[A-Z]O", "hello", GlobCase::kIgnore));
  CHECK_FALSE(GlobMatch("HELLO", "hello"));
}

TEST_CASE("more than a thousand stars match nothing") {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  const std::string text(2000, 'a');
  CHECK(GlobMatch(pattern, text));
  CHECK_FALSE(GlobMatch("*a" + pattern, text));
}

TEST_CASE("a pattern made to take forever does not") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  CHECK_FALSE(GlobMatch(pattern + "b", std::string(2000, 'a')));
}

// As one would define it, in exponential time.
bool Plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (size_t taken = 0; taken <= text.size(); ++taken) {
      if (Plainly(pattern.substr(1), text.substr(taken))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  return (pattern[0] == '?' || pattern[0] == text[0]) && Plainly(pattern.substr(1), text.substr(1));
}

TEST_CASE("stars and question marks match what a plain definition matches") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto word = [&](std::string_view letters, size_t max) {
    std::string result;
    const size_t size = random() % max;
    for (size_t i = 0; i < size; ++i) result += letters[random() % letters.size()];
    return result;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = word("ab*?", 8);
    const std::string text = word("ab", 8) + "a";
    CAPTURE(pattern);
    CAPTURE(text);
    CHECK(GlobMatch(pattern, text) == Plainly(pattern, text));
  }
}

}  // namespace
}  // namespace datatypes
