// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/collection.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>

#include <doctest/doctest.h>

#include "tests/lsm/collection_world.h"

namespace lsm_test {
namespace {

using lsm::Collection;
using lsm::CollectionCursor;
using lsm::LoadMode;
using Direction = Collection::Direction;
using Want = Collection::Want;

std::string Number(uint64_t n) {
  return std::to_string(10000000 + n);
}

void Put(Collection& collection, std::string_view subkey, std::string_view value) {
  REQUIRE(collection.Put(subkey, value).has_value());
}

// `count` rows of about 30 bytes, on disk only.
void Fill(World& world, uint64_t count, std::string_view prefix = "") {
  for (uint64_t i = 0; i < count; ++i) {
    world.disk[RowKey(World::kId, std::string(prefix) + Number(i))] = "value of " + Number(i);
  }
}

std::string First(Collection& collection) {
  const CollectionCursor cursor = collection.SeekFirst();
  return cursor.valid() ? std::string(cursor.subkey()) : "none";
}

}  // namespace

TEST_CASE("a collection object is 32 bytes and small ones are one leaf without pages") {
  World world;
  Collection collection(World::kId, &world.env);
  for (int i = 0; i < 10; ++i) Put(collection, "field" + std::to_string(i), "value");
  CHECK(sizeof(Collection) == 32);
  CHECK(collection.small());
  CHECK(collection.resident_pages() == 0);
  CHECK(world.pages.empty());
  CHECK(collection.memory_bytes() < 10 * (6 + 5 + 2) + 12 + 20);
}

TEST_CASE("a collection of any size is found, ranked and erased, in any order of insertion") {
  constexpr uint64_t kRows = 60000;  // Some thousand pages: three levels.
  std::vector<uint64_t> order(kRows);
  std::iota(order.begin(), order.end(), 0);
  SUBCASE("ascending") {}
  SUBCASE("descending") {
    std::reverse(order.begin(), order.end());
  }
  SUBCASE("random") {
    std::shuffle(order.begin(), order.end(), std::mt19937_64(7));
  }
  World world;
  Collection collection(World::kId, &world.env);
  const std::string value(150, 'v');
  for (const uint64_t n : order) Put(collection, Number(n), value);
  collection.CheckInvariants();
  CHECK(collection.count() == kRows);
  for (uint64_t n = 0; n < kRows; n += 97) {
    REQUIRE(*collection.Rank(Number(n)) == n);
    REQUIRE(collection.At(n).subkey() == Number(n));
    REQUIRE(*collection.Contains(Number(n)));
  }
  for (uint64_t i = 0; i < kRows - 3; ++i) REQUIRE(*collection.Erase(Number(order[i])));
  collection.CheckInvariants();
  CHECK(collection.count() == 3);
  CHECK(collection.small());
  CHECK(world.pages.empty());
}

TEST_CASE("rows that come in ascending or descending order fill their pages") {
  for (const bool ascending : {true, false}) {
    World world;
    Collection collection(World::kId, &world.env);
    for (uint64_t i = 0; i < 20000; ++i) {
      Put(collection, Number(ascending ? i : 20000 - i), "some value or other");
    }
    CHECK(static_cast<double>(collection.bytes()) >
          0.9 * static_cast<double>(collection.memory_bytes()));
  }
}

TEST_CASE("two interleaved sections fill their pages too when one of them ascends") {
  World world;
  Collection collection(World::kId, &world.env);
  for (uint64_t i = 0; i < 10000; ++i) {
    Put(collection, "a" + Number(i), std::string(100, 'a'));
    Put(collection, "b" + Number(i), std::string(100, 'b'));
  }
  CHECK(static_cast<double>(collection.bytes()) >
        0.85 * static_cast<double>(collection.memory_bytes()));
}

TEST_CASE("a value of any size has a page of its own") {
  World world;
  Collection collection(World::kId, &world.env);
  for (uint64_t i = 0; i < 50; ++i) Put(collection, Number(i), std::string(32 << 10, 'c'));
  Put(collection, Number(25), std::string(5 << 20, 'd'));
  Put(collection, Number(25) + "x", "small");
  collection.CheckInvariants();
  CHECK(collection.Find(Number(25)).value()->size() == 5 << 20);
  CHECK(collection.resident_pages() >= 51);
}

TEST_CASE("every change is emitted to the open batch and pins its page until applied") {
  World world;
  Fill(world, 5000);
  Collection collection(World::kId, &world.env, 5000);
  Put(collection, Number(100), "new");
  REQUIRE(*collection.Erase(Number(4000)));
  CHECK(*collection.Erase("absent") == false);
  world.EndTurn();
  const size_t all = world.pages.size();
  CHECK(world.EvictAll() == all - 2);
  CHECK(collection.resident_pages() == 2);
  world.ApplyAll();
  CHECK(world.disk[RowKey(World::kId, Number(100))] == "new");
  CHECK_FALSE(world.disk.contains(RowKey(World::kId, Number(4000))));
  CHECK(world.EvictAll() == 2);
  CHECK(collection.count() == 4999);
  CHECK(collection.bytes() == 0);
  CHECK(**collection.Find(Number(100)) == "new");
}

TEST_CASE("a point access to a large collection loads one page") {
  World world;
  Fill(world, 100000);
  Collection collection(World::kId, &world.env, 100000);
  const std::string subkey = Number(77777);
  CHECK(world.Prefetch(collection, [&] { return collection.Check(subkey); }) == 1);
  CHECK(collection.resident_pages() == 1);
  CHECK(**collection.Find(subkey) == "value of " + subkey);
  CHECK(world.env.sync_loads == 0);
  CHECK(collection.memory_bytes() < 8192);
}

TEST_CASE("what was not loaded beforehand is loaded on the spot, and counted") {
  World world;
  Fill(world, 1000);
  Collection collection(World::kId, &world.env, 1000);
  CHECK(**collection.Find(Number(500)) == "value of " + Number(500));
  CHECK(world.env.sync_loads == 1);
}

TEST_CASE("a failing load is told, and changes nothing") {
  World world;
  Fill(world, 1000);
  Collection collection(World::kId, &world.env, 1000);
  world.failure = lsm::Status::IoError("no such disk");
  CHECK(collection.Find(Number(5)).error().message() == "no such disk");
  CHECK_FALSE(collection.Put(Number(5), "x").has_value());
  CHECK_FALSE(collection.Erase(Number(5)).has_value());
  CHECK_FALSE(collection.Rank(Number(5)).has_value());
  CHECK_FALSE(collection.EraseRange("", std::nullopt).has_value());
  CHECK(collection.At(5).status().code() == lsm::Status::Code::kIoError);
  CHECK_FALSE(collection.SeekFirst().valid());
  CHECK_FALSE(collection.SeekBefore("5").status().ok());
  CHECK(collection.count() == 1000);
  world.failure = {};
  CHECK(First(collection) == Number(0));
}

TEST_CASE("a small collection is loaded whole by one request, and is a leaf then") {
  World world;
  Fill(world, 50);
  Collection collection(World::kId, &world.env, 50);
  CHECK(world.Prefetch(collection, [&] { return collection.Check(Number(33)); }) == 1);
  CHECK(collection.small());
  CHECK(collection.fully_resident());
  CHECK(collection.count() == 50);
}

TEST_CASE("a run that was requested before a change that is evicted already is refused") {
  World world;
  Fill(world, 3000);
  Collection collection(World::kId, &world.env, 3000);
  const auto request = collection.Check(Number(1000));
  const auto late = world.Read(*request);
  Put(collection, Number(1000), "changed");
  world.ApplyAll();
  world.EvictAll();
  CHECK(*collection.Install(*late) == Collection::Installed::kStale);
  CHECK(**collection.Find(Number(1000)) == "changed");
}

TEST_CASE("a run that comes after its range became resident and changed leaves the change alone") {
  World world;
  Fill(world, 3000);
  Collection collection(World::kId, &world.env, 3000);
  const auto late = world.Read(*collection.Check(Number(1000)));
  Put(collection, Number(1000), "changed");
  CHECK(collection.Install(*late).has_value());
  CHECK(**collection.Find(Number(1000)) == "changed");
}

TEST_CASE("a run requested by a former self of the collection is refused") {
  World world;
  Fill(world, 3000);
  auto collection = std::make_unique<Collection>(World::kId, &world.env, 3000);
  const auto late = world.Read(*collection->Check(Number(1000)));
  Put(*collection, Number(1000), "changed");
  world.ApplyAll();
  collection = std::make_unique<Collection>(World::kId, &world.env, 3000);
  CHECK(*collection->Install(*late) == Collection::Installed::kStale);
  CHECK(**collection->Find(Number(1000)) == "changed");
}

TEST_CASE("erased rows that are still on disk do not come back") {
  World world;
  Fill(world, 3000);
  Collection collection(World::kId, &world.env, 3000);
  REQUIRE(*collection.EraseRange(Number(1000), Number(2000)) == 1000);
  world.EndTurn();
  world.EvictAll();
  CHECK(*collection.Contains(Number(1500)) == false);
  CHECK(*collection.Rank(Number(2500)) == 1500);
  world.ApplyAll();
  world.EvictAll();
  CHECK(*collection.Contains(Number(1500)) == false);
  CHECK(collection.count() == 2000);
}

TEST_CASE("hints give ranks within a section without counting the other") {
  World world;
  Fill(world, 5000, "m");
  Fill(world, 5000, "s");
  const lsm::RangeHint hints[] = {{"m", 5000}, {"s", 5000}};
  Collection collection(World::kId, &world.env, 10000, hints);
  const std::string subkey = "s" + Number(4000);
  CHECK(world.Prefetch(collection, [&] { return collection.Check(subkey, Want::kRank); }) == 1);
  CHECK(*collection.Rank(subkey) == 9000);
  CHECK(world.env.sync_loads == 0);
  CHECK(world.Prefetch(collection, [&] { return collection.CheckAt(5010); }) == 1);
  CHECK(collection.At(5010).subkey() == "s" + Number(10));
  CHECK(world.Prefetch(collection, [&] { return collection.CheckAt(9999); }) == 1);
  CHECK(collection.At(9999).subkey() == "s" + Number(4999));
  CHECK(world.env.sync_loads == 0);
}

TEST_CASE("ranks in pages that point accesses left unknown are found by counting") {
  World world;
  Fill(world, 50000);
  Collection collection(World::kId, &world.env, 50000);
  for (const uint64_t n : {10000, 20000, 30000, 40000}) {
    REQUIRE(*collection.Contains(Number(n)));
  }
  const std::string subkey = Number(25000);
  CHECK(world.Prefetch(collection, [&] { return collection.Check(subkey, Want::kRank); }) > 0);
  CHECK(world.Prefetch(collection, [&] { return collection.CheckAt(33333); }) > 0);
  world.env.sync_loads = 0;
  CHECK(*collection.Rank(subkey) == 25000);
  CHECK(collection.At(33333).subkey() == Number(33333));
  CHECK(world.env.sync_loads == 0);
  collection.CheckInvariants();
}

TEST_CASE("a scan that was checked runs without loads on the spot, both ways") {
  World world;
  Fill(world, 20000);
  for (const bool forward : {true, false}) {
    Collection collection(World::kId, &world.env, 20000);
    const std::string from = Number(7000);
    const Direction direction = forward ? Direction::kForward : Direction::kBackward;
    CHECK(world.Prefetch(collection, [&] { return collection.CheckScan(from, 5000, direction); }) >
          0);
    world.env.sync_loads = 0;
    CollectionCursor cursor = forward ? collection.Seek(from) : collection.SeekBefore(from);
    for (int i = 1; i < 5000; ++i) {
      REQUIRE(cursor.valid());
      if (forward) {
        cursor.Next();
      } else {
        cursor.Prev();
      }
    }
    CHECK(cursor.subkey() == Number(forward ? 11999 : 2000));
    CHECK(world.env.sync_loads == 0);
  }
}

TEST_CASE("the last rows of a large collection are reached from its end") {
  World world;
  Fill(world, 50000);
  Collection collection(World::kId, &world.env, 50000);
  CHECK(collection.SeekLast().subkey() == Number(49999));
  CHECK(world.env.sync_loads == 1);
  CHECK(*collection.Rank(Number(49999)) == 49999);
}

TEST_CASE("views and cursors stay good while others load on the spot") {
  World world;
  Fill(world, 20000);
  Collection collection(World::kId, &world.env, 20000);
  CollectionCursor cursor = collection.Seek(Number(5000));
  const std::string_view value = cursor.value();
  for (uint64_t n = 0; n < 20000; n += 50) REQUIRE(*collection.Contains(Number(n)));
  CHECK(value == "value of " + Number(5000));
  for (int i = 0; i < 1000; ++i) cursor.Next();
  CHECK(cursor.subkey() == Number(6000));
}

TEST_CASE("evicted pages are joined, so that a cold collection costs next to nothing") {
  World world;
  Fill(world, 100000);
  Collection collection(World::kId, &world.env, 100000);
  CHECK(world.Prefetch(collection, [&] { return collection.CheckAll(); }) > 0);
  CHECK(collection.resident_pages() > 500);
  world.EvictAll();
  CHECK(collection.resident_pages() == 0);
  CHECK(collection.memory_bytes() < 30000);
  CHECK(*collection.Rank(Number(99999)) == 99999);
}

TEST_CASE("a disk with fewer or more rows than the key says is reported as corruption") {
  World world;
  Fill(world, 100);
  for (const uint64_t told : {99, 101}) {
    Collection collection(World::kId, &world.env, told);
    CHECK(collection.Find(Number(7)).error().code() == lsm::Status::Code::kCorruption);
  }
}

TEST_CASE("an evicted page names its collection") {
  World world;
  Fill(world, 1000);
  Collection collection(World::kId, &world.env, 1000);
  REQUIRE(*collection.Contains(Number(1)));
  REQUIRE(world.pages.size() == 1);
  CHECK(Collection::Owner(world.pages.begin()->first) == &collection);
}

}  // namespace lsm_test
