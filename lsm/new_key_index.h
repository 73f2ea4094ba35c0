// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
  // The batch `seq` and what comes after it will not be committed.
  void Forget(uint64_t seq);

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
  // All with from <= position < to, in the order of positions and keys, each once.
  std::vector<Item> Range(uint32_t generation, uint64_t from, uint64_t to) const;
  // At most `limit` from position `from` on, but all of equal position together.
  std::vector<Item> First(uint32_t generation, uint64_t from, size_t limit) const;

  size_t size() const { return size_; }

 private:
  // A bucket holds the keys of four slots, in the order in which they came. Adding a key is an
  // append, far cheaper than keeping them sorted; a step of a walk sorts the few that it meets.
  struct Created {
    uint64_t seq = 0;
    uint64_t position = 0;
    uint32_t generation = 0;
    std::string key;
  };
  static constexpr int kBucketBits = 12;
  static size_t BucketOf(uint64_t position) { return position >> (53 - kBucketBits); }

  void Collect(size_t bucket, uint32_t generation, uint64_t from, uint64_t to,
               std::vector<Item>* out) const;
  void Purge();

  std::vector<std::vector<Created>> buckets_{size_t{1} << kBucketBits};
  std::map<uint64_t, size_t> pins_;  // By the applied_seq at which they were taken.
  uint64_t applied_seq_ = 0;
  uint64_t purged_seq_ = 0;
  size_t size_ = 0;
};

}  // namespace lsm
