// SPDX-License-Identifier: BSD-3-Clause
//
// The whole store against a std::map: random commands, loads, evictions, restarts, deaths and power
// cuts, with the hot tier unbounded, tiny and off. A failing run prints its seed; another seed and
// more steps by TIERCEL_TEST_SEED and TIERCEL_TEST_STEPS.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/store_upkeep.h"
#include "lsm/turn_rollback.h"
#include "tests/lsm/store_world.h"

namespace lsm {
namespace {

struct ModelKey {
  TypeCode type = 1;
  uint8_t flags = 0;
  int64_t expire_at_ms = kNoExpiry;
  std::string payload;
  std::optional<std::map<std::string, std::string>> rows;
};
using ModelDb = std::map<std::string, ModelKey>;
constexpr uint32_t kDbs = 3;
using Model = std::array<ModelDb, kDbs>;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no other threads yet.
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Player {
 public:
  Player(uint64_t seed, StoreOptions options) : random_(seed) {
    options.dir = world_.options.dir;
    world_.options = options;
    world_.Open();
    history_.emplace_back(0, model_);
  }

  void Play(size_t steps) {
    for (size_t i = 0; i < steps; ++i) {
      Step();
      if (Dice(400)) VerifyAll();
    }
    VerifyAll();
    world_.Close(Dice(2));
    world_.Open();
    VerifyAll();
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool Dice(uint64_t n) { return Below(n) == 0; }
  Store& store() { return *world_.store; }
  int64_t now() const { return world_.clock.now_ms; }

  std::string SomeKey() {
    // Some stand in one slot, some are long.
    const uint64_t number = Below(150);
    if (number < 20) return "{tag}" + std::to_string(number);
    if (number < 25) return std::string(300, 'L') + std::to_string(number);
    return "key:" + std::to_string(number);
  }
  std::string SomeValue() {
    const size_t size = Dice(20) ? Below(9000) : Below(200);
    return std::string(size, static_cast<char>('a' + Below(26)));
  }
  std::string SomeSubkey() { return std::to_string(Below(Dice(3) ? 2000 : 20)); }

  void DropDue() {
    for (ModelDb& db : model_) {
      std::erase_if(db, [&](const auto& item) {
        return item.second.expire_at_ms != kNoExpiry && item.second.expire_at_ms <= now();
      });
    }
  }

  // ---- Looking keys up, in all the ways there are.

  Entry* Lookup(uint32_t db, const std::string& key) {
    if (Dice(2)) return world_.Load(key, db);
    for (int round = 0; round < 100; ++round) {
      const Store::Lookup found = store().Find(db, key);
      if (found.presence != Store::Presence::kNotResident) return found.entry;
      TestWaiter waiter;
      if (store().Prefetch(db, key, waiter)) continue;
      if (Dice(10)) {
        store().Abandon(waiter);
        break;
      }
      Wait(waiter);
    }
    return world_.Load(key, db);
  }
  void Wait(TestWaiter& waiter) {
    Commit();
    world_.WaitFor(waiter);
    REQUIRE(waiter.error().ok());
  }
  // The entry if model and store agree that it exists.
  Entry* Agreed(uint32_t db, const std::string& key, ModelKey** expected) {
    Entry* entry = Lookup(db, key);
    const auto it = model_[db].find(key);
    REQUIRE((entry != nullptr) == (it != model_[db].end()));
    if (entry == nullptr) return nullptr;
    *expected = &it->second;
    Compare(*entry, it->second);
    return entry;
  }
  void Compare(const Entry& entry, const ModelKey& expected) {
    REQUIRE(entry.type() == expected.type);
    REQUIRE(entry.type_flags() == expected.flags);
    REQUIRE(entry.expire_at_ms() == expected.expire_at_ms);
    REQUIRE(entry.payload() == expected.payload);
    REQUIRE(entry.has_collection() == expected.rows.has_value());
    if (entry.has_collection()) REQUIRE(entry.collection().count() == expected.rows->size());
  }

  // ---- Commands.

  void Create(uint32_t db, const std::string& key) {
    Lookup(db, key);
    ModelKey fresh;
    fresh.type = static_cast<TypeCode>(1 + Below(5));
    fresh.flags = static_cast<uint8_t>(Below(256));
    fresh.payload = SomeValue();
    store().Create(db, key, fresh.type, fresh.flags, fresh.payload);
    model_[db][key] = fresh;
  }

  void Change(uint32_t db, const std::string& key) {
    ModelKey* expected = nullptr;
    Entry* entry = Agreed(db, key, &expected);
    if (entry == nullptr) return;
    switch (Below(6)) {
      case 0:
        expected->payload = SomeValue();
        entry = store().SetPayload(entry, expected->payload);
        break;
      case 1: {
        char* bytes = nullptr;
        const size_t size = Below(300);
        entry = store().ResizePayload(entry, size, &bytes);
        expected->payload.resize(size);
        if (size > 0) bytes[size - 1] = expected->payload[size - 1] = 'z';
        break;
      }
      case 2:
        expected->flags = static_cast<uint8_t>(Below(256));
        store().SetTypeFlags(entry, expected->flags);
        break;
      default: {
        const uint64_t when = Below(4);
        expected->expire_at_ms = when == 0   ? kNoExpiry
                                 : when == 1 ? now() + 1'000'000 + static_cast<int64_t>(Below(10))
                                             : now() + static_cast<int64_t>(Below(200));
        entry = store().SetExpiry(entry, expected->expire_at_ms);
      }
    }
    Compare(*entry, *expected);
    DropDue();
  }

  void Delete(uint32_t db, const std::string& key) {
    ModelKey* expected = nullptr;
    Entry* entry = Agreed(db, key, &expected);
    if (entry == nullptr) return;
    store().Delete(entry);
    model_[db].erase(key);
    REQUIRE(store().Find(db, key).presence == Store::Presence::kAbsent);
  }

  void Move(uint32_t db, const std::string& key) {
    const auto to_db = static_cast<uint32_t>(Dice(2) ? db : Below(kDbs));
    const std::string to_key = Dice(3) ? key : SomeKey();
    Lookup(to_db, to_key);
    // Loading waits, and so may evict what was looked up before.
    Entry* entry = world_.Load(key, db);
    world_.Load(to_key, to_db);
    REQUIRE((entry != nullptr) == model_[db].contains(key));
    if (entry == nullptr) return;
    const ModelKey moved = model_[db][key];
    entry = store().Move(entry, to_db, to_key);
    if (to_db != db || to_key != key) model_[db].erase(key);
    model_[to_db][to_key] = moved;
    Compare(*entry, moved);
    REQUIRE(entry->key() == to_key);
  }

  void ChangeRows(uint32_t db, const std::string& key) {
    ModelKey* expected = nullptr;
    Entry* entry = Agreed(db, key, &expected);
    if (entry == nullptr) return;
    if (!entry->has_collection()) {
      entry = store().AttachCollection(entry);
      expected->rows.emplace();
    } else if (Dice(30)) {
      entry = store().DetachCollection(entry);
      expected->rows.reset();
      return;
    }
    for (uint64_t n = Dice(10) ? 300 : 1 + Below(5); n > 0; --n) {
      Collection& collection = entry->collection();
      const std::string subkey = SomeSubkey();
      if (Dice(3)) {
        const auto erased = collection.Erase(subkey);
        REQUIRE(erased.has_value());
        REQUIRE(*erased == (expected->rows->erase(subkey) > 0));
      } else {
        const std::string value(Below(60), static_cast<char>('A' + Below(26)));
        const auto put = collection.Put(subkey, value);
        REQUIRE(put.has_value());
        REQUIRE(put->created == !expected->rows->contains(subkey));
        (*expected->rows)[subkey] = value;
      }
    }
    REQUIRE(entry->collection().count() == expected->rows->size());
  }

  void ReadRow(uint32_t db, const std::string& key) {
    ModelKey* expected = nullptr;
    Entry* entry = Agreed(db, key, &expected);
    if (entry == nullptr || !entry->has_collection()) return;
    const std::string subkey = SomeSubkey();
    TestWaiter waiter;
    const bool ready = Dice(2) ? store().PrefetchRow(*entry, subkey, waiter)
                               : store().PrefetchAll(*entry, 500, waiter);
    if (!ready) {
      Wait(waiter);
      DropDue();
      entry = Agreed(db, key, &expected);
      if (entry == nullptr) return;
    }
    const auto found = entry->collection().Find(subkey);
    REQUIRE(found.has_value());
    const auto it = expected->rows->find(subkey);
    REQUIRE(found->has_value() == (it != expected->rows->end()));
    if (found->has_value()) REQUIRE(**found == it->second);
  }

  // ---- The store's life.

  void Commit() {
    const uint64_t before = store().committed_seq();
    world_.Commit();
    if (store().committed_seq() != before) history_.emplace_back(store().committed_seq(), model_);
    while (history_.size() > 1 && history_[1].first <= store().synced_seq()) history_.pop_front();
  }

  void Restart() {
    switch (Below(5)) {
      case 0:
        Commit();
        world_.Close(Dice(2));
        world_.Open();
        break;
      case 1:
        Commit();
        REQUIRE(store().Reopen().ok());
        break;
      case 2:
        // The open turn is undone under the running store.
        REQUIRE(RollBackTurn(store()).ok());
        REQUIRE(store().committed_seq() == history_.back().first);
        Recall();
        break;
      case 3:
        world_.Crash();
        world_.Open();
        REQUIRE(store().committed_seq() == history_.back().first);
        Recall();
        break;
      default: {
        const uint64_t synced = store().synced_seq();
        constexpr std::array kKinds = {PowerCut::kNothing, PowerCut::kEverything, PowerCut::kPrefix,
                                       PowerCut::kScattered};
        world_.CrashWithPowerCut(kKinds[Below(kKinds.size())], random_);
        world_.Open();
        REQUIRE(store().committed_seq() >= synced);
        Recall();
      }
    }
  }
  // The model as of the batch at which the store stands now.
  void Recall() {
    while (history_.back().first > store().committed_seq()) history_.pop_back();
    REQUIRE(history_.back().first == store().committed_seq());
    model_ = history_.back().second;
    DropDue();
  }

  void VerifyAll() {
    for (uint32_t db = 0; db < kDbs; ++db) {
      std::vector<std::string> keys = world_.ScanAll(db, 1 + Below(40));
      DropDue();
      std::set<std::string> once(keys.begin(), keys.end());
      REQUIRE(once.size() == keys.size());
      REQUIRE(keys.size() == model_[db].size());
      uint64_t expiring = 0;
      for (const auto& [key, expected] : model_[db]) {
        REQUIRE(once.contains(key));
        Entry* entry = world_.Load(key, db);
        REQUIRE(entry != nullptr);
        Compare(*entry, expected);
        expiring += expected.expire_at_ms != kNoExpiry ? 1 : 0;
        if (!expected.rows.has_value()) continue;
        auto row = expected.rows->begin();
        for (CollectionCursor at = entry->collection().SeekFirst(); at.valid(); at.Next(), ++row) {
          REQUIRE(row != expected.rows->end());
          REQUIRE(at.subkey() == row->first);
          REQUIRE(at.value() == row->second);
        }
        REQUIRE(row == expected.rows->end());
      }
      world_.RunUntil([&] { return store().KeyCount(db) == model_[db].size(); });
      REQUIRE(store().ExpiringCount(db) == expiring);
      const auto any = store().RandomKey(db);
      REQUIRE(any.has_value());
      REQUIRE(any->has_value() == !model_[db].empty());
      if (any->has_value()) REQUIRE(model_[db].contains(**any));
    }
  }

  void Step() {
    const auto db = static_cast<uint32_t>(Dice(3) ? Below(kDbs) : 0);
    const std::string key = SomeKey();
    const uint64_t what = Below(1000);
    if (what < 200) {
      Create(db, key);
    } else if (what < 350) {
      Change(db, key);
    } else if (what < 430) {
      Delete(db, key);
    } else if (what < 480) {
      Move(db, key);
    } else if (what < 600) {
      ChangeRows(db, key);
    } else if (what < 700) {
      ReadRow(db, key);
    } else if (what < 780) {
      ModelKey* expected = nullptr;
      Agreed(db, key, &expected);
    } else if (what < 880) {
      Commit();
    } else if (what < 930) {
      store().RunCompletions();
      store().RunHousekeeping(1000);
      FreeDeleted(store(), 1000);
    } else if (what < 970) {
      world_.clock.now_ms += static_cast<int64_t>(Below(20));
      DropDue();
    } else if (what < 980) {
      Commit();
      world_.Apply();
    } else if (what < 983) {
      store().Flush(db);
      model_[db].clear();
    } else if (what < 987) {
      const auto other = static_cast<uint32_t>(Below(kDbs));
      store().Swap(db, other);
      std::swap(model_[db], model_[other]);
    } else if (what < 990) {
      Commit();
      world_.EvictAll();
    } else if (what < 994) {
      Restart();
    }
  }

  std::mt19937_64 random_;
  StoreWorld world_;
  Model model_;
  // Committed states that a power cut may bring back, by their batch.
  std::deque<std::pair<uint64_t, Model>> history_;
};

void PlayAll(HotTierMode mode, uint64_t budget, uint32_t shards, FsyncPolicy policy) {
  const uint64_t first_seed = FromEnvironment("TIERCEL_TEST_SEED", 1);
  const uint64_t steps = FromEnvironment("TIERCEL_TEST_STEPS", 6000);
  for (uint64_t seed = first_seed; seed < first_seed + 2; ++seed) {
    INFO("seed ", seed);
    std::printf("store property test: seed %llu\n", static_cast<unsigned long long>(seed));
    StoreWorld defaults;
    StoreOptions options = defaults.options;
    options.hot_tier = mode;
    options.hot_budget_bytes = budget;
    options.shards = shards;
    options.fsync_policy = policy;
    options.memtable_bytes = size_t{64} << 10;
    Player(seed, options).Play(steps);
  }
}

}  // namespace

TEST_CASE("store: agrees with a map, with RAM for everything") {
  PlayAll(HotTierMode::kBounded, uint64_t{1} << 30, 1, FsyncPolicy::kNo);
}

TEST_CASE("store: agrees with a map, with RAM for little") {
  PlayAll(HotTierMode::kBounded, 20'000, 1, FsyncPolicy::kEverySec);
}

TEST_CASE("store: agrees with a map, with the hot tier off") {
  PlayAll(HotTierMode::kOff, 0, 1, FsyncPolicy::kNo);
}

TEST_CASE("store: agrees with a map, with four shards and a sync for each turn") {
  PlayAll(HotTierMode::kBounded, 50'000, 4, FsyncPolicy::kAlways);
}

}  // namespace lsm
