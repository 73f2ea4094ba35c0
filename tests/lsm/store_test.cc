// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/store.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/lsm/store_world.h"

namespace lsm {

TEST_CASE("store: a key is there after an orderly restart") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.Close();
  w.Open();
  CHECK(w.Get("k") == "v");
  CHECK(w.store->KeyCount(0) == 1);
}

TEST_CASE(
    "store: a committed key is there after the death of the process, and one that is not, not") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.Commit();
  w.Set("lost", "v");
  w.Crash();
  w.Open();
  CHECK(w.Get("k") == "v");
  CHECK(w.Get("lost") == std::nullopt);
  CHECK(w.store->KeyCount(0) == 1);
  CHECK(w.store->Stats().replayed_records == 1);
}

TEST_CASE("store: while all keys are in RAM, absence is certain and costs no load") {
  StoreWorld w;
  w.Open();
  CHECK(w.store->Find(0, "nothing").presence == Store::Presence::kAbsent);
  w.Set("k", "v");
  w.Apply();
  CHECK(w.store->Find(0, "nothing").presence == Store::Presence::kAbsent);
  TestWaiter waiter;
  CHECK(w.store->Prefetch(0, "nothing", waiter));
  CHECK(w.store->Stats().hot_misses == 0);
  w.Del("k");
  w.Apply();
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kAbsent);
}

TEST_CASE("store: a key that is not in RAM is loaded once for all who wait") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.EvictAll();
  REQUIRE(w.store->Find(0, "k").presence == Store::Presence::kNotResident);
  TestWaiter one;
  TestWaiter two;
  CHECK_FALSE(w.store->Prefetch(0, "k", one));
  CHECK_FALSE(w.store->Prefetch(0, "k", two));
  w.Commit();
  w.WaitFor(one);
  w.WaitFor(two);
  CHECK(one.told == 1);
  CHECK(two.told == 1);
  CHECK(w.store->Stats().key_loads == 1);
  CHECK(w.store->Stats().coalesced_loads == 1);
  const Store::Lookup found = w.store->Find(0, "k");
  REQUIRE(found.presence == Store::Presence::kPresent);
  CHECK(found.entry->payload() == "v");
}

TEST_CASE("store: a lookup that waited for its load is a miss, and no hit when it comes again") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.EvictAll();
  w.store->ResetStats();
  TestWaiter waiter;
  REQUIRE(w.store->Find(0, "k").presence == Store::Presence::kNotResident);
  REQUIRE_FALSE(w.store->Prefetch(0, "k", waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kPresent);
  CHECK(w.store->Stats().hot_misses == 1);
  CHECK(w.store->Stats().hot_hits == 0);
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kPresent);
  CHECK(w.store->Stats().hot_hits == 1);
}

TEST_CASE("store: what a load reads of table files is counted, and RAM's answers read nothing") {
  StoreWorld w;
  w.options.block_cache_bytes = 0;  // It would have the one block from opening the store.
  w.Open();
  w.Set("k", std::string(1000, 'v'));
  w.Commit();
  w.Close(/*flush=*/true);
  w.Open();
  w.store->ResetStats();
  CHECK(w.store->Stats().lsm_block_reads == 0);
  TestWaiter waiter;
  REQUIRE_FALSE(w.store->Prefetch(0, "k", waiter));
  w.WaitFor(waiter);
  const StoreStats loaded = w.store->Stats();
  CHECK(loaded.lsm_block_reads > 0);
  CHECK(loaded.lsm_block_read_bytes >= loaded.lsm_block_reads);
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kPresent);
  CHECK(w.store->Stats().lsm_block_reads == loaded.lsm_block_reads);
  w.store->ResetStats();
  CHECK(w.store->Stats().lsm_block_reads == 0);
  CHECK(w.store->Stats().lsm_block_read_bytes == 0);
}

TEST_CASE("store: that a key is absent is known after a load") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.EvictAll();
  TestWaiter waiter;
  REQUIRE_FALSE(w.store->Prefetch(0, "nothing", waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(w.store->Find(0, "nothing").presence == Store::Presence::kAbsent);
}

TEST_CASE("store: nobody calls a waiter that was abandoned") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.EvictAll();
  TestWaiter gone;
  TestWaiter stays;
  w.store->Prefetch(0, "k", gone);
  w.store->Prefetch(0, "k", stays);
  w.store->Abandon(gone);
  w.Commit();
  w.WaitFor(stays);
  CHECK(gone.told == 0);
  CHECK(gone.pending() == 0);
  CHECK(stays.told == 1);
}

TEST_CASE("store: the error of a load reaches the waiter, and the next load may succeed") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.Close(/*flush=*/true);
  w.options.block_cache_bytes = 0;
  w.Open();
  Fault fault;
  fault.operation = FileOperation::kRead;
  fault.path_part = ".ldb";
  w.files->AddFault(fault);
  TestWaiter waiter;
  REQUIRE_FALSE(w.store->Prefetch(0, "k", waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(waiter.told == 1);
  CHECK_FALSE(waiter.error().ok());
  CHECK_FALSE(w.store->FindOrLoad(0, "k").has_value());
  w.files->ClearFaults();
  REQUIRE_FALSE(w.store->Prefetch(0, "k", waiter));
  w.Commit();
  w.WaitFor(waiter);
  CHECK(waiter.error().ok());
  CHECK(w.Get("k") == "v");
}

TEST_CASE("store: a load that was overtaken by a change brings the change") {
  StoreWorld w;
  w.Open();
  w.Set("k", "old");
  w.Close(/*flush=*/true);
  w.options.block_cache_bytes = 0;
  w.Open();
  // The worker that loads stops at its read of the table until it may go on; nobody else does.
  std::mutex mutex;
  std::condition_variable changed;
  bool may_read = false;
  bool reading = false;
  const std::thread::id self = std::this_thread::get_id();
  TestWaiter waiter;
  REQUIRE_FALSE(w.store->Prefetch(0, "k", waiter));
  w.files->SetHook([&](FileOperation operation, const std::string& path) {
    if (operation != FileOperation::kRead || std::this_thread::get_id() == self) return;
    if (path.find(".ldb") == std::string::npos) return;
    std::unique_lock lock(mutex);
    if (reading) return;
    reading = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_read; });
  });
  w.Commit();
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return reading; });
  }
  w.Set("k", "new");
  w.EvictAll();
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kNotResident);
  {
    const std::lock_guard lock(mutex);
    may_read = true;
    changed.notify_all();
  }
  w.WaitFor(waiter);
  w.files->SetHook(nullptr);
  const Store::Lookup found = w.store->Find(0, "k");
  REQUIRE(found.presence == Store::Presence::kPresent);
  CHECK(found.entry->payload() == "new");
}

TEST_CASE("store: payloads grow, shrink and keep type, expiry and name") {
  StoreWorld w;
  w.Open();
  Entry* entry = w.store->Create(0, "k", 4, 7, "abc");
  entry = w.store->SetExpiry(entry, w.clock.now_ms + 1000);
  entry = w.store->SetPayload(entry, std::string(1000, 'x'));
  entry = w.store->SetPayload(entry, entry->payload().substr(10, 500));  // A part of itself.
  CHECK(entry->payload() == std::string(500, 'x'));
  char* bytes = nullptr;
  entry = w.store->ResizePayload(entry, 502, &bytes);
  bytes[501] = 'y';
  w.store->SetTypeFlags(entry, 9);
  w.Close();
  w.Open();
  entry = w.Load("k");
  REQUIRE(entry != nullptr);
  CHECK(entry->payload() == std::string(500, 'x') + std::string(1, '\0') + "y");
  CHECK(entry->type() == 4);
  CHECK(entry->type_flags() == 9);
  CHECK(entry->expire_at_ms() == w.clock.now_ms + 1000);
  CHECK(w.store->ExpiringCount(0) == 1);
}

TEST_CASE("store: a moved key takes value and expiry along and replaces what was there") {
  StoreWorld w;
  w.Open();
  Entry* entry = w.Set("a", "1");
  w.store->SetExpiry(entry, w.clock.now_ms + 1000);
  w.Set("b", "2");
  w.Set("c", "3", 1);
  w.EvictAll();
  w.Load("b");
  w.store->Move(w.Load("a"), 0, "b");
  w.Load("c", 1);
  CHECK(w.store->KeyCount(0) == 1);
  CHECK(w.store->ExpiringCount(0) == 1);
  w.store->Move(w.Load("b"), 1, "c");
  w.EvictAll();
  CHECK(w.Get("a") == std::nullopt);
  CHECK(w.Get("b") == std::nullopt);
  CHECK(w.Get("c", 1) == "1");
  CHECK(w.store->KeyCount(0) == 0);
  CHECK(w.store->KeyCount(1) == 1);
  CHECK(w.store->ExpiringCount(1) == 1);
  w.clock.now_ms += 1001;
  w.RunUntil([&] { return w.store->KeyCount(1) == 0; });
  CHECK(w.observer.expired == std::vector<std::string>{"1:c"});
}

TEST_CASE("store: flushing a database leaves nothing of it, and the others alone") {
  StoreWorld w;
  w.Open();
  for (int i = 0; i < 2000; ++i) w.Set("k" + std::to_string(i), "v");
  w.Set("other", "v", 3);
  w.Apply();
  w.Set("late", "v");
  w.store->Flush(0);
  CHECK(w.store->KeyCount(0) == 0);
  CHECK(w.Get("k1") == std::nullopt);
  w.Set("k1", "new");
  w.Apply();
  w.RunUntil([&] { return w.store->Stats().hot_entries == 2; });
  CHECK(w.Get("k1") == "new");
  CHECK(w.Get("other", 3) == "v");
  w.RunUntil([&] { return w.store->Stats().garbage_rows_collected >= 2001; });
  w.Close();
  w.Open();
  CHECK(w.store->KeyCount(0) == 1);
  CHECK(w.ScanAll() == std::vector<std::string>{"k1"});
  CHECK(w.Get("late") == std::nullopt);
}

TEST_CASE("store: databases change places and stay so") {
  StoreWorld w;
  w.Open();
  w.Set("a", "0", 0);
  w.Set("b", "5", 5);
  w.store->Swap(0, 5);
  w.store->Swap(5, 9);  // 9 was never used.
  CHECK(w.Get("b", 0) == "5");
  CHECK(w.Get("a", 9) == "0");
  w.Commit();
  w.Crash();
  w.Open();
  CHECK(w.Get("b", 0) == "5");
  CHECK(w.Get("a", 9) == "0");
  CHECK(w.store->KeyCount(5) == 0);
}

TEST_CASE("store: a walk gives each living key once, whether it is new, old, deleted or due") {
  StoreWorld w;
  w.Open();
  for (int i = 0; i < 300; ++i) w.Set("old" + std::to_string(i), "v");
  w.EvictAll();
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0) {
      w.Del("old" + std::to_string(i));
    } else if (i % 7 == 0) {
      w.store->SetExpiry(w.Load("old" + std::to_string(i)), w.clock.now_ms + 5);
    } else {
      expected.insert("old" + std::to_string(i));
    }
  }
  for (int i = 0; i < 300; ++i) {
    w.Set("new" + std::to_string(i), "v");
    expected.insert("new" + std::to_string(i));
  }
  w.store->SetSweeping(false);
  w.clock.now_ms += 10;
  for (size_t count : {1U, 7U, 1000U}) {
    const std::vector<std::string> keys = w.ScanAll(0, count);
    CHECK(keys.size() == expected.size());
    CHECK(std::set<std::string>(keys.begin(), keys.end()) == expected);
  }
  w.EvictAll();
  const std::vector<std::string> keys = w.ScanAll();
  CHECK(keys.size() == expected.size());
  CHECK(std::set<std::string>(keys.begin(), keys.end()) == expected);
}

TEST_CASE("store: random keys are all met, in RAM and on disk") {
  StoreWorld w;
  w.Open();
  CHECK(*w.store->RandomKey(0) == std::nullopt);
  for (int i = 0; i < 20; ++i) w.Set(std::to_string(i), "v");
  w.Set("elsewhere", "v", 1);
  for (const bool resident : {true, false}) {
    if (!resident) w.EvictAll();
    std::set<std::string> met;
    for (int i = 0; i < 1000; ++i) met.insert(w.store->RandomKey(0)->value());
    CHECK(met.size() == 20);
    CHECK_FALSE(met.contains("elsewhere"));
  }
}

TEST_CASE("store: system rows are durable with their turn") {
  StoreWorld w;
  w.Open();
  w.store->PutSystem("a", "1");
  w.store->PutSystem("b", "2");
  w.Commit();
  w.store->DeleteSystem("b");
  CHECK(*w.store->GetSystem("a") == "1");
  CHECK(*w.store->GetSystem("b") == std::nullopt);
  w.Crash();
  w.Open();
  CHECK(*w.store->GetSystem("a") == "1");
  CHECK(*w.store->GetSystem("b") == "2");
  w.Apply();
  CHECK(*w.store->GetSystem("a") == "1");
}

TEST_CASE("store: eviction keeps to the budget once all is applied, and loses nothing") {
  StoreWorld w;
  w.options.hot_budget_bytes = 100'000;
  w.Open();
  for (int i = 0; i < 2000; ++i) {
    w.Set("k" + std::to_string(i), std::string(200, 'v'));
    if (i % 50 == 0) w.Apply();
  }
  w.Apply();
  for (int i = 0; i < 10; ++i) w.store->RunHousekeeping(1000);
  CHECK(w.store->Stats().hot_bytes <= 100'000);
  CHECK(w.store->KeyCount(0) == 2000);
  for (int i = 0; i < 2000; ++i) CHECK(w.Get("k" + std::to_string(i)) == std::string(200, 'v'));
}

TEST_CASE("store: with the hot tier off nothing that is applied stays in RAM") {
  StoreWorld w;
  w.options.hot_tier = HotTierMode::kOff;
  w.Open();
  for (int i = 0; i < 100; ++i) w.Set("k" + std::to_string(i), "v");
  w.Apply();
  for (int i = 0; i < 3; ++i) w.store->RunHousekeeping(1000);
  CHECK(w.store->Stats().hot_entries == 0);
  CHECK(w.Get("k7") == "v");
}

TEST_CASE("store: another one on the same directory is refused") {
  StoreWorld w;
  w.Open();
  auto second = Store::Open(w.options, *w.files, w.clock, [] {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code() == Status::Code::kBusy);
}

TEST_CASE("store: reopening beneath a running server keeps all") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.store->SetExpiry(w.Set("e", "v"), w.clock.now_ms + 100);
  REQUIRE(w.store->Reopen().ok());
  CHECK(w.store->Stats().hot_entries == 0);
  CHECK(w.Get("k") == "v");
  CHECK(w.store->KeyCount(0) == 2);
  w.clock.now_ms += 100;
  w.RunUntil([&] { return w.store->KeyCount(0) == 1; });
}

}  // namespace lsm
