// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "lsm/cache_node.h"

namespace lsm {

class Collection;

// Milliseconds since the Unix epoch at which a key vanishes; kNoExpiry for a key that stays.
inline constexpr int64_t kNoExpiry = -1;

// What a key is, to the store: a number that `datatypes/` gives meaning to. 0 is reserved for
// «absent».
using TypeCode = uint8_t;
inline constexpr TypeCode kAbsentType = 0;

// The RAM image of one user key, or the knowledge that it is absent. One allocation:
//
//   header (36) | expiry (8, if any) | ttl row's time (8, if it differs) | collection (14, if any)
//               | key length (8, if over 254) | key | payload
//
// The payload is a short string's value, or, of a key with a collection, the type's extras; at most
// kMaxPayloadBytes.
//
// Of a collection it has a pointer to the object; or, of a small one that no turn uses, only the id
// and the address of the leaf: «folded» (see HotTier). The store unfolds what it hands out.
// Entries are made, changed and freed by the Store only; everybody else reads. A mutation may move
// the entry: each mutator of Store returns the pointer that is valid from then on. Pointers and
// views are good until the next mutation of that key, the next load, or the end of the turn,
// whichever is first (the store never evicts in the middle of a command). Loop thread only.
class Entry : public CacheNode {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::string_view key() const {
    const char* at = Data() + OptionalBytes();
    if (key_len_ != kLongKeyLength) [[likely]]
      return {at, key_len_};
    return {at + sizeof(uint64_t), LoadAt<uint64_t>(OptionalBytes())};
  }
  // False when this only says that the key is known to be absent.
  bool exists() const { return type_ != kAbsentType; }
  TypeCode type() const { return type_; }
  // Eight bits stored with the meta, for the type: how the value would be encoded by Redis, and so
  // on.
  uint8_t type_flags() const { return type_flags_; }
  // Which keyspace it belongs to: the number in its rows, not the database's index.
  uint32_t generation() const { return generation_; }

  bool has_expiry() const { return (bits_ & kHasExpiry) != 0; }
  int64_t expire_at_ms() const { return has_expiry() ? LoadAt<int64_t>(0) : kNoExpiry; }

  bool has_collection() const { return (bits_ & kHasCollection) != 0; }
  // Requires has_collection(), and that the store has handed this entry out in this turn.
  Collection& collection() const;

  // A short string's value, or the type's extras.
  std::string_view payload() const {
    const std::string_view name = key();
    return {name.data() + name.size(), payload_len_};
  }

  // Whether its meta has changed since the turn `committed_seq` was committed: in the open turn, or
  // in one that the commit log has not taken. Of a collection only the meta is looked at.
  bool ChangedAfter(uint64_t committed_seq) const {
    return (bits_ & kInTurn) != 0 || dirty_seq() > committed_seq;
  }

  // For OBJECT IDLETIME: the store's coarse clock (seconds) at the last access, modulo 2^24, which
  // are 194 days.
  uint32_t last_access_s() const { return last_access_s_; }
  // Seconds from then to `now_s`. 0 when it is the clock that went back, by less than 18 hours.
  uint32_t IdleSeconds(int64_t now_s) const {
    const uint32_t idle_s = (static_cast<uint32_t>(now_s) - last_access_s_) & kLastAccessMask;
    return idle_s > kMaxIdleSeconds ? 0 : idle_s;
  }
  static constexpr uint32_t kLastAccessMask = 0xFFFFFF;
  static constexpr uint32_t kMaxIdleSeconds = 0xFEFFFF;
  static constexpr size_t kMaxPayloadBytes = UINT16_MAX;

  // Bytes of RAM as the allocator counts them, the collection not included.
  size_t allocated_bytes() const;

 private:
  friend class EntryAllocator;  // The only one who lays entries out: lsm/entry_allocator.cc.
  friend class HotTier;

  enum Bits : uint8_t {
    kHasExpiry = 1,
    kHasTtlRow = 2,  // A ttl row stands at a time that is not the expiry's.
    kHasCollection = 4,
    kInTurn = 8,     // Its meta is to be written at the end of the open turn.
    kCreated = 16,   // In the open turn: it is to enter the index of new keys.
    kNoTtlRow = 32,  // It has an expiry and no ttl row yet.
    kFolded = 64,    // Its collection is.
  };
  static constexpr size_t kCollectionBytes = sizeof(uint64_t) + kAddressBytes;
  static constexpr uint8_t kLongKeyLength = 255;

  Entry() = default;
  ~Entry() = default;

  // What follows the header begins in the header's last, else unused bytes.
  const char* Data() const;
  char* Data() { return const_cast<char*>(static_cast<const Entry*>(this)->Data()); }
  template <typename T>
  T LoadAt(size_t offset) const {
    T value;
    std::memcpy(&value, Data() + offset, sizeof(T));
    return value;
  }
  template <typename T>
  void StoreAt(size_t offset, T value) {
    std::memcpy(Data() + offset, &value, sizeof(T));
  }
  size_t OptionalBytes() const {
    static_assert(kHasExpiry == 1 && kHasTtlRow == 2 && kHasCollection == 4);
    const size_t bits = bits_;
    return 8 * ((bits & 1) + (bits >> 1 & 1)) + kCollectionBytes * (bits >> 2 & 1);
  }

  // The sequence number of the last batch that carries this entry's meta: what is not applied yet
  // must stay in RAM. While the entry is in the open turn, its place in the turn's list. 48 bits.
  uint64_t dirty_seq() const { return uint64_t{dirty_seq_high_} << 32 | dirty_seq_low_; }
  void set_dirty_seq(uint64_t seq) {
    dirty_seq_low_ = static_cast<uint32_t>(seq);
    dirty_seq_high_ = static_cast<uint16_t>(seq >> 32);
  }

  uint8_t bits_ = 0;
  uint16_t payload_len_ = 0;
  uint32_t generation_ = 0;
  uint32_t dirty_seq_low_ = 0;
  uint32_t last_access_s_ : 24 = 0;
  TypeCode type_ = kAbsentType;
  uint16_t dirty_seq_high_ = 0;
  uint8_t type_flags_ = 0;
  uint8_t key_len_ = 0;
};

inline const char* Entry::Data() const {
  return reinterpret_cast<const char*>(&key_len_) + sizeof(key_len_);
}

}  // namespace lsm
