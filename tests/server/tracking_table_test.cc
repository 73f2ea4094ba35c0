// SPDX-License-Identifier: BSD-3-Clause
#include "server/tracking_table.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace server {
namespace {

bool Always(uint64_t /*client*/) {
  return true;
}

std::vector<uint64_t> Plain(const TrackingTable::Clients& clients) {
  return {clients.begin(), clients.end()};
}

TEST_CASE("a key gives out its readers once, in the order of their ids") {
  TrackingTable table;
  for (const uint64_t client : {7, 3, 3, 9, 7}) table.Remember("k", client, Always);
  table.Remember("other", 3, Always);
  CHECK(table.keys() == 2);
  CHECK(table.items() == 4);
  CHECK(Plain(table.Take("k")) == std::vector<uint64_t>{3, 7, 9});
  CHECK(table.Take("k").empty());
  CHECK(table.Take("never").empty());
  CHECK(table.keys() == 1);
  CHECK(table.items() == 1);
}

TEST_CASE("readers that have gone do not fill a key's list") {
  TrackingTable table;
  for (uint64_t client = 1; client <= 100000; ++client) {
    table.Remember("k", client, [client](uint64_t id) { return id + 10 > client; });
  }
  CHECK(table.items() < 100);
  CHECK(table.memory_bytes() < 2000);
  const auto readers = Plain(table.Take("k"));
  for (uint64_t client = 99991; client <= 100000; ++client) {
    CHECK(std::ranges::find(readers, client) != readers.end());
  }
}

TEST_CASE("clearing is at once for readers, and frees memory bit by bit") {
  TrackingTable table;
  for (int i = 0; i < 1000; ++i) table.Remember("key:" + std::to_string(i), 1, Always);
  const size_t full = table.memory_bytes();
  table.Clear();
  CHECK(table.keys() == 0);
  CHECK(table.items() == 0);
  CHECK(table.live_bytes() == 0);
  CHECK(table.memory_bytes() == full);
  CHECK(table.Take("key:1").empty());
  table.Remember("new", 1, Always);
  table.FreeSome(400);
  CHECK(table.memory_bytes() < full * 7 / 10);
  table.Clear();
  table.FreeSome(1'000'000);
  CHECK(table.memory_bytes() == 0);
}

TEST_CASE("as a map of sets would, whatever comes") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  TrackingTable table;
  std::map<std::string, std::set<uint64_t>> model;
  const auto expect = [&](const std::string& key, const TrackingTable::Clients& got) {
    const std::set<uint64_t>& wanted = model[key];
    CHECK(Plain(got) == std::vector<uint64_t>(wanted.begin(), wanted.end()));
    model.erase(key);
  };
  for (int step = 0; step < 50000; ++step) {
    const std::string key(random() % 40, static_cast<char>('a' + random() % 26));
    switch (random() % 10) {
      case 0:
        expect(key, table.Take(key));
        break;
      case 1:
        if (table.keys() > 0) {
          std::string chosen;
          const auto got = table.TakeRandom(random, chosen);
          REQUIRE(model.contains(chosen));
          expect(chosen, got);
        }
        break;
      case 2:
        if (random() % 200 == 0) {
          table.Clear();
          model.clear();
        }
        table.FreeSome(3);
        break;
      default: {
        const uint64_t client = random() % 50 + 1;
        table.Remember(key, client, Always);
        model[key].insert(client);
      }
    }
    size_t items = 0;
    for (const auto& [name, clients] : model) items += clients.size();
    REQUIRE(table.keys() == model.size());
    REQUIRE(table.items() == items);
  }
}

}  // namespace
}  // namespace server
