// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using namespace std::string_view_literals;

struct Modelled {
  std::string value;
  int64_t expire_at_ms = lsm::kNoExpiry;
};

// A hash beside a std::map.
struct Comparison {
  TestServer& server;
  std::mt19937_64& random;
  size_t most;  // Fields.
  bool with_times = false;
  std::map<std::string, Modelled> model = {};

  Hash Open() {
    auto hash = Hash::Open(Keyspace(server.store(), 0), "key", server.settings(), server.now_ms());
    REQUIRE(hash.has_value());
    return *hash;
  }
  void ForgetDue() {
    std::erase_if(model, [this](const auto& field) {
      const int64_t at_ms = field.second.expire_at_ms;
      return at_ms != lsm::kNoExpiry && at_ms <= server.now_ms();
    });
  }
  int64_t RandomTime() {
    if (!with_times) return lsm::kNoExpiry;
    switch (random() % 4) {
      case 0:
        return lsm::kNoExpiry;
      case 1:
        return Hash::kKeepExpiry;
      default:
        return server.now_ms() + 1 + static_cast<int64_t>(random() % 2000);
    }
  }
  std::string RandomField() {
    if (random() % 20 == 0) return std::string(random() % 3, static_cast<char>(random() % 3));
    return "field" + std::to_string(random() % most);
  }
  std::string RandomValue() {
    std::string value(random() % 40, static_cast<char>(random() % 3));
    if (random() % 100 == 0) value.append(5000, 'v');
    return value;
  }

  void CheckField() {
    const Hash hash = Open();
    const std::string field = RandomField();
    const auto found = hash.Find(field);
    REQUIRE(found.has_value());
    const auto expected = model.find(field);
    REQUIRE(found->has_value() == (expected != model.end()));
    REQUIRE(hash.Get(field).value().has_value() == (expected != model.end()));
    if (!*found) return;
    REQUIRE((*found)->value == expected->second.value);
    REQUIRE((*found)->expire_at_ms == expected->second.expire_at_ms);
  }
  void CheckOrder() {
    const Hash hash = Open();
    const uint64_t ranks = hash.ranks();
    const uint64_t from = random() % (ranks + 1);
    const uint64_t to = from + random() % (ranks + 1 - from);
    std::set<std::string> seen;
    const auto visit = [&](const Hash::Field& field) {
      const auto at = model.find(std::string(field.name));
      REQUIRE(at != model.end());
      REQUIRE(at->second.value == field.value);
      REQUIRE(at->second.expire_at_ms == field.expire_at_ms);
      REQUIRE(seen.insert(at->first).second);
      return true;
    };
    REQUIRE(hash.Visit(from, to, visit));
    REQUIRE(seen.size() <= to - from);
    if (!hash.has_due()) REQUIRE(seen.size() == to - from);
    seen.clear();
    REQUIRE(hash.VisitAll(visit));
    REQUIRE(seen.size() == model.size());
  }
  // What the store is told of the times.
  void CheckTimes() {
    const Hash hash = Open();
    if (!hash.exists()) return;
    const lsm::RowTimes times = lsm::RowExpiry::TimesOf(*hash.entry());
    int64_t first_ms = lsm::kNoExpiry;
    int64_t last_ms = 0;
    for (const auto& [name, field] : model) {
      const int64_t at_ms = field.expire_at_ms;
      if (at_ms == lsm::kNoExpiry || last_ms < 0) {
        last_ms = lsm::kNoExpiry;
      } else {
        last_ms = std::max(last_ms, at_ms);
      }
      if (at_ms != lsm::kNoExpiry && (first_ms == lsm::kNoExpiry || at_ms < first_ms)) {
        first_ms = at_ms;
      }
    }
    if (hash.has_due()) {
      REQUIRE(times.first_ms <= server.now_ms());
    } else {
      REQUIRE(times.first_ms == first_ms);
    }
    REQUIRE(times.all_ms == last_ms);
  }
  void Change() {
    Hash hash = Open();
    const std::string field = RandomField();
    const auto old = model.find(field);
    if (random() % 5 < 3) {
      const std::string value = RandomValue();
      const int64_t time_ms = RandomTime();
      int64_t expire_at_ms = time_ms;
      if (time_ms == Hash::kKeepExpiry) {
        expire_at_ms = old == model.end() ? lsm::kNoExpiry : old->second.expire_at_ms;
      }
      REQUIRE(hash.Set(field, value, time_ms).value() == (old == model.end()));
      model.insert_or_assign(field, Modelled{value, expire_at_ms});
    } else if (with_times && random() % 2 == 0 && old != model.end()) {
      old->second.expire_at_ms = std::max(RandomTime(), lsm::kNoExpiry);
      REQUIRE(hash.SetExpiry(field, old->second.expire_at_ms));
    } else if (with_times && random() % 4 == 0) {
      REQUIRE(hash.EraseDue(random() % 5).has_value());
    } else {
      REQUIRE(hash.Erase(field).value() == (model.erase(field) == 1));
    }
    if (!model.empty()) REQUIRE(hash.exists());
    REQUIRE(hash.Size().value() == model.size());
  }
};

void CompareWithModel(TestServer& server, size_t most, int steps, bool with_times = false) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Comparison comparison{server, random, most, with_times};
  server.store().SetSweeping(false);
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    comparison.Change();
    comparison.CheckTimes();
    if (with_times && step % 5 == 0) {
      if (step % 1000 == 0) server.store().SetSweeping(step % 2000 == 0);
      server.Advance(static_cast<int64_t>(random() % 30));
      comparison.ForgetDue();
    }
    if (step % 4 == 0) comparison.CheckField();
    if (step % 64 == 0) comparison.CheckOrder();
    if (step % 7 == 0) server.Run({"EXISTS", "other"});  // Ends the turn.
    if (step % 900 == 899) server.EvictAll();
    if (step % 2000 == 1999) server.Reopen();
  }
}

TEST_CASE("a hash is like a std::map, while small") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 10, 3000); });
}

TEST_CASE("a hash is like a std::map, grown") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 1500, 6000); });
}

TEST_CASE("a hash is like a std::map of which fields expire, while small") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 10, 3000, true); });
}

TEST_CASE("a hash is like a std::map of which fields expire, grown") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 1500, 6000, true); });
}

TEST_CASE("rows of a hash are those of FORMAT.md") {
  TestServer server;
  const Keyspace keyspace(server.store(), 0);
  server.Run({"HSET", "h", "field", "value", "", "empty", "\0a"sv, "\0b"sv});
  lsm::Entry* entry = keyspace.GetTyped("h", kHash).value();
  CHECK(entry->type_flags() == 0);
  CHECK(entry->payload().empty());
  CHECK(entry->collection().count() == 3);
  CHECK(entry->collection().Find("\0\1"sv) == "empty"sv);
  CHECK(entry->collection().Find("\0\1\0a"sv) == "\0\0b"sv);
  CHECK(entry->collection().Find("field") == "value"sv);

  server.Run({"HSET", "h", "long", std::string(65, 'x')});
  server.Run({"HDEL", "h", "field"});
  entry = keyspace.GetTyped("h", kHash).value();
  CHECK(entry->type_flags() == Hash::kHashTable);
  CHECK(entry->payload() == "\0\0\0\1"sv);

  server.Run({"HPEXPIREAT", "h", "1700000123456", "FIELDS", "1", "\0a"sv});
  entry = keyspace.GetTyped("h", kHash).value();
  CHECK(entry->type_flags() == (Hash::kHashTable | Hash::kTimed));
  CHECK(entry->payload() == "\0\0\0\1\0\0\0\0\0\0\0\1"sv);
  CHECK(entry->collection().count() == 4);
  CHECK(entry->collection().Find("\0\0\x01\x8b\xcf\xe7\x4a\x40\0a"sv) == ""sv);
  CHECK(entry->collection().Find("\0\1\0a"sv) == "\0\1\x01\x8b\xcf\xe7\x4a\x40\0b"sv);
  CHECK(lsm::RowExpiry::TimesOf(*entry).first_ms == 1700000123456);
  CHECK(lsm::RowExpiry::TimesOf(*entry).all_ms == lsm::kNoExpiry);
}

TEST_CASE("numbers of a hash's type flags stay") {
  CHECK(Hash::kHashTable == 1);
  CHECK(Hash::kTimed == 2);
}

TEST_CASE("a row that is no field is an error, not a field") {
  TestServer server;
  server.Run({"HSET", "h", "field", "value"});
  const Keyspace keyspace(server.store(), 0);
  lsm::Entry* entry = keyspace.GetTyped("h", kHash).value();
  REQUIRE(entry->collection().Put("broken", "\0\7"sv).has_value());
  const std::string error = "-ERR store: a row of a hash is no field";
  CHECK(server.RunLine("HGET h broken") == error);
  CHECK(server.RunLine("HGETALL h") == error);
  CHECK(server.RunLine("HGET h field") == "\"value\"");
}

}  // namespace
}  // namespace datatypes
