// SPDX-License-Identifier: BSD-3-Clause
//
// Random operations on a collection and on a std::map, over a disk that lags behind, with loads
// that come late, evictions, and reopening. TIERCEL_TEST_OPS and TIERCEL_TEST_SEED make it longer
// or repeat it.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>

#include <doctest/doctest.h>

#include "tests/lsm/collection_world.h"

namespace lsm_test {
namespace {

using lsm::Collection;
using lsm::CollectionCursor;

uint64_t FromEnv(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread.
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

struct Shape {
  std::string name;
  uint32_t keys;  // Size of the key space.
  int key_style;  // 0 short, 1 long common prefix, 2 binary, 3 two sections.
  uint32_t value_bytes;
  uint32_t huge_in;  // One value in so many is huge; 0: none.
  int evict_weight;
  uint32_t insert_bias;  // Per cent of changes that are puts.
};

class Run {
 public:
  Run(const Shape& shape, uint64_t seed) : shape_(shape), random_(seed) {
    collection_ = std::make_unique<Collection>(World::kId, &world_.env);
  }

  void Steps(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      Step();
      if (i % 512 == 0) Check();
      if (i % 8192 == 0) bias_ = static_cast<int>(Below(3)) - 1;
    }
    Compare();
    world_.ApplyAll();
    Compare();
    Rows on_disk;
    for (const auto& [key, value] : world_.disk) {
      if (key.starts_with(RowKey(World::kId, ""))) on_disk[key.substr(8)] = value;
    }
    REQUIRE(on_disk == model_);
    MESSAGE(shape_.name, ": at most ", most_rows_, " rows, ", most_pages_, " pages resident; ",
            world_.env.sync_loads, " loads on the spot, ", stale_, " stale runs");
  }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  std::string Key() {
    const uint64_t n = Below(shape_.keys);
    switch (shape_.key_style) {
      case 0:
        return n == 0 ? "" : std::to_string(n);
      case 1:
        return "a rather long prefix that all keys have in common/" + std::to_string(n);
      case 2: {
        std::string key;
        for (uint64_t rest = n; rest > 0; rest /= 5) key.push_back("\0\x01m\x80\xff"[rest % 5]);
        return key;
      }
      default:
        return (n % 2 == 0 ? "m" : "s") + std::to_string(n);
    }
  }
  std::string Value() {
    if (shape_.huge_in > 0 && Below(shape_.huge_in) == 0) return std::string(Below(70000), 'h');
    return std::string(Below(shape_.value_bytes + 1), static_cast<char>('a' + Below(26)));
  }

  void Step() {
    const uint64_t dice = Below(100);
    if (dice < 40) return Change();
    if (dice < 50) return Lookup();
    if (dice < 56) return Ranks();
    if (dice < 60) return Walk();
    if (dice < 75) return Background();
    if (dice < 80) return world_.EndTurn();
    if (dice < 88) return static_cast<void>(world_.ApplyOne());
    for (int i = 0; i < shape_.evict_weight; ++i) EvictOne();
    if (dice == 99 && Below(20) == 0) Reopen();
  }

  void Change() {
    const std::string key = Key();
    const int64_t puts = static_cast<int64_t>(shape_.insert_bias) + bias_ * 30;
    if (static_cast<int64_t>(Below(100)) < puts) {
      const std::string value = Value();
      const auto result = collection_->Put(key, value);
      REQUIRE(result.has_value());
      const auto there = model_.find(key);
      REQUIRE(result->created == (there == model_.end()));
      if (there != model_.end()) REQUIRE(result->old_value_bytes == there->second.size());
      model_[key] = value;
    } else if (Below(200) == 0) {
      const auto begin = model_.lower_bound(key);
      auto end = begin;
      for (uint64_t i = Below(200); i > 0 && end != model_.end(); --i) ++end;
      if (Below(50) == 0) end = model_.end();
      const auto erased = collection_->EraseRange(
          key, end == model_.end() ? std::nullopt : std::optional<std::string_view>(end->first));
      REQUIRE(erased.has_value());
      REQUIRE(*erased == static_cast<uint64_t>(std::distance(begin, end)));
      model_.erase(begin, end);
    } else {
      const auto erased = collection_->Erase(key);
      REQUIRE(erased.has_value());
      REQUIRE(*erased == (model_.erase(key) == 1));
    }
    REQUIRE(collection_->count() == model_.size());
  }

  void Lookup() {
    const std::string key = Key();
    const auto found = collection_->Find(key);
    REQUIRE(found.has_value());
    const auto there = model_.find(key);
    REQUIRE(found->has_value() == (there != model_.end()));
    if (there != model_.end()) REQUIRE(**found == there->second);
  }

  void Ranks() {
    if (Below(2) == 0) {
      const std::string key = Key();
      const auto rank = collection_->Rank(key);
      REQUIRE(rank.has_value());
      REQUIRE(*rank ==
              static_cast<uint64_t>(std::distance(model_.begin(), model_.lower_bound(key))));
      return;
    }
    const uint64_t rank = Below(model_.size() + 1);
    const CollectionCursor cursor = collection_->At(rank);
    REQUIRE(cursor.status().ok());
    const auto there = std::next(model_.begin(), static_cast<ptrdiff_t>(rank));
    REQUIRE(cursor.valid() == (there != model_.end()));
    if (cursor.valid()) REQUIRE(cursor.subkey() == there->first);
  }

  void Walk() {
    const std::string key = Key();
    const bool backward = Below(2) == 0;
    CollectionCursor cursor = backward ? collection_->SeekBefore(key) : collection_->Seek(key);
    auto there = model_.lower_bound(key);
    for (uint64_t i = Below(60); i > 0; --i) {
      REQUIRE(cursor.status().ok());
      if (backward) {
        REQUIRE(cursor.valid() == (there != model_.begin()));
        if (!cursor.valid()) return;
        --there;
      } else {
        REQUIRE(cursor.valid() == (there != model_.end()));
        if (!cursor.valid()) return;
      }
      REQUIRE(cursor.subkey() == there->first);
      REQUIRE(cursor.value() == there->second);
      if (backward) {
        cursor.Prev();
      } else {
        cursor.Next();
        ++there;
      }
    }
  }

  // Requests are issued, executed and installed at different times.
  void Background() {
    switch (Below(3)) {
      case 0: {
        auto request = SomeRequest();
        if (request && requests_.size() < 8) requests_.push_back(std::move(*request));
        return;
      }
      case 1: {
        if (requests_.empty()) return;
        const size_t which = Below(requests_.size());
        auto run = world_.Read(requests_[which]);
        REQUIRE(run.has_value());
        runs_.push_back(std::move(*run));
        requests_.erase(requests_.begin() + static_cast<ptrdiff_t>(which));
        return;
      }
      default: {
        if (runs_.empty() || Below(3) > 0) return;
        const size_t which = Below(runs_.size());
        const auto installed = collection_->Install(runs_[which]);
        REQUIRE(installed.has_value());
        if (*installed == Collection::Installed::kStale) ++stale_;
        runs_.erase(runs_.begin() + static_cast<ptrdiff_t>(which));
      }
    }
  }

  std::optional<lsm::LoadRequest> SomeRequest() {
    switch (Below(6)) {
      case 0:
        return collection_->Check(Key());
      case 1:
        return collection_->Check(Key(), Collection::Want::kRank);
      case 2:
        return collection_->CheckAt(Below(model_.size() + 1));
      case 3:
        return collection_->CheckScan(Key(), Below(200), Collection::Direction::kForward);
      case 4:
        return collection_->CheckScan(Key(), Below(200), Collection::Direction::kBackward);
      default:
        return collection_->CheckAll();
    }
  }

  void EvictOne() {
    if (world_.pages.empty()) return;
    auto page = world_.pages.begin();
    std::advance(page, static_cast<ptrdiff_t>(Below(std::min<size_t>(world_.pages.size(), 50))));
    Collection::EvictPage(page->first, world_.applied_seq);
  }

  void Reopen() {
    if (Below(2) == 0) world_.ApplyAll();
    if (collection_->changed_seq() > world_.applied_seq) return;
    collection_.reset();
    REQUIRE(world_.pages.empty());
    std::vector<lsm::RangeHint> hints;
    const auto border = model_.lower_bound("s");
    if (Below(2) == 0) {
      const auto below = static_cast<uint64_t>(std::distance(model_.begin(), border));
      hints = {{"", below}, {"s", model_.size() - below}};
    }
    collection_ = std::make_unique<Collection>(World::kId, &world_.env, model_.size(), hints);
  }

  void Check() {
    most_rows_ = std::max<uint64_t>(most_rows_, model_.size());
    most_pages_ = std::max<uint64_t>(most_pages_, collection_->resident_pages());
    collection_->CheckInvariants();
    REQUIRE(world_.pages.size() == collection_->resident_pages());
    uint64_t charged = 0;
    for (const auto& [page, bytes] : world_.pages) charged += bytes;
    if (!collection_->small()) {
      REQUIRE(collection_->memory_bytes() == collection_->overhead_bytes() + charged);
    }
  }

  void Compare() {
    Check();
    auto there = model_.begin();
    for (CollectionCursor cursor = collection_->SeekFirst(); cursor.valid(); cursor.Next()) {
      REQUIRE(there != model_.end());
      REQUIRE(cursor.subkey() == there->first);
      REQUIRE(cursor.value() == there->second);
      ++there;
    }
    REQUIRE(there == model_.end());
    for (CollectionCursor cursor = collection_->SeekLast(); cursor.valid(); cursor.Prev()) {
      REQUIRE(there != model_.begin());
      --there;
      REQUIRE(cursor.subkey() == there->first);
    }
    REQUIRE(there == model_.begin());
  }

  const Shape shape_;
  std::mt19937_64 random_;
  int bias_ = 0;
  uint64_t most_rows_ = 0;
  uint64_t most_pages_ = 0;
  uint64_t stale_ = 0;
  World world_;
  std::unique_ptr<Collection> collection_;
  Rows model_;
  std::vector<lsm::LoadRequest> requests_;
  std::vector<lsm::LoadedRun> runs_;
};

}  // namespace

TEST_CASE("a collection behaves as a map, however it is loaded, evicted and reopened") {
  const Shape shapes[] = {
      {"tiny", 20, 0, 10, 0, 1, 60},
      {"small", 300, 0, 20, 0, 2, 60},
      {"large", 20000, 0, 40, 0, 1, 85},
      {"cold", 20000, 0, 40, 0, 6, 85},
      {"prefixes", 5000, 1, 30, 0, 2, 70},
      {"binary", 4000, 2, 60, 0, 2, 70},
      {"sections", 8000, 3, 8, 0, 3, 75},
      {"huge values", 600, 0, 300, 8, 2, 70},
      {"rows without value", 30000, 2, 0, 0, 2, 80},
  };
  const uint64_t operations = FromEnv("TIERCEL_TEST_OPS", 100000);
  const uint64_t seed = FromEnv("TIERCEL_TEST_SEED", std::random_device()());
  MESSAGE("seed ", seed, ", ", operations, " operations each");
  for (const Shape& shape : shapes) {
    CAPTURE(shape.name);
    CAPTURE(seed);
    Run run(shape, seed);
    run.Steps(operations);
  }
}

}  // namespace lsm_test
