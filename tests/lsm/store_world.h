// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/collection_cursor.h"
#include "lsm/store.h"
#include "lsm/store_upkeep.h"
#include "tests/lsm/fault_file_system.h"

namespace lsm {

// Moved by hand.
class HandClock : public Clock {
 public:
  int64_t NowMs() override { return now_ms; }
  int64_t MonotonicUs() override { return now_ms * 1000; }
  int64_t now_ms = 1'700'000'000'000;
};

class TestWaiter : public LoadWaiter {
 public:
  void OnLoaded() override { ++told; }
  int told = 0;
};

struct TestObserver : KeyspaceObserver {
  void OnModified(uint32_t, std::string_view) override { ++modified; }
  void OnExpired(uint32_t db, std::string_view key) override {
    expired.push_back(std::to_string(db) + ":" + std::string(key));
  }
  void OnFlushed(uint32_t) override { ++flushed; }
  void OnSwapped(uint32_t, uint32_t) override { ++swapped; }
  int modified = 0;
  int flushed = 0;
  int swapped = 0;
  std::vector<std::string> expired;
};

// A store on a file system in memory, and the loop that it needs: waits in real time only for its
// own threads, until they wake it.
class StoreWorld {
 public:
  StoreWorld() {
    options.dir = "/store";
    options.memtable_bytes = size_t{256} << 10;
    options.table_bytes = size_t{256} << 10;
    options.log_segment_bytes = size_t{256} << 10;
    options.apply_interval_ms = 5;
    options.loader_threads = 2;
  }
  ~StoreWorld() { store.reset(); }

  Status TryOpen() {
    auto opened = Store::Open(options, *files, clock, [this] { Wake(); });
    if (!opened.has_value()) return opened.error();
    store = std::move(*opened);
    store->SetObserver(&observer);
    return Status();
  }
  void Open() {
    const Status status = TryOpen();
    REQUIRE_MESSAGE(status.ok(), status.message());
  }
  void Close(bool flush = false) {
    const Status status = store->Close(flush);
    REQUIRE_MESSAGE(status.ok(), status.message());
    store.reset();
  }
  // As kill -9: what was written stays.
  void Crash() { store.reset(); }
  void CrashWithPowerCut(PowerCut kind, std::mt19937_64& random) {
    auto after = files->CopyAfterPowerCut(kind, random);
    store.reset();
    files = std::move(after);
  }
  void Commit() {
    const Status status = store->CommitTurn();
    REQUIRE_MESSAGE(status.ok(), status.message());
  }

  // Runs the loop until that holds.
  void RunUntil(const std::function<bool()>& done) {
    while (true) {
      store->RunCompletions();
      store->RunHousekeeping(1000);
      FreeDeleted(*store, 1000);
      if (done()) return;
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, std::chrono::milliseconds(20), [this] { return wakes_ > 0; });
      wakes_ = 0;
    }
  }
  void WaitFor(TestWaiter& waiter) {
    RunUntil([&] { return waiter.pending() == 0; });
  }
  // Everything committed is in LevelDB, and the store knows.
  void Apply() {
    Commit();
    RunUntil([&] { return store->Stats().applied_seq == store->committed_seq(); });
    store->RunCompletions();
  }
  // Then whatever may be evicted is.
  void EvictAll() {
    Apply();
    store->SetHotBudget(0);
    uint64_t before = 0;
    do {
      before = store->Stats().hot_entries + store->Stats().hot_pages;
      for (int i = 0; i < 5; ++i) store->RunHousekeeping(1000);
    } while (store->Stats().hot_entries + store->Stats().hot_pages < before);
    store->SetHotBudget(options.hot_budget_bytes);
  }

  // Simple commands, each loading what it needs.
  std::optional<std::string> Get(std::string_view key, uint32_t db = 0) {
    Entry* entry = Load(key, db);
    if (entry == nullptr) return std::nullopt;
    return std::string(entry->payload());
  }
  Entry* Load(std::string_view key, uint32_t db = 0) {
    auto entry = store->FindOrLoad(db, key);
    REQUIRE_MESSAGE(entry.has_value(), entry.error().message());
    return *entry;
  }
  Entry* Set(std::string_view key, std::string_view value, uint32_t db = 0) {
    Load(key, db);
    return store->Create(db, key, 1, 0, value);
  }
  bool Del(std::string_view key, uint32_t db = 0) {
    Entry* entry = Load(key, db);
    if (entry == nullptr) return false;
    store->Delete(entry);
    return true;
  }
  std::vector<std::string> ScanAll(uint32_t db = 0, size_t count = 10) {
    std::vector<std::string> keys;
    uint64_t cursor = 0;
    do {
      ScanPage page;
      TestWaiter waiter;
      if (!store->Scan(db, cursor, count, page, waiter)) WaitFor(waiter);
      REQUIRE(waiter.error().ok());
      for (const ScanItem& item : page.items) keys.push_back(item.key);
      cursor = page.next_cursor;
    } while (cursor != 0);
    return keys;
  }

  StoreOptions options;
  std::unique_ptr<FaultFileSystem> files = std::make_unique<FaultFileSystem>();
  HandClock clock;
  TestObserver observer;
  std::unique_ptr<Store> store;

 private:
  void Wake() {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    woken_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  int wakes_ = 0;
};

}  // namespace lsm
