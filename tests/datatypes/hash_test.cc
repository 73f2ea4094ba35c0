// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash.h"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using namespace std::string_view_literals;

// A hash beside a std::map.
struct Comparison {
  TestServer& server;
  std::mt19937_64& random;
  size_t most;  // Fields.
  std::map<std::string, std::string> model = {};

  Hash Open() {
    auto hash = Hash::Open(Keyspace(server.store(), 0), "key", server.settings());
    REQUIRE(hash.has_value());
    return *hash;
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
    const auto value = hash.Get(field);
    REQUIRE(value.has_value());
    const auto expected = model.find(field);
    REQUIRE(value->has_value() == (expected != model.end()));
    if (*value) REQUIRE(**value == expected->second);
  }
  void CheckOrder() {
    const Hash hash = Open();
    const uint64_t from = random() % (model.size() + 1);
    const uint64_t to = from + random() % (model.size() + 1 - from);
    uint64_t visited = 0;
    std::map<std::string, std::string> seen;
    REQUIRE(hash.Visit(from, to, [&](const Hash::Field& field) {
      ++visited;
      const auto at = model.find(std::string(field.name));
      REQUIRE(at != model.end());
      REQUIRE(at->second == field.value);
      seen.emplace(at->first, at->second);
      return true;
    }));
    REQUIRE(visited == to - from);
    REQUIRE(seen.size() == to - from);
    if (to - from == model.size()) REQUIRE(seen == model);
  }
  void Change() {
    Hash hash = Open();
    const std::string field = RandomField();
    if (random() % 5 < 3) {
      const std::string value = RandomValue();
      REQUIRE(hash.Set(field, value).value() == model.insert_or_assign(field, value).second);
    } else {
      REQUIRE(hash.Erase(field).value() == (model.erase(field) == 1));
    }
    REQUIRE(hash.exists() == !model.empty());
    REQUIRE(hash.size() == model.size());
  }
};

void CompareWithModel(TestServer& server, size_t most, int steps) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Comparison comparison{server, random, most};
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    comparison.Change();
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
}

TEST_CASE("numbers of a hash's type flags stay") {
  CHECK(Hash::kHashTable == 1);
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
