// SPDX-License-Identifier: BSD-3-Clause
// The values that random commands are made of: few keys and members, so that commands meet, and
// the edges of every range.
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "grammar.h"

namespace compat {

namespace {

using Random = Grammar::Random;
using Make = std::string (*)(Random&);

template <size_t n>
std::string OneOf(Random& random, const std::array<const char*, n>& texts) {
  return texts[random() % n];
}

bool OneIn(Random& random, uint64_t n) {
  return random() % n == 0;
}

std::string Between(Random& random, int64_t low, int64_t high) {
  return std::to_string(low +
                        static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1)));
}

std::string Odd(Random& random) {
  constexpr std::array<const char*, 13> kOdd = {
      "",      "abc", "-1",   "0",     "1.5", "9223372036854775807", "9223372036854775808",
      "nan",   "inf", "LEFT", "COUNT",

      "1e400", " 1"};
  return OneOf(random, kOdd);
}

// Numbers that all versions of Redis print alike, and what is none.
std::string OddScore(Random& random) {
  constexpr std::array<const char*, 7> kOdd = {"", "abc", "-1", "0", "nan", "1e400", " 1"};
  return OneOf(random, kOdd);
}

std::string Member(Random& random) {
  constexpr size_t kLong = 70;  // More than a small collection's packed form takes.
  switch (random() % 24) {
    case 0:
      return std::string(kLong, static_cast<char>('a' + random() % 3));
    case 1:
      return "";
    case 2:
      return {"\0\xff\r\n", 4};
    case 3:
    case 4:
    case 5:
    case 6:
      return Between(random, -3, 9);
    case 7:
      return Between(random, 30000, 30010);
    default:
      return std::string(1, static_cast<char>('a' + random() % 12));
  }
}

std::string Value(Random& random) {
  if (OneIn(random, 30)) return std::string(5000, 'x');
  if (OneIn(random, 8)) return Between(random, -100, 100);
  return Member(random);
}

std::string Int(Random& random) {
  constexpr std::array<const char*, 4> kEdges = {"9223372036854775807", "-9223372036854775808",
                                                 "4611686018427387904", "2147483648"};
  return OneIn(random, 20) ? OneOf(random, kEdges) : Between(random, -5, 12);
}

std::string Index(Random& random) {
  return OneIn(random, 10) ? Int(random) : Between(random, -7, 7);
}

std::string Score(Random& random) {
  // All of them are printed alike by every version of Redis.
  constexpr std::array<const char*, 9> kScores = {"inf", "-inf",   "+inf",    "1.5",        "-2.25",
                                                  "0.5", "0.0625", "1000000", "17179869184"};
  return OneIn(random, 4) ? OneOf(random, kScores) : Between(random, -4, 8);
}

std::string ScoreBound(Random& random) {
  if (OneIn(random, 6)) return OneIn(random, 2) ? "-inf" : "+inf";
  return (OneIn(random, 3) ? "(" : "") + Score(random);
}

std::string LexBound(Random& random) {
  if (OneIn(random, 5)) return OneIn(random, 2) ? "-" : "+";
  return (OneIn(random, 2) ? "[" : "(") + Member(random);
}

std::string Pattern(Random& random) {
  constexpr std::array<const char*, 6> kPatterns = {"*", "a*", "[a-c]", "?", "*1*", "\\*"};
  return OneOf(random, kPatterns);
}

std::string StreamId(Random& random) {
  if (OneIn(random, 12)) return Between(random, 1, 40);
  return Between(random, 0, 40) + "-" + Between(random, 0, 3);
}

std::string NextStreamId(Random& random) {
  if (OneIn(random, 5)) return Between(random, 1, 300) + "-*";
  return Between(random, 1, 300) + "-" + Between(random, 0, 5);
}

std::string StreamBound(Random& random) {
  if (OneIn(random, 3)) return OneIn(random, 2) ? "-" : "+";
  return (OneIn(random, 5) ? "(" : "") + StreamId(random);
}

std::string Degrees(Random& random, int64_t most) {
  return Between(random, -most, most) + "." + Between(random, 0, 999999);
}

// Until when: long after the run, so that both servers' clocks give the same.
std::string FutureMs(Random& random) {
  return "99" + Between(random, 10000000000, 99999999999);
}

std::string Sometimes(Random& random, Make usual, uint64_t odd_one_in, Make odd = Odd) {
  return OneIn(random, odd_one_in) ? odd(random) : usual(random);
}

constexpr std::pair<std::string_view, Make> kKinds[] = {
    {"odd", Odd},
    {"member", Member},
    {"value", Value},
    {"int", [](Random& random) { return Sometimes(random, Int, 40); }},
    {"whole", Int},
    {"index", [](Random& random) { return Sometimes(random, Index, 40); }},
    {"small", [](Random& random) { return Between(random, -5, 5); }},
    {"count", [](Random& random) { return Between(random, 0, 5); }},
    {"some", [](Random& random) { return Between(random, 1, 5); }},
    {"many", [](Random&) { return std::string("1000"); }},
    {"float", [](Random& random) { return Sometimes(random, Score, 40, OddScore); }},
    {"score", [](Random& random) { return Sometimes(random, Score, 60, OddScore); }},
    {"scorebound", [](Random& random) { return Sometimes(random, ScoreBound, 60, OddScore); }},
    {"lexbound", [](Random& random) { return Sometimes(random, LexBound, 60); }},
    {"pattern", Pattern},
    {"bit", [](Random& random) { return Between(random, 0, 1); }},
    {"offset", [](Random& random) { return Between(random, 0, 200); }},
    {"id", StreamId},
    {"nextid", NextStreamId},
    {"idbound", StreamBound},
    {"group", [](Random& random) { return "g" + Between(random, 1, 3); }},
    {"consumer", [](Random& random) { return "c" + Between(random, 1, 3); }},
    {"longitude", [](Random& random) { return Degrees(random, 179); }},
    {"latitude", [](Random& random) { return Degrees(random, 84); }},
    {"radius", [](Random& random) { return Between(random, 0, 20000); }},
    {"unit",
     [](Random& random) {
       return OneOf(random, std::array<const char*, 4>{"m", "km", "mi", "ft"});
     }},
    {"future", [](Random& random) { return std::to_string(random() % 1000000000 + 9900000000); }},
    {"futurems", FutureMs},
    {"shortms", [](Random& random) { return Between(random, 1, 8); }},
    {"db", [](Random& random) { return Between(random, 0, 2); }},
};

}  // namespace

bool GenerateValue(std::string_view kind, const std::string& keys, Random& random,
                   std::string* value) {
  if (kind == "key") {
    // Now and then a key that every family uses.
    *value =
        OneIn(random, 12) ? "any:" + Between(random, 1, 3) : keys + ":" + Between(random, 1, 5);
    return true;
  }
  if (constexpr std::string_view kNamed = "key:"; kind.starts_with(kNamed)) {
    *value = std::string(kind.substr(kNamed.size())) + ":" + Between(random, 1, 3);
    return true;
  }
  for (const auto& [name, make] : kKinds) {
    if (name != kind) continue;
    *value = make(random);
    return true;
  }
  return false;
}

}  // namespace compat
