// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>

namespace lsm {

// The keys that were created and may not be in LevelDB yet, in the order of positions: a walk over
// a keyspace merges them with what it reads from LevelDB. Entries are kept until applied, and
// longer while a walk holds a pin: a page read from LevelDB before an apply, and merged after it,
// would miss the keys that this apply brought. A key that has been deleted again stays until then
// too; the hot tier knows that it is absent. Loop thread only.
class NewKeyIndex {
 public:
  // `seq`: the batch that carries the key's meta.
  void Add(uint32_t generation, uint64_t position, std::string_view key, uint64_t seq);
  void OnApplied(uint64_t seq);

  // While a Pin lives, what was not applied when it was taken stays. May outlive the index's users
  // but not the index.
  class Pin {
   public:
    explicit Pin(NewKeyIndex& index);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    NewKeyIndex& index_;
    uint64_t applied_seq_;
  };

  struct Item {
    uint64_t position = 0;
    std::string_view key;  // Valid until the index changes.
  };
  // All with from <= position < to, in order.
  std::vector<Item> Range(uint32_t generation, uint64_t from, uint64_t to) const;
  // At most `limit` from position `from` on, but all of equal position together.
  std::vector<Item> First(uint32_t generation, uint64_t from, size_t limit) const;

  size_t size() const { return keys_.size(); }

 private:
  struct Key {
    uint32_t generation = 0;
    uint64_t position = 0;
    std::string key;
    auto operator<=>(const Key&) const = default;
  };
  using Map = std::map<Key, uint64_t>;  // To the last batch that created it.

  void Purge();

  Map keys_;
  std::deque<std::pair<uint64_t, Map::iterator>> order_;
  std::map<uint64_t, size_t> pins_;  // By the applied_seq at which they were taken.
  uint64_t applied_seq_ = 0;
};

}  // namespace lsm
