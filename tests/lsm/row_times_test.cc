// SPDX-License-Identifier: BSD-3-Clause
//
// Rows that have an expiry of their own: what the store does about them, with a type made up here.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/checker.h"
#include "lsm/row_expiry.h"
#include "tests/lsm/store_world.h"

namespace lsm {
namespace {

// Rows are `subkey -> time`; every row expires at its time.
class TimesExpirer : public RowExpirer {
 public:
  explicit TimesExpirer(StoreWorld& world) : world_(world) {
    RowExpiry::Of(*world.store).SetExpirer(this);
  }
  ~TimesExpirer() override {
    if (world_.store) RowExpiry::Of(*world_.store).SetExpirer(nullptr);
  }

  static RowTimes TimesOf(Collection& rows) {
    RowTimes times;
    for (CollectionCursor row = rows.SeekFirst(); row.valid(); row.Next()) {
      const int64_t at_ms = std::stoll(std::string(row.value()));
      if (times.first_ms == kNoExpiry || at_ms < times.first_ms) times.first_ms = at_ms;
      times.all_ms = std::max(times.all_ms, at_ms);
    }
    return times;
  }

  Progress ExpireRows(uint32_t db, Entry* entry, int64_t now_ms, size_t max_rows,
                      LoadWaiter* waiter) override {
    if (waiter != nullptr && !world_.store->PrefetchAll(*entry, 1000, *waiter))
      return Progress::kLoading;
    calls.push_back(std::to_string(db) + ":" + std::string(entry->key()));
    Collection& rows = entry->collection();
    std::vector<std::string> due;
    for (CollectionCursor row = rows.SeekFirst(); row.valid() && due.size() < max_rows;
         row.Next()) {
      if (std::stoll(std::string(row.value())) <= now_ms) due.emplace_back(row.subkey());
    }
    for (const std::string& subkey : due) REQUIRE(rows.Erase(subkey).has_value());
    const RowTimes times = TimesOf(rows);
    RowExpiry::Of(*world_.store).SetTimes(entry, times);
    return times.first_ms <= now_ms ? Progress::kMore : Progress::kDone;
  }
  void OnAllExpired(uint32_t db, std::string_view key) override {
    gone.push_back(std::to_string(db) + ":" + std::string(key));
  }

  std::vector<std::string> calls;
  std::vector<std::string> gone;

 private:
  StoreWorld& world_;
};

Entry* Make(StoreWorld& w, std::string_view key, const std::vector<int64_t>& times, int of_each) {
  w.Load(key);
  Entry* entry = w.store->AttachCollection(w.store->Create(0, key, 5, 0, {}));
  int n = 0;
  for (const int64_t at_ms : times) {
    for (int i = 0; i < of_each; ++i) {
      REQUIRE(entry->collection().Put(std::to_string(n++), std::to_string(at_ms)).has_value());
    }
  }
  RowExpiry::Of(*w.store).SetTimes(entry, TimesExpirer::TimesOf(entry->collection()));
  return entry;
}

uint64_t CountOf(StoreWorld& w, std::string_view key) {
  Entry* entry = w.Load(key);
  return entry == nullptr ? 0 : entry->collection().count();
}

TEST_CASE("row times: due rows are deleted in slices, and the key goes with the last") {
  StoreWorld w;
  w.Open();
  TimesExpirer expirer(w);
  const int64_t start_ms = w.clock.now_ms;
  Make(w, "k", {start_ms + 100, start_ms + 200}, 150);
  w.Commit();
  w.store->RunHousekeeping(1000);
  CHECK(CountOf(w, "k") == 300);
  CHECK(expirer.calls.empty());
  w.clock.now_ms += 100;
  w.RunUntil([&] { return CountOf(w, "k") == 150; });
  CHECK(expirer.calls.size() == 3);
  w.Commit();
  w.store->RunHousekeeping(1000);
  CHECK(expirer.calls.size() == 3);
  CHECK(RowExpiry::TimesOf(*w.Load("k")) == RowTimes{start_ms + 200, start_ms + 200});
  w.clock.now_ms += 100;
  w.RunUntil([&] { return w.store->KeyCount(0) == 0; });
  CHECK(expirer.gone == std::vector<std::string>{"0:k"});
  CHECK(expirer.calls.size() == 3);
  CHECK(w.observer.expired.empty());
  CHECK(w.store->Stats().expired_keys == 0);
}

TEST_CASE("row times: a key of which all rows are due is absent at once") {
  StoreWorld w;
  w.Open();
  TimesExpirer expirer(w);
  w.store->SetSweeping(false);
  Make(w, "k", {w.clock.now_ms + 10, w.clock.now_ms + 20}, 2);
  w.Commit();
  w.clock.now_ms += 19;
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kPresent);
  CHECK(w.ScanAll() == std::vector<std::string>{"k"});
  w.clock.now_ms += 1;
  SUBCASE("in RAM") {
    CHECK(w.ScanAll().empty());
  }
  SUBCASE("on disk") {
    w.EvictAll();
    CHECK(w.ScanAll().empty());
  }
  CHECK(w.Load("k") == nullptr);
  CHECK(w.store->KeyCount(0) == 0);
  CHECK(expirer.gone == std::vector<std::string>{"0:k"});
}

TEST_CASE("row times: what is not in RAM is loaded for the sweep") {
  StoreWorld w;
  w.Open();
  TimesExpirer expirer(w);
  Make(w, "k", {w.clock.now_ms + 10, w.clock.now_ms + 20}, 200);
  w.EvictAll();
  w.clock.now_ms += 10;
  w.RunUntil([&] { return expirer.calls.size() == 4; });
  CHECK(CountOf(w, "k") == 200);
}

TEST_CASE("row times: they survive crash, restart and a move, and the store is sound") {
  StoreWorld w;
  w.Open();
  const int64_t start_ms = w.clock.now_ms;
  Entry* entry = Make(w, "a", {start_ms + 10, start_ms + 20}, 2);
  entry = w.store->SetExpiry(entry, start_ms + 15);
  w.Load("b");
  w.store->Move(w.Load("a"), 0, "b");
  Make(w, "none", {start_ms + 10}, 1);
  RowExpiry::Of(*w.store).SetTimes(w.Load("none"), {});
  w.Commit();
  SUBCASE("crash") {
    w.Crash();
  }
  SUBCASE("restart") {
    w.Close(true);
  }
  w.Open();
  {
    TimesExpirer expirer(w);
    CHECK(RowExpiry::TimesOf(*w.Load("b")) == RowTimes{start_ms + 10, start_ms + 20});
    CHECK(RowExpiry::TimesOf(*w.Load("none")) == RowTimes());
    w.clock.now_ms += 10;
    w.RunUntil([&] { return CountOf(w, "b") == 2; });
    CHECK(expirer.calls == std::vector<std::string>{"0:b"});
    w.Commit();
    w.clock.now_ms += 5;
    w.RunUntil([&] { return w.store->KeyCount(0) == 1; });
    CHECK(w.observer.expired == std::vector<std::string>{"0:b"});
    CHECK(w.Load("none") != nullptr);
    w.Commit();
  }
  w.Close(true);
  const auto report = CheckStore({.dir = w.options.dir, .files = w.files.get()});
  REQUIRE(report.has_value());
  CHECK(report->ok());
}

TEST_CASE("row times: due rows stay while nobody can delete them") {
  StoreWorld w;
  w.Open();
  Make(w, "k", {w.clock.now_ms + 10, w.clock.now_ms + 20}, 2);
  w.Commit();
  w.clock.now_ms += 10;
  for (int i = 0; i < 3; ++i) w.store->RunHousekeeping(1000);
  CHECK(CountOf(w, "k") == 4);
  w.Close(true);
  w.Open();
  TimesExpirer expirer(w);
  w.RunUntil([&] { return CountOf(w, "k") == 2; });
}

}  // namespace
}  // namespace lsm
