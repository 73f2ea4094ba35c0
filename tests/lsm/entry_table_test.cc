// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/entry_table.h"

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/entry_allocator.h"

namespace lsm {
namespace {

// A table with entries of its own.
struct Fixture {
  EntryAllocator allocator;
  EntryTable table{12345};

  Entry* Add(const std::string& key, uint32_t generation = 1) {
    EntryParts parts;
    parts.generation = generation;
    parts.key = key;
    parts.type = 1;
    Entry* entry = allocator.New(parts);
    table.Insert(table.HashOf(*entry), entry);
    return entry;
  }
  Entry* Find(const std::string& key, uint32_t generation = 1) {
    return table.Find(table.Hash(generation, key), generation, key);
  }
  void Remove(Entry* entry) {
    table.Erase(table.HashOf(*entry), entry);
    allocator.Free(entry);
  }
  std::vector<Entry*> All() {
    std::vector<Entry*> all;
    uint64_t cursor = 0;
    do {
      cursor = table.CollectSegment(cursor, all);
    } while (cursor != 0);
    return all;
  }
  ~Fixture() {
    for (Entry* entry : All()) allocator.Free(entry);
  }
};

}  // namespace

TEST_CASE("entry table: a key is found in its own generation only") {
  Fixture f;
  Entry* one = f.Add("k", 1);
  CHECK(f.Find("k", 1) == one);
  CHECK(f.Find("k", 2) == nullptr);
  Entry* two = f.Add("k", 2);
  CHECK(f.Find("k", 1) == one);
  CHECK(f.Find("k", 2) == two);
}

TEST_CASE("entry table: agrees with a map through random insertions and erasures") {
  const uint64_t seed = 7;
  MESSAGE("seed ", seed);
  std::mt19937_64 random(seed);
  Fixture f;
  std::unordered_map<std::string, Entry*> model;
  for (int i = 0; i < 200'000; ++i) {
    const std::string key = "key:" + std::to_string(random() % 60'000);
    const auto it = model.find(key);
    REQUIRE(f.Find(key) == (it == model.end() ? nullptr : it->second));
    if (it == model.end()) {
      model[key] = f.Add(key);
    } else if (random() % 3 == 0) {
      f.Remove(it->second);
      model.erase(it);
    }
  }
  REQUIRE(f.table.size() == model.size());
  const std::vector<Entry*> all = f.All();
  CHECK(std::set<Entry*>(all.begin(), all.end()).size() == model.size());
  CHECK(all.size() == model.size());
}

TEST_CASE("entry table: takes at most 12 bytes per entry") {
  Fixture f;
  for (size_t n : {50'000U, 70'000U, 100'000U, 140'000U, 200'000U}) {
    for (size_t i = f.table.size(); i < n; ++i) f.Add("key:" + std::to_string(i));
    INFO("entries ", n);
    CHECK(static_cast<double>(f.table.memory_bytes()) / static_cast<double>(n) < 13.0);
  }
}

TEST_CASE("entry table: a walk meets every entry that stays, while others come and go") {
  Fixture f;
  std::set<std::string> staying;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = "stay:" + std::to_string(i);
    f.Add(key);
    staying.insert(key);
  }
  std::set<std::string> met;
  uint64_t cursor = 0;
  int added = 0;
  do {
    std::vector<Entry*> page;
    cursor = f.table.CollectSegment(cursor, page);
    for (Entry* entry : page) met.emplace(entry->key());
    for (int i = 0; i < 500; ++i) f.Add("other:" + std::to_string(added++));
  } while (cursor != 0);
  for (const std::string& key : staying) CHECK(met.contains(key));
}

TEST_CASE("entry table: samples every entry about equally often") {
  Fixture f;
  constexpr int kKeys = 1000;
  for (int i = 0; i < kKeys; ++i) f.Add(std::to_string(i));
  std::mt19937_64 random(3);
  std::map<Entry*, int> hits;
  constexpr int kSamples = 200'000;
  for (int i = 0; i < kSamples; ++i) ++hits[f.table.Sample(random)];
  REQUIRE(hits.size() == kKeys);
  // 200 expected, standard deviation 14.
  for (const auto& [entry, n] : hits) {
    CHECK(n > 110);
    CHECK(n < 290);
  }
}

}  // namespace lsm
