// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/replacement_policy.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include <doctest/doctest.h>

namespace lsm {
namespace {

struct TestNode : CacheNode {
  uint32_t key = 0;
  bool dirty = false;
};

// A cache of keys under the policy, each of the same size.
class TestCache : public NodeOwner {
 public:
  static constexpr uint32_t kBytes = 100;

  explicit TestCache(size_t capacity) : capacity_(capacity) {}

  bool Access(uint32_t key) {
    const auto it = nodes_.find(key);
    if (it != nodes_.end()) {
      it->second->Touch();
      return true;
    }
    Add(key);
    policy_.EvictTo(capacity_ * kBytes, 1000);
    return false;
  }
  TestNode* Add(uint32_t key, bool arrival = false) {
    auto node = std::make_unique<TestNode>();
    node->key = key;
    node->charge_bytes = kBytes;
    TestNode* raw = node.get();
    nodes_[key] = std::move(node);
    policy_.Add(raw, arrival);
    return raw;
  }
  bool Has(uint32_t key) const { return nodes_.contains(key); }
  size_t size() const { return nodes_.size(); }
  ReplacementPolicy& policy() { return policy_; }

  uint32_t Fingerprint(const CacheNode& node) override {
    return static_cast<const TestNode&>(node).key * 2654435761U;
  }
  bool Evict(CacheNode* node) override {
    auto* test_node = static_cast<TestNode*>(node);
    if (test_node->dirty) return false;
    policy_.Remove(node);
    nodes_.erase(test_node->key);
    return true;
  }

 private:
  const size_t capacity_;
  std::unordered_map<uint32_t, std::unique_ptr<TestNode>> nodes_;
  ReplacementPolicy policy_{*this};
};

class LruCache {
 public:
  explicit LruCache(size_t capacity) : capacity_(capacity) {}
  bool Access(uint32_t key) {
    const auto it = where_.find(key);
    if (it != where_.end()) {
      order_.splice(order_.begin(), order_, it->second);
      return true;
    }
    order_.push_front(key);
    where_[key] = order_.begin();
    if (order_.size() > capacity_) {
      where_.erase(order_.back());
      order_.pop_back();
    }
    return false;
  }

 private:
  const size_t capacity_;
  std::list<uint32_t> order_;
  std::unordered_map<uint32_t, std::list<uint32_t>::iterator> where_;
};

class Zipfian {
 public:
  Zipfian(size_t n, double skew) {
    double sum = 0;
    for (size_t i = 1; i <= n; ++i) {
      sum += 1 / std::pow(static_cast<double>(i), skew);
      cumulative_.push_back(sum);
    }
  }
  uint32_t Next(std::mt19937_64& random) {
    const double at = std::uniform_real_distribution<>(0, cumulative_.back())(random);
    return static_cast<uint32_t>(std::lower_bound(cumulative_.begin(), cumulative_.end(), at) -
                                 cumulative_.begin());
  }

 private:
  std::vector<double> cumulative_;
};

constexpr size_t kKeys = 100'000;
constexpr size_t kCapacity = 10'000;

template <typename Cache>
double HitRatio(bool with_scans) {
  std::mt19937_64 random(5);
  Zipfian zipfian(kKeys, 0.99);
  Cache cache(kCapacity);
  size_t hits = 0;
  size_t accesses = 0;
  uint32_t scanned = kKeys;  // Keys that only scans read.
  for (int i = 0; i < 400'000; ++i) {
    const bool hit = cache.Access(zipfian.Next(random));
    if (i > 100'000) {
      hits += hit ? 1 : 0;
      ++accesses;
    }
    if (with_scans && i % 20'000 == 0) {
      for (int j = 0; j < 10'000; ++j) cache.Access(scanned++);
    }
  }
  return static_cast<double>(hits) / static_cast<double>(accesses);
}

}  // namespace

TEST_CASE("replacement policy: hits more often than LRU on a zipfian load") {
  const double lru = HitRatio<LruCache>(false);
  const double ours = HitRatio<TestCache>(false);
  MESSAGE("hit ratio ", ours, ", LRU ", lru);
  CHECK(ours > lru + 0.02);
}

TEST_CASE("replacement policy: a scan does not wash out what is used") {
  const double lru = HitRatio<LruCache>(true);
  const double ours = HitRatio<TestCache>(true);
  MESSAGE("hit ratio ", ours, ", LRU ", lru);
  CHECK(ours > lru + 0.05);
}

TEST_CASE("replacement policy: what the owner refuses stays, and does not hide the rest") {
  TestCache cache(10);
  std::vector<TestNode*> dirty;
  for (uint32_t i = 0; i < 100; ++i) {
    dirty.push_back(cache.Add(i));
    dirty.back()->dirty = true;
  }
  for (uint32_t i = 100; i < 200; ++i) cache.Add(i);
  cache.policy().EvictTo(50 * TestCache::kBytes, 10'000);
  CHECK(cache.size() == 100);
  for (uint32_t i = 0; i < 100; ++i) CHECK(cache.Has(i));
  CHECK(cache.policy().bytes() == 100 * TestCache::kBytes);
  for (TestNode* node : dirty) node->dirty = false;
  cache.policy().EvictTo(50 * TestCache::kBytes, 10'000);
  CHECK(cache.size() == 50);
}

TEST_CASE("replacement policy: eviction looks at no more nodes than it may") {
  TestCache cache(10);
  for (uint32_t i = 0; i < 100; ++i) cache.Add(i);
  CHECK(cache.policy().EvictTo(0, 7) == 7);
  CHECK(cache.size() == 93);
}

TEST_CASE("replacement policy: arrivals are exempt until they are admitted") {
  TestCache cache(10);
  for (uint32_t i = 0; i < 10; ++i) cache.Add(i, true);
  cache.policy().EvictTo(0, 1000);
  CHECK(cache.size() == 10);
  cache.policy().AdmitArrivals(0);  // Still young.
  cache.policy().EvictTo(0, 1000);
  CHECK(cache.size() == 10);
  cache.policy().AdmitArrivals(4 * TestCache::kBytes);  // Four may stay for those who wait.
  cache.policy().EvictTo(0, 1000);
  CHECK(cache.size() == 4);
  cache.policy().AdmitArrivals(0);
  cache.policy().EvictTo(0, 1000);
  CHECK(cache.size() == 0);
}

TEST_CASE("replacement policy: a node keeps its place when it moves and is weighed anew") {
  TestCache cache(10);
  for (uint32_t i = 0; i < 3; ++i) cache.Add(i);
  auto node = std::make_unique<TestNode>();
  node->charge_bytes = 100;
  cache.policy().Add(node.get());
  auto moved = std::make_unique<TestNode>(*node);
  cache.policy().Moved(moved.get());
  cache.policy().Resize(moved.get(), 500);
  CHECK(cache.policy().bytes() == 800);
  cache.policy().Resize(moved.get(), 50);
  CHECK(cache.policy().bytes() == 350);
  cache.policy().Remove(moved.get());
  CHECK(cache.policy().bytes() == 300);
}

TEST_CASE("ghost queue: forgets what is older than its capacity") {
  GhostQueue ghosts;
  ghosts.Reserve(64);
  ghosts.Insert(1);
  CHECK(ghosts.Take(1));
  CHECK_FALSE(ghosts.Take(1));
  ghosts.Insert(1);
  for (uint32_t i = 2; i < 102; ++i) ghosts.Insert(i * 2654435761U);
  CHECK_FALSE(ghosts.Take(1));
}

}  // namespace lsm
