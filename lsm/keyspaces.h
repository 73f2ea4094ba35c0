// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>

namespace lsm {

// One database: the keyspace it shows at present, with its counts. Flushing it gives it another
// keyspace, that is another generation; swapping exchanges two.
struct Keyspace {
  uint32_t generation = 0;  // 0: never used; no row of it exists.
  uint64_t keys = 0;        // All, whether in RAM or not.
  uint64_t expiring = 0;
  uint64_t resident = 0;  // Of `keys`, those with an entry in the hot tier.
  bool changed = false;   // Its row is to be written at the end of the turn.

  // Then a key that has no entry does not exist.
  bool all_resident() const { return resident == keys; }
};

// The databases, by number and by generation. Loop thread only.
class Keyspaces {
 public:
  explicit Keyspaces(uint32_t databases) : spaces_(databases) {}

  uint32_t size() const { return static_cast<uint32_t>(spaces_.size()); }
  Keyspace& at(uint32_t db) { return spaces_[db]; }
  const Keyspace& at(uint32_t db) const { return spaces_[db]; }

  // The database that shows this generation now; nullptr: none, it was flushed.
  Keyspace* Find(uint32_t generation) {
    if (spaces_[last_].generation == generation && generation != 0) return &spaces_[last_];
    const auto it = by_generation_.find(generation);
    if (it == by_generation_.end()) return nullptr;
    last_ = it->second;
    return &spaces_[last_];
  }
  bool IsLive(uint32_t generation) const { return by_generation_.contains(generation); }
  uint32_t IndexOf(const Keyspace& space) const {
    return static_cast<uint32_t>(&space - spaces_.data());
  }

  void Assign(uint32_t db, const Keyspace& space) {
    if (spaces_[db].generation != 0) by_generation_.erase(spaces_[db].generation);
    spaces_[db] = space;
    if (space.generation != 0) by_generation_[space.generation] = db;
  }
  void Swap(uint32_t a, uint32_t b) {
    std::swap(spaces_[a], spaces_[b]);
    for (uint32_t db : {a, b}) {
      spaces_[db].changed = true;
      if (spaces_[db].generation != 0) by_generation_[spaces_[db].generation] = db;
    }
  }

 private:
  std::vector<Keyspace> spaces_;
  absl::flat_hash_map<uint32_t, uint32_t> by_generation_;
  uint32_t last_ = 0;  // Looked up last: most commands stay in one database.
};

}  // namespace lsm
