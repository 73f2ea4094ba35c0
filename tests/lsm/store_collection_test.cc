// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "lsm/store.h"
#include "lsm/store_upkeep.h"
#include "tests/lsm/store_world.h"

namespace lsm {

// ---- Expiry.

TEST_CASE("store: a key is gone at its millisecond, by whoever looks first") {
  StoreWorld w;
  w.Open();
  w.store->SetExpiry(w.Set("k", "v"), w.clock.now_ms + 10);
  w.clock.now_ms += 9;
  CHECK(w.Get("k") == "v");
  w.clock.now_ms += 1;
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kAbsent);
  CHECK(w.observer.expired == std::vector<std::string>{"0:k"});
  CHECK(w.store->KeyCount(0) == 0);
  CHECK(w.store->ExpiringCount(0) == 0);
  w.Commit();
  w.Crash();
  w.Open();
  CHECK(w.Get("k") == std::nullopt);
}

TEST_CASE("store: the sweeper deletes due keys that nobody looks at, in RAM or not") {
  StoreWorld w;
  w.Open();
  for (int i = 0; i < 500; ++i) {
    w.store->SetExpiry(w.Set("k" + std::to_string(i), "v"), w.clock.now_ms + 100 + i % 50);
  }
  w.Set("stays", "v");
  w.store->SetExpiry(w.Set("later", "v"), w.clock.now_ms + 100);
  w.Apply();
  w.store->SetExpiry(w.Load("later"), w.clock.now_ms + 10'000);
  w.store->SetExpiry(w.Set("earlier", "v"), w.clock.now_ms + 10'000);
  w.Apply();
  w.store->SetExpiry(w.Load("earlier"), w.clock.now_ms + 120);
  w.EvictAll();
  w.clock.now_ms += 200;
  w.RunUntil([&] { return w.store->KeyCount(0) == 2; });
  CHECK(w.observer.expired.size() == 501);
  CHECK(w.Get("later") == "v");
  CHECK(w.Get("stays") == "v");
  w.Close();
  w.Open();
  w.clock.now_ms += 10'000;
  w.RunUntil([&] { return w.store->KeyCount(0) == 1; });
}

TEST_CASE("store: sweeping can be switched off, and looks still see nothing") {
  StoreWorld w;
  w.Open();
  w.store->SetSweeping(false);
  w.store->SetExpiry(w.Set("k", "v"), w.clock.now_ms + 10);
  w.clock.now_ms += 1000;
  for (int i = 0; i < 5; ++i) w.store->RunHousekeeping(1000);
  CHECK(w.store->KeyCount(0) == 1);
  CHECK(w.Get("k") == std::nullopt);
  CHECK(w.store->KeyCount(0) == 0);
}

// ---- Collections.

TEST_CASE("store: a collection's rows and count are durable, and load row by row or whole") {
  StoreWorld w;
  w.Open();
  Entry* entry = w.store->AttachCollection(w.Set("c", "extras"));
  for (int i = 0; i < 5000; ++i) {
    REQUIRE(entry->collection().Put("row" + std::to_string(i), "value").has_value());
  }
  w.store->AttachCollection(w.Set("small", ""));
  REQUIRE(w.Load("small")->collection().Put("a", "1").has_value());
  w.Close(/*flush=*/true);
  w.Open();
  entry = w.Load("c");
  REQUIRE(entry != nullptr);
  CHECK(entry->payload() == "extras");
  CHECK(entry->collection().count() == 5000);
  TestWaiter waiter;
  REQUIRE_FALSE(w.store->PrefetchRow(*entry, "row77", waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(w.store->PrefetchRow(*entry, "row77", waiter));
  CHECK(w.store->Stats().spot_loads == 1);  // The meta, by Load.
  CHECK(**entry->collection().Find("row77") == "value");
  CHECK_FALSE(entry->collection().fully_resident());
  CHECK(w.store->PrefetchAll(*entry, 4999, waiter));  // Too many: page by page.
  CHECK_FALSE(entry->collection().fully_resident());
  REQUIRE_FALSE(w.store->PrefetchAll(*entry, 5000, waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(entry->collection().fully_resident());
  entry = w.Load("small");
  REQUIRE_FALSE(w.store->PrefetchAll(*entry, 10, waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(**entry->collection().Find("a") == "1");
}

TEST_CASE(
    "store: many small collections cost an entry and a leaf each, and are whole when used again") {
  StoreWorld w;
  w.Open();
  constexpr int kKeys = 3000;
  const auto name = [](int i) { return "small:" + std::to_string(100'000 + i); };
  const auto fill = [&](int i, const std::string& value) {
    Entry* entry = w.Load(name(i));
    if (entry == nullptr) entry = w.store->AttachCollection(w.Set(name(i), ""));
    for (int row = 0; row < 4; ++row) {
      REQUIRE(entry->collection().Put("row" + std::to_string(row), value).has_value());
    }
  };
  const uint64_t empty = w.store->Stats().hot_bytes;
  for (int i = 0; i < kKeys; ++i) {
    fill(i, "value");
    w.Commit();
  }
  // 64 bytes of entry and 64 of leaf; 8 to 13 of the table; the objects of those last used.
  const uint64_t each = (w.store->Stats().hot_bytes - empty) / kKeys;
  MESSAGE("bytes each: ", each);
  CHECK(each >= 64 + 64 + 8);
  CHECK(each <= 64 + 64 + 13 + 6);
  CHECK(w.store->Stats().hot_pages == 0);
  // All at once, with changes, in one turn; and in turns of their own while others are folded.
  for (int i = 0; i < kKeys; ++i) fill(i, i % 2 == 0 ? "changed" : "value");
  w.Commit();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kKeys; ++i) {
      Entry* entry = w.Load(name(i));
      REQUIRE(entry->collection().count() == 4);
      REQUIRE(entry->collection().changed_seq() <= w.store->committed_seq());
      REQUIRE(**entry->collection().Find("row3") == (i % 2 == 0 ? "changed" : "value"));
      if (i % 3 == 0) entry = w.store->SetExpiry(entry, w.clock.now_ms + 1'000'000 + i);
      if (i % 5 == 0) w.Commit();
    }
  }
  // What folded collections have not got on disk yet stays in RAM, and what they have goes.
  w.EvictAll();
  CHECK(w.store->Stats().hot_entries == 0);
  w.Crash();
  w.Open();
  for (int i = 0; i < kKeys; i += 97) {
    Entry* entry = w.Load(name(i));
    CHECK(entry->collection().count() == 4);
    CHECK(**entry->collection().Find("row3") == (i % 2 == 0 ? "changed" : "value"));
    w.store->Delete(entry);
    w.Commit();
  }
}

TEST_CASE("store: rows that only the log has are there after the death of the process") {
  StoreWorld w;
  w.Open();
  Entry* entry = w.store->AttachCollection(w.Set("c", ""));
  for (int i = 0; i < 100; ++i)
    REQUIRE(entry->collection().Put(std::to_string(i), "a").has_value());
  w.Apply();
  REQUIRE(entry->collection().Put("50", "b").has_value());
  w.Commit();
  w.Crash();
  w.Open();
  entry = w.Load("c");
  REQUIRE(entry != nullptr);
  TestWaiter waiter;
  if (!w.store->PrefetchRow(*entry, "50", waiter)) {
    w.Commit();
    w.WaitFor(waiter);
  }
  CHECK(**entry->collection().Find("50") == "b");
  CHECK(**entry->collection().Find("51") == "a");
}

TEST_CASE("store: a large collection lives in a small budget, and its pages come and go") {
  StoreWorld w;
  w.options.hot_budget_bytes = 200'000;
  w.Open();
  Entry* entry = w.store->AttachCollection(w.Set("c", ""));
  const std::string value(100, 'v');
  for (int i = 0; i < 20'000; ++i) {
    REQUIRE(entry->collection().Put("row" + std::to_string(100'000 + i), value).has_value());
    if (i % 1000 == 999) w.Apply();
  }
  w.Apply();
  for (int i = 0; i < 20; ++i) w.store->RunHousekeeping(1000);
  CHECK(w.store->Stats().hot_bytes <= 200'000);
  CHECK(w.store->Stats().evicted_pages > 0);
  entry = w.Load("c");
  CHECK(entry->collection().count() == 20'000);
  for (int i = 0; i < 20'000; i += 997) {
    const auto row = entry->collection().Find("row" + std::to_string(100'000 + i));
    REQUIRE(row.has_value());
    CHECK(*row == value);
  }
}

TEST_CASE("store: a deleted collection is gone at once, its pages soon, its rows in time") {
  StoreWorld w;
  w.Open();
  Entry* entry = w.store->AttachCollection(w.Set("c", ""));
  const std::string value(100, 'v');
  for (int i = 0; i < 20'000; ++i) {
    REQUIRE(entry->collection().Put("row" + std::to_string(i), value).has_value());
  }
  w.Apply();
  const uint64_t full = w.store->Stats().hot_bytes;
  w.Del("c");
  CHECK(w.Get("c") == std::nullopt);
  w.Apply();
  w.RunUntil([&] { return !FreeDeleted(*w.store, 1000); });
  CHECK(w.store->Stats().hot_pages == 0);
  CHECK(w.store->Stats().hot_bytes < full / 10);
  w.RunUntil([&] { return w.store->Stats().garbage_rows_collected >= 20'000; });
  // The name is free for another one.
  entry = w.store->AttachCollection(w.Set("c", ""));
  CHECK(entry->collection().count() == 0);
  CHECK(*entry->collection().Find("row1") == std::nullopt);
}

// ---- Deletion.

TEST_CASE("store: RAM of a large collection that is deleted is freed in slices, afterwards") {
  StoreWorld w;
  w.Open();
  w.store->AttachCollection(w.Set("k", ""));
  for (int i = 0; i < 20'000; ++i) {
    REQUIRE(w.Load("k")->collection().Put("row" + std::to_string(i), std::string(100, 'v')));
  }
  w.Apply();
  const uint64_t pages = w.store->Stats().hot_pages;
  REQUIRE(pages > 300);
  w.Del("k");
  w.Commit();
  w.store->RunHousekeeping(1000);
  CHECK(w.store->Stats().hot_pages == pages);
  CHECK(w.Get("k") == std::nullopt);
  uint64_t left = pages;
  for (bool more = true; more;) {
    more = FreeDeleted(*w.store, 0);
    const uint64_t now = w.store->Stats().hot_pages;
    CHECK(left - now <= 32);
    left = now;
  }
  CHECK(left == 0);
  CHECK(!FreeDeleted(*w.store, 1000));
}

TEST_CASE("store: where RAM is short, housekeeping frees what was deleted") {
  StoreWorld w;
  w.Open();
  w.store->AttachCollection(w.Set("k", ""));
  for (int i = 0; i < 5'000; ++i) {
    REQUIRE(w.Load("k")->collection().Put("row" + std::to_string(i), std::string(100, 'v')));
  }
  w.Commit();
  w.Del("k");
  w.Commit();
  w.store->SetHotBudget(1);
  w.RunUntil([&] { return w.store->Stats().hot_pages == 0; });
}

}  // namespace lsm
