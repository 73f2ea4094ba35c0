// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/sorted_set.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/sorted_set_format.h"
#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string CodeOf(double score) {
  char code[kMaxScoreCodeBytes];
  return {code, static_cast<size_t>(EncodeScore(code, score) - code)};
}

double RandomScore(std::mt19937_64& random) {
  switch (random() % 5) {
    case 0:
      return static_cast<double>(random() % 20) - 10;
    case 1:
      return static_cast<double>(static_cast<int64_t>(random())) / 1000;
    case 2:
      return random() % 2 == 0 ? kInfinity : -kInfinity;
    case 3:
      return static_cast<double>(random() % 1000) / 8;
    default: {
      double score = std::nan("");
      while (std::isnan(score)) {
        const uint64_t bits = random();
        std::memcpy(&score, &bits, sizeof(score));
      }
      return score;
    }
  }
}

TEST_CASE("codes of scores compare as the scores do, and none begins another") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    const double a = RandomScore(random);
    const double b = RandomScore(random);
    const std::string code_a = CodeOf(a);
    const std::string code_b = CodeOf(b);
    REQUIRE((a < b) == (code_a < code_b));
    REQUIRE((a == b) == (code_a == code_b));
    if (a != b) REQUIRE_FALSE(code_b.starts_with(code_a));
    const std::optional<DecodedScore> decoded = DecodeScore(code_a + "member");
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->score == a);
    REQUIRE(decoded->bytes == code_a.size());
  }
}

TEST_CASE("codes of scores are those of FORMAT.md") {
  CHECK(CodeOf(0) == std::string("\x80\x00", 2));
  CHECK(CodeOf(-0.0) == CodeOf(0));
  CHECK(CodeOf(1) == "\xbf\xf0");
  CHECK(CodeOf(-1) == "\x40\x10");
  CHECK(CodeOf(100) == "\xc0\x59\x80");
  CHECK(CodeOf(kInfinity) == "\xff\xf0");
  CHECK(CodeOf(-kInfinity) == std::string("\x00\x10", 2));
  CHECK(CodeOf(0.1).size() == kMaxScoreCodeBytes);
}

TEST_CASE("bytes that are no code of a score are refused") {
  CHECK_FALSE(DecodeScore("").has_value());
  CHECK_FALSE(DecodeScore("\xbf").has_value());
  CHECK_FALSE(DecodeScore("\xbf\xf1").has_value());
  CHECK_FALSE(DecodeScore("\xbf\xf1\x01\x01\x01\x01\x01\x01\x01\x01\x00").has_value());
  CHECK_FALSE(DecodeScore("\xff\xf8").has_value());  // Not a number.
}

// A std::map by name and a std::set by score.
class Model {
 public:
  std::optional<double> Score(const std::string& member) const {
    const auto at = scores_.find(member);
    if (at == scores_.end()) return std::nullopt;
    return at->second;
  }
  void Set(const std::string& member, double score) {
    Erase(member);
    if (score == 0) score = 0;
    scores_[member] = score;
    order_.emplace(score, member);
  }
  bool Erase(const std::string& member) {
    const auto at = scores_.find(member);
    if (at == scores_.end()) return false;
    order_.erase({at->second, member});
    scores_.erase(at);
    return true;
  }
  size_t size() const { return scores_.size(); }
  uint64_t Rank(double score, const std::string& member) const {
    return static_cast<uint64_t>(
        std::distance(order_.begin(), order_.lower_bound({score, member})));
  }
  std::vector<std::pair<double, std::string>> All() const { return {order_.begin(), order_.end()}; }

 private:
  std::map<std::string, double> scores_;
  std::set<std::pair<double, std::string>> order_;
};

struct Comparison {
  TestServer& server;
  std::mt19937_64& random;
  size_t most;  // Members.
  Model model;

  SortedSet Open() {
    auto set = SortedSet::Open(Keyspace(server.store(), 0), "key", server.settings());
    REQUIRE(set.has_value());
    return *set;
  }
  std::string RandomMember() {
    std::string member = "member" + std::to_string(random() % most);
    if (random() % 50 == 0) member += std::string(80, 'x');
    if (random() % 20 == 0) member = std::string(1, static_cast<char>(random() % 3));
    return member;
  }

  void CheckMember() {
    const SortedSet set = Open();
    const std::string member = RandomMember();
    const auto place = set.Find(member);
    REQUIRE(place.has_value());
    REQUIRE(set.Score(member).value() == model.Score(member));
    REQUIRE(place->has_value() == model.Score(member).has_value());
    if (*place) {
      REQUIRE((*place)->score == *model.Score(member));
      REQUIRE((*place)->rank == model.Rank((*place)->score, member));
    }
  }
  void CheckOrder() {
    const SortedSet set = Open();
    const auto all = model.All();
    const uint64_t from = random() % (all.size() + 1);
    const uint64_t to = from + random() % (all.size() + 1 - from);
    uint64_t at = from;
    REQUIRE(
        set.Visit(from, to, SortedSet::Direction::kForward, [&](const SortedSet::Element& element) {
          REQUIRE(element.member == all[at].second);
          REQUIRE(element.score == all[at].first);
          ++at;
          return true;
        }));
    REQUIRE(at == to);
    REQUIRE(set.Visit(from, to, SortedSet::Direction::kBackward,
                      [&](const SortedSet::Element& element) {
                        --at;
                        REQUIRE(element.member == all[at].second);
                        return true;
                      }));
    REQUIRE(at == from);
  }
  void CheckScores() {
    const SortedSet set = Open();
    const SortedSet::ScoreBound min{RandomScore(random), random() % 2 == 0};
    const SortedSet::ScoreBound max{RandomScore(random), random() % 2 == 0};
    uint64_t expected = 0;
    for (const auto& [score, member] : model.All()) {
      const bool above = min.exclusive ? score > min.score : score >= min.score;
      const bool below = max.exclusive ? score < max.score : score <= max.score;
      expected += above && below ? 1 : 0;
    }
    const SortedSet::Range range = set.ScoreRange(min, max);
    REQUIRE(set.Count(range).value() == expected);
    for (const auto direction : {SortedSet::Direction::kForward, SortedSet::Direction::kBackward}) {
      uint64_t visited = 0;
      REQUIRE(set.Visit(range, direction, [&visited](const SortedSet::Element&) {
        ++visited;
        return true;
      }));
      REQUIRE(visited == expected);
    }
  }

  void Change() {
    SortedSet set = Open();
    const std::string member = RandomMember();
    if (random() % 3 != 0) {
      const double score = RandomScore(random);
      REQUIRE(set.Set(member, score, model.Score(member)));
      model.Set(member, score);
    } else if (random() % 40 == 0) {
      const auto all = model.All();
      const uint64_t from = random() % (all.size() + 1);
      const uint64_t to = from + random() % 10;
      const uint64_t end = std::min<uint64_t>(to, all.size());
      REQUIRE(set.EraseRanks(from, to).value() == end - from);
      for (uint64_t i = from; i < end; ++i) model.Erase(all[i].second);
    } else {
      REQUIRE(set.Erase(member).value() == model.Erase(member));
    }
    REQUIRE(set.exists() == (model.size() > 0));
    REQUIRE(set.size() == model.size());
  }
};

void CompareWithModel(TestServer& server, size_t most, int steps) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Comparison comparison{server, random, most, {}};
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    comparison.Change();
    if (step % 4 == 0) comparison.CheckMember();
    if (step % 64 == 0) comparison.CheckOrder();
    if (step % 64 == 32) comparison.CheckScores();
    if (step % 7 == 0) server.Run({"EXISTS", "other"});  // Ends the turn.
    if (step % 900 == 899) server.EvictAll();
    if (step % 2000 == 1999) server.Reopen();
  }
}

TEST_CASE("a sorted set is like a std::map and a std::set, while small") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 40, 3000); });
}

TEST_CASE("a sorted set is like a std::map and a std::set, grown") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 1500, 6000); });
}

TEST_CASE("rows of a sorted set are those of FORMAT.md") {
  TestServer server;
  const Keyspace keyspace(server.store(), 0);
  server.Run({"ZADD", "z", "1", "a", "-1", "b"});
  lsm::Entry* entry = keyspace.GetTyped("z", kSortedSet).value();
  CHECK(entry->type_flags() == 0);
  CHECK(entry->payload().empty());
  CHECK(entry->collection().count() == 2);
  CHECK(entry->collection().Find("\xbf\xf0"
                                 "a") == std::string_view());
  CHECK(entry->collection().Find("\x40\x10"
                                 "b") == std::string_view());

  const std::string longer(65, 'x');
  server.Run({"ZADD", "z", "100", longer});
  server.Run({"ZREM", "z", "b"});
  entry = keyspace.GetTyped("z", kSortedSet).value();
  CHECK(entry->type_flags() == (SortedSet::kIndexed | SortedSet::kSkipList));
  CHECK(entry->payload() == std::string_view("\0\0\0\1", 4));
  CHECK(entry->collection().count() == 4);
  CHECK(entry->collection().Find("S\xbf\xf0"
                                 "a") == std::string_view());
  CHECK(entry->collection().Find("ma") == std::string_view("\xbf\xf0"));
  CHECK(entry->collection().Find("m" + longer) == std::string_view(CodeOf(100)));
}

TEST_CASE("numbers of a sorted set's type flags stay") {
  CHECK(SortedSet::kIndexed == 1);
  CHECK(SortedSet::kSkipList == 2);
}

}  // namespace
}  // namespace datatypes
