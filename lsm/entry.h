// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lsm/cache_node.h"

namespace lsm {

class Collection;

// Milliseconds since the Unix epoch at which a key vanishes; kNoExpiry for a key that stays.
inline constexpr int64_t kNoExpiry = -1;

// What a key is, to the store: a number that `datatypes/` gives meaning to. 0 is reserved for «absent».
using TypeCode = uint8_t;
inline constexpr TypeCode kAbsentType = 0;

// The RAM image of one user key, or the knowledge that it is absent. One allocation:
//
//   header | expiry (8, if any) | Collection* (8, if any) | key | payload
//
// The payload is a short string's value, or, of a key with a collection, the type's extras.
// Entries are made, changed and freed by the Store only; everybody else reads. A mutation may move
// the entry: each mutator of Store returns the pointer that is valid from then on. Pointers and
// views are good until the next mutation of that key, the next load, or the end of the turn,
// whichever is first (the store never evicts in the middle of a command). Loop thread only.
class Entry : public CacheNode {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::string_view key() const;
  // False when this only says that the key is known to be absent.
  bool exists() const { return type_ != kAbsentType; }
  TypeCode type() const { return type_; }
  // Eight bits stored with the meta, for the type: how the value would be encoded by Redis, and so on.
  uint8_t type_flags() const { return type_flags_; }
  // Which keyspace it belongs to: the number in its rows, not the database's index.
  uint32_t generation() const { return generation_; }

  bool has_expiry() const { return (bits_ & kHasExpiry) != 0; }
  int64_t expire_at_ms() const;

  bool has_collection() const { return (bits_ & kHasCollection) != 0; }
  // Requires has_collection().
  Collection& collection() const;

  // A short string's value, or the type's extras.
  std::string_view payload() const;

  // For OBJECT IDLETIME: the store's coarse clock (seconds) at the last access, and the
  // logarithmic access counter of OBJECT FREQ.
  uint32_t last_access_s() const { return last_access_s_; }

  // The sequence number of the last batch that carries this entry's meta; what is not applied yet
  // must stay in RAM.
  uint64_t dirty_seq() const { return dirty_seq_; }
  // Bytes of RAM as the allocator counts them, the collection not included.
  size_t allocated_bytes() const;

 private:
  friend class EntryAllocator;  // The only one who lays entries out: lsm/entry_allocator.cc.
  friend class Store;
  friend class EntryTable;

  enum Bits : uint8_t {
    kHasExpiry = 1,
    kHasCollection = 2,
    kInTurn = 4,       // Its meta is to be written at the end of the open turn.
    kUnappliedNew = 8, // Created, and not in LevelDB yet: it is in the index of new keys.
    kLongKey = 16,     // The key's length does not fit key_len_ and stands before the key.
  };

  Entry() = default;

  uint64_t dirty_seq_ = 0;
  uint32_t generation_ = 0;
  uint32_t payload_len_ = 0;
  uint32_t last_access_s_ = 0;
  uint16_t key_len_ = 0;
  TypeCode type_ = kAbsentType;
  uint8_t type_flags_ = 0;
  uint8_t bits_ = 0;
};

}  // namespace lsm
