// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_set.h>
#include <absl/container/inlined_vector.h>

namespace server {

// Which clients may have which keys in their caches: what they have read since the key's last
// change. Clients are known by their ids, so one that has gone costs nothing to forget: its ids
// are dropped when a key's list would grow, or with the key.
//
// The table is made of segments, so that its growth never moves more than one of them at a time;
// and clearing it puts the entries aside, to be freed in slices. Loop thread only.
class TrackingTable {
 public:
  using Clients = absl::InlinedVector<uint64_t, 2>;
  using IsAlive = std::function<bool(uint64_t client)>;

  TrackingTable() = default;
  TrackingTable(const TrackingTable&) = delete;
  TrackingTable& operator=(const TrackingTable&) = delete;

  // `client` has read `key`. `alive` says which ids are still worth keeping.
  void Remember(std::string_view key, uint64_t client, const IsAlive& alive);
  // Forgets the key; returns those who have read it, in the order of their ids.
  Clients Take(std::string_view key);
  // The same for a key chosen at random. Requires keys() > 0.
  Clients TakeRandom(std::mt19937_64& random, std::string& key);
  // Forgets all keys: O(1).
  void Clear();
  // Frees up to `entries` of what Clear() has put aside.
  void FreeSome(size_t entries);

  size_t keys() const { return entries_.size(); }
  // Pairs of a key and a client.
  size_t items() const { return items_; }
  // What keys and clients take; and the same with what waits to be freed.
  size_t live_bytes() const { return bytes_; }
  size_t memory_bytes() const { return bytes_ + dying_bytes_; }

 private:
  static constexpr size_t kSegments = 256;
  struct Entry {
    std::string key;
    size_t place = 0;  // In entries_.
    Clients clients;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
    size_t operator()(const Entry* entry) const { return (*this)(entry->key); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view KeyOf(std::string_view key) { return key; }
    static std::string_view KeyOf(const Entry* entry) { return entry->key; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) == KeyOf(b);
    }
  };
  using Segment = absl::flat_hash_set<Entry*, Hash, Equal>;
  using Segments = std::array<Segment, kSegments>;

  static size_t BytesOf(const Entry& entry);
  Segment& SegmentOf(std::string_view key);
  Entry& Find(Segment& segment, std::string_view key);
  Clients Remove(Entry& entry);

  std::unique_ptr<Segments> segments_;          // nullptr while nothing was ever remembered.
  std::deque<std::unique_ptr<Entry>> entries_;  // In no order: for choosing one at random.
  std::deque<std::unique_ptr<Entry>> dying_;
  size_t items_ = 0;
  size_t bytes_ = 0;
  size_t dying_bytes_ = 0;
};

}  // namespace server
