// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/set.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

enum class Members : uint8_t { kIntegers, kTexts, kBoth };

struct Comparison {
  TestServer& server;
  std::mt19937_64& random;
  Members kind;
  size_t most;
  std::set<std::string> model = {};

  Set Open() {
    auto set = Set::Open(Keyspace(server.store(), 0), "key", server.settings());
    REQUIRE(set.has_value());
    return *set;
  }
  std::string RandomMember() {
    const bool integer =
        kind == Members::kIntegers || (kind == Members::kBoth && random() % 4 != 0);
    if (!integer) {
      std::string member = random() % 20 == 0 ? "" : "member" + std::to_string(random() % most);
      if (random() % 50 == 0) member.insert(0, 1, static_cast<char>(random() % 256));
      return member;
    }
    const auto number = static_cast<int64_t>(random() % most) - static_cast<int64_t>(most / 2);
    return std::to_string(random() % 30 == 0 ? number << (random() % 50) : number);
  }

  std::vector<std::string> All() {
    std::vector<std::string> all;
    const Set set = Open();
    REQUIRE(set.Visit(0, set.size(), [&all](std::string_view member) {
      all.emplace_back(member);
      return true;
    }));
    return all;
  }
  void CheckAll() {
    const std::vector<std::string> all = All();
    REQUIRE(std::set<std::string>(all.begin(), all.end()) == model);
    REQUIRE(all.size() == model.size());
    const Set set = Open();
    if (set.in_numeric_order() && kind == Members::kIntegers) {
      REQUIRE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::stoll(a) < std::stoll(b);
      }));
    }
    // From place to place.
    Set::Place place;
    std::vector<std::string> stepped;
    const auto add = [&stepped](std::string_view member) {
      stepped.emplace_back(member);
      return true;
    };
    for (bool more = true; more;) {
      const Result<bool> step = set.VisitFrom(place, 1 + random() % 40, add);
      REQUIRE(step.has_value());
      more = *step;
    }
    REQUIRE(stepped == all);
    // By rank.
    const uint64_t from = random() % (all.size() + 1);
    uint64_t rank = from;
    REQUIRE(set.Visit(from, from + 5, [&](std::string_view member) {
      REQUIRE(member == all[rank++]);
      return true;
    }));
    REQUIRE(rank == std::min<uint64_t>(from + 5, all.size()));
  }

  void EraseSomeRanks() {
    const std::vector<std::string> all = All();
    std::vector<uint64_t> ranks;
    for (uint64_t rank = 0; rank < all.size(); ++rank) {
      if (random() % all.size() < 3) ranks.push_back(rank);
    }
    Set set = Open();
    size_t seen = 0;
    REQUIRE(set.EraseRanks(ranks, [&](std::string_view member) {
      REQUIRE(member == all[ranks[seen++]]);
      return true;
    }));
    REQUIRE(seen == ranks.size());
    for (const uint64_t rank : ranks) model.erase(all[rank]);
    REQUIRE(set.size() == model.size());
  }

  void Change() {
    Set set = Open();
    const std::string member = RandomMember();
    if (random() % 200 == 0) {
      EraseSomeRanks();
    } else if (random() % 3 != 0) {
      REQUIRE(set.Contains(member).value() == model.contains(member));
      REQUIRE(set.Add(member).value() == model.insert(member).second);
    } else {
      REQUIRE(set.Erase(member).value() == (model.erase(member) > 0));
    }
    set = Open();
    REQUIRE(set.exists() == !model.empty());
    REQUIRE(set.size() == model.size());
  }
};

void CompareWithModel(TestServer& server, Members kind, size_t most, int steps) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Comparison comparison{server, random, kind, most};
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    comparison.Change();
    if (step % 64 == 0) comparison.CheckAll();
    if (step % 7 == 0) server.Run({"EXISTS", "other"});  // Ends the turn.
    if (step % 900 == 899) server.EvictAll();
    if (step % 2000 == 1999) server.Reopen();
  }
}

TEST_CASE("a set is like a std::set, while small") {
  for (const Members kind : {Members::kIntegers, Members::kTexts, Members::kBoth}) {
    TestServer::InEachMode(
        [kind](TestServer& server) { CompareWithModel(server, kind, 40, 2500); });
  }
}

TEST_CASE("a set is like a std::set, grown") {
  for (const Members kind : {Members::kIntegers, Members::kTexts, Members::kBoth}) {
    TestServer::InEachMode(
        [kind](TestServer& server) { CompareWithModel(server, kind, 3000, 5000); });
  }
}

TEST_CASE("Replace makes the same set as additions do") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TestServer server;
  for (int round = 0; round < 60; ++round) {
    Comparison comparison{server, random, static_cast<Members>(round % 3),
                          size_t{1} << (random() % 12)};
    std::set<std::string> members = {comparison.RandomMember()};
    while (members.size() < comparison.most / 2) members.insert(comparison.RandomMember());
    const std::vector<std::string_view> views(members.begin(), members.end());
    Set::Replace(Keyspace(server.store(), 0), "key", views, server.settings());
    comparison.model = members;
    comparison.CheckAll();
    for (int i = 0; i < 10; ++i) comparison.Change();
    comparison.CheckAll();
    server.Run({"EXISTS", "other"});
  }
}

lsm::Entry* EntryOf(TestServer& server) {
  return Keyspace(server.store(), 0).GetTyped("s", kSet).value();
}

TEST_CASE("bytes of a set are those of FORMAT.md") {
  TestServer server;
  server.Run({"SADD", "s", "300", "-1", "1"});
  CHECK(EntryOf(server)->type_flags() == 0);
  CHECK_FALSE(EntryOf(server)->has_collection());
  CHECK(EntryOf(server)->payload() == std::string_view("\x02\xff\xff\x00\x01\x01\x2c", 7));

  server.Run({"SADD", "s", "a"});
  CHECK(EntryOf(server)->type_flags() == (Set::kCodes | Set::kListpack));
  CHECK(EntryOf(server)->payload().empty());
  CHECK(EntryOf(server)->collection().count() == 4);
  for (const std::string_view subkey : {"\x7f", "\x81", "\xb9\x2c",
                                        "\xff"
                                        "a"}) {
    CHECK(EntryOf(server)->collection().Find(subkey) == std::string_view());
  }

  server.Run({"SADD", "s", std::string(65, 'x')});
  server.Run({"SREM", "s", "1"});
  CHECK(EntryOf(server)->type_flags() == (Set::kCodes | Set::kListpack | Set::kHashTable));
  CHECK(EntryOf(server)->payload() == std::string_view("\0\0\0\1", 4));

  server.Run({"DEL", "s"});
  server.Run({"SADD", "s", "a", "1"});
  CHECK(EntryOf(server)->type_flags() == Set::kListpack);
  CHECK(EntryOf(server)->payload().empty());
  CHECK(EntryOf(server)->collection().Find("a") == std::string_view());
  CHECK(EntryOf(server)->collection().Find("1") == std::string_view());
}

TEST_CASE("numbers of a set's type flags stay") {
  CHECK(Set::kCodes == 1);
  CHECK(Set::kListpack == 2);
  CHECK(Set::kHashTable == 4);
}

}  // namespace
}  // namespace datatypes
