// SPDX-License-Identifier: BSD-3-Clause
// The second set of databases, and how a replica sees expired keys.
#include <string>

#include <doctest/doctest.h>

#include "lsm/replica_store.h"
#include "tests/lsm/store_world.h"

namespace lsm {
namespace {

void Put(Store& store, uint32_t db, std::string_view key, std::string_view value) {
  REQUIRE(store.FindOrLoad(db, key).has_value());
  store.Create(db, key, 1, 0, value);
}

std::string Get(Store& store, uint32_t db, std::string_view key) {
  const Result<Entry*> entry = store.FindOrLoad(db, key);
  REQUIRE(entry.has_value());
  return *entry == nullptr ? "(none)" : std::string((*entry)->payload());
}

void PutRows(Store& store, uint32_t db, std::string_view key, int rows) {
  REQUIRE(store.FindOrLoad(db, key).has_value());
  Entry* entry = store.AttachCollection(store.Create(db, key, 2, 0, {}));
  for (int i = 0; i < rows; ++i) {
    REQUIRE(entry->collection().Put("row" + std::to_string(i), std::string(100, 'v')).has_value());
  }
}

}  // namespace

TEST_CASE("what is staged is seen by nobody until it is shown, and then alone") {
  StoreWorld world;
  world.Open();
  Put(*world.store, 0, "old", "1");
  Put(*world.store, 3, "old3", "1");
  world.Commit();
  world.observer = {};
  Put(*world.store, ReplicaStore::Of(*world.store).StagedDb(0), "new", "2");
  PutRows(*world.store, ReplicaStore::Of(*world.store).StagedDb(1), "rows", 1000);
  world.Commit();
  CHECK(world.observer.modified == 0);
  CHECK(Get(*world.store, 0, "new") == "(none)");
  CHECK(Get(*world.store, 0, "old") == "1");
  CHECK(world.store->KeyCount(1) == 0);

  ReplicaStore::Of(*world.store).ShowStaged();
  world.Commit();
  CHECK(world.observer.flushed == 3);
  CHECK(Get(*world.store, 0, "new") == "2");
  CHECK(Get(*world.store, 0, "old") == "(none)");
  CHECK(Get(*world.store, 3, "old3") == "(none)");
  CHECK(world.store->KeyCount(0) == 1);
  CHECK(world.store->KeyCount(1) == 1);
  CHECK(world.store->KeyCount(3) == 0);
  CHECK(Get(*world.store, ReplicaStore::Of(*world.store).StagedDb(0), "old") == "(none)");

  world.Close();
  world.Open();
  CHECK(Get(*world.store, 0, "new") == "2");
  CHECK(Get(*world.store, 0, "old") == "(none)");
  Entry* const rows = *world.store->FindOrLoad(1, "rows");
  REQUIRE(rows != nullptr);
  CHECK(rows->collection().count() == 1000);
}

TEST_CASE("staged keys come on when they were evicted in between") {
  StoreWorld world;
  world.Open();
  const uint32_t staged = ReplicaStore::Of(*world.store).StagedDb(0);
  Put(*world.store, staged, "a", "1");
  PutRows(*world.store, staged, "rows", 5000);
  world.EvictAll();
  Put(*world.store, staged, "b", "2");
  Entry* const rows = *world.store->FindOrLoad(staged, "rows");
  REQUIRE(rows != nullptr);
  REQUIRE(rows->collection().Put("zzz", "last").has_value());
  ReplicaStore::Of(*world.store).ShowStaged();
  world.Commit();
  CHECK(world.store->KeyCount(0) == 3);
  CHECK(Get(*world.store, 0, "a") == "1");
  CHECK((*world.store->FindOrLoad(0, "rows"))->collection().count() == 5001);
}

TEST_CASE("a crash while staging leaves what was there, and the staged can be dropped") {
  StoreWorld world;
  world.Open();
  Put(*world.store, 0, "old", "1");
  world.Commit();
  PutRows(*world.store, ReplicaStore::Of(*world.store).StagedDb(0), "rows", 3000);
  world.Apply();
  world.Crash();
  world.Open();
  CHECK(Get(*world.store, 0, "old") == "1");
  CHECK(world.store->KeyCount(ReplicaStore::Of(*world.store).StagedDb(0)) == 1);
  ReplicaStore::Of(*world.store).DropStaged();
  world.Commit();
  CHECK(world.store->KeyCount(ReplicaStore::Of(*world.store).StagedDb(0)) == 0);
  CHECK(Get(*world.store, 0, "old") == "1");
  world.RunUntil([&] { return world.store->Stats().garbage_rows_collected >= 3000; });
}

TEST_CASE("expired keys are hidden on a replica, and kept for the primary's commands") {
  StoreWorld world;
  world.Open();
  Put(*world.store, 0, "k", "v");
  Entry* const entry = *world.store->FindOrLoad(0, "k");
  world.store->SetExpiry(entry, world.clock.now_ms + 100);
  world.Commit();
  world.store->SetSweeping(false);
  ReplicaStore::Of(*world.store).SetExpiryMode(ReplicaStore::ExpiryMode::kHide);
  CHECK(Get(*world.store, 0, "k") == "v");
  world.clock.now_ms += 200;
  CHECK(Get(*world.store, 0, "k") == "(none)");
  CHECK(world.store->Find(0, "k").presence == Store::Presence::kAbsent);
  CHECK(world.store->KeyCount(0) == 1);
  ReplicaStore::Of(*world.store).SetExpiryMode(ReplicaStore::ExpiryMode::kKeep);
  CHECK(Get(*world.store, 0, "k") == "v");
  ReplicaStore::Of(*world.store).SetExpiryMode(ReplicaStore::ExpiryMode::kHide);
  CHECK(world.observer.expired.empty());

  // Written over while it is hidden: the counts stay right.
  world.store->Create(0, "k", 1, 0, "w");
  world.Commit();
  CHECK(world.store->KeyCount(0) == 1);
  CHECK(world.store->ExpiringCount(0) == 0);
  CHECK(Get(*world.store, 0, "k") == "w");

  world.store->SetExpiry(*world.store->FindOrLoad(0, "k"), world.clock.now_ms + 100);
  world.clock.now_ms += 200;
  ReplicaStore::Of(*world.store).SetExpiryMode(ReplicaStore::ExpiryMode::kDelete);
  CHECK(Get(*world.store, 0, "k") == "(none)");
  CHECK(world.observer.expired.size() == 1);
}

}  // namespace lsm
