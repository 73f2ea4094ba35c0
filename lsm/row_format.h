// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/entry.h"
#include "lsm/page_source.h"
#include "lsm/row_times.h"
#include "lsm/status.h"

// Every row that the store keeps in LevelDB: encoders and decoders, described byte for byte in
// lsm/FORMAT.md. Integers in keys are big-endian, so that rows stand in the order of their numbers.
// Decoders take any bytes and give a value or kCorruption. Any thread.

namespace lsm {

// The version of everything described in FORMAT.md. A store with another one is refused.
inline constexpr uint32_t kRowFormatVersion = 1;

// The first byte of each row's key. Stored: numbers are appended, never reused.
enum class RowTag : uint8_t {
  kGarbage = 0x67,  // 'g'
  kMeta = 0x6d,     // 'm'
  kRow = 0x72,      // 'r'
  kStore = 0x73,    // 's'
  kTtl = 0x74,      // 't'
};

// ---- Positions: where a key stands in its keyspace ------------------------------------------

inline constexpr uint32_t kSlots = 16384;
inline constexpr int kPositionHashBits = 39;
// Positions are less than this: slot (14 bits) << 39 | hash (39 bits).
inline constexpr uint64_t kPositionEnd = uint64_t{1} << 53;

// Redis Cluster's slot of a key: CRC16 of the part in the first {…}, if that is not empty, else of
// the whole key.
uint16_t KeySlot(std::string_view key);
inline uint16_t SlotOfPosition(uint64_t position) {
  return static_cast<uint16_t>(position >> kPositionHashBits);
}
// The cursor of SCAN, and the order of metas. `seed` is the store's own (Shards::hash_seed()).
uint64_t KeyPosition(uint64_t seed, std::string_view key);

// ---- Metas ----------------------------------------------------------------------------------

struct MetaHead {
  TypeCode type = kAbsentType;
  uint8_t type_flags = 0;
  int64_t expire_at_ms = kNoExpiry;
  // The time at which the key's ttl row stands; kNoExpiry: it has none. May be earlier than
  // expire_at_ms, and may remain when the expiry has been removed.
  int64_t ttl_row_ms = kNoExpiry;
  CollectionId collection = 0;  // 0: none.
  uint64_t count = 0;           // Rows of the collection.
  RowTimes row_times = {};      // Of its rows; only with a collection.

  // When the key, or a row of it, is due first; kNoExpiry: never.
  int64_t due_ms() const { return EarlierOf(expire_at_ms, row_times.first_ms); }
  // Whether nothing of it is left to see.
  bool expired(int64_t now_ms) const {
    const int64_t end_ms = EarlierOf(expire_at_ms, row_times.all_ms);
    return end_ms != kNoExpiry && end_ms <= now_ms;
  }
};
struct MetaView {
  MetaHead head;
  std::string_view payload;  // A short string's value, or the type's extras. Points into the row.
};
// An owned one: the row as it was read.
struct StoredMeta {
  MetaHead head;
  std::string bytes;
  size_t payload_at = 0;
  std::string_view payload() const { return std::string_view(bytes).substr(payload_at); }
};

inline constexpr size_t kMetaKeyPrefixBytes = 1 + 4 + 2 + 5;
inline constexpr size_t kMaxMetaHeadBytes = 3 + 6 * 10;

// What precedes the user key in a meta's key.
struct MetaKeyPrefix {
  char bytes[kMetaKeyPrefixBytes];
  std::string_view view() const { return {bytes, kMetaKeyPrefixBytes}; }
};
MetaKeyPrefix EncodeMetaKeyPrefix(uint32_t generation, uint64_t position);
// What precedes the payload in a meta's value. Returns the number of bytes written. Requires a type
// other than kAbsentType, times that are kNoExpiry or not negative, and count 0 without collection.
size_t EncodeMetaHead(const MetaHead& head, char (&out)[kMaxMetaHeadBytes]);
std::string EncodeMetaKey(uint32_t generation, uint64_t position, std::string_view key);
std::string EncodeMeta(const MetaHead& head, std::string_view payload);

struct MetaKey {
  uint32_t generation = 0;
  uint64_t position = 0;
  std::string_view key;
};
Result<MetaKey> DecodeMetaKey(std::string_view row_key);
Result<MetaView> DecodeMeta(std::string_view row_value);
Result<StoredMeta> DecodeStoredMeta(std::string row_value);

// ---- Rows of collections --------------------------------------------------------------------

// A collection's id: the shard of its rows in the top byte, below it a number that is never reused.
inline constexpr int kCollectionShardShift = 56;
inline CollectionId MakeCollectionId(uint32_t shard, uint64_t number) {
  return (CollectionId{shard} << kCollectionShardShift) | number;
}

inline constexpr size_t kRowKeyPrefixBytes = 1 + 8;
struct RowKeyPrefix {
  char bytes[kRowKeyPrefixBytes];
  std::string_view view() const { return {bytes, kRowKeyPrefixBytes}; }
};
RowKeyPrefix EncodeRowKeyPrefix(CollectionId collection);
std::string EncodeRowKey(CollectionId collection, std::string_view subkey);

struct RowKey {
  CollectionId collection = 0;
  std::string_view subkey;
};
Result<RowKey> DecodeRowKey(std::string_view row_key);

// ---- Ttl rows: which keys are due when; the value is empty -----------------------------------

inline constexpr size_t kTtlKeyPrefixBytes = 1 + 8 + 4;
struct TtlKeyPrefix {
  char bytes[kTtlKeyPrefixBytes];
  std::string_view view() const { return {bytes, kTtlKeyPrefixBytes}; }
};
// Requires expire_ms >= 0.
TtlKeyPrefix EncodeTtlKeyPrefix(int64_t expire_ms, uint32_t generation);
std::string EncodeTtlKey(int64_t expire_ms, uint32_t generation, std::string_view key);

struct TtlKey {
  int64_t expire_ms = 0;
  uint32_t generation = 0;
  std::string_view key;
};
Result<TtlKey> DecodeTtlKey(std::string_view row_key);

// ---- Garbage: what is to be collected; the value is empty ------------------------------------

struct Garbage {
  enum class Kind : uint8_t {  // Stored.
    kCollection = 1,           // All rows of a collection.
    kGeneration = 2,           // All metas of a keyspace, their ttl rows and collections.
  };
  Kind kind = Kind::kCollection;
  uint64_t id = 0;  // The collection's id, or the generation.
};
std::string EncodeGarbageKey(const Garbage& garbage);
Result<Garbage> DecodeGarbageKey(std::string_view row_key);

// ---- Store rows: small things with a name ----------------------------------------------------

std::string EncodeStoreKey(std::string_view name);
Result<std::string_view> DecodeStoreKey(std::string_view row_key);

// Written once, when the store is created (by Shards).
inline constexpr std::string_view kFormatRow = "format";
// In every shard, its own: all batches up to this number are in it (by Applier).
inline constexpr std::string_view kAppliedRow = "applied";
// Numbers to give out next (by the facade).
inline constexpr std::string_view kCountersRow = "counters";
// How much was deleted where (by SpaceKeeper); an estimate.
inline constexpr std::string_view kSpaceRow = "space";
// System rows of upper layers are stored under names with this prefix, which no other row has.
inline constexpr std::string_view kSystemRowPrefix = "sys:";

struct FormatRow {
  uint32_t version = kRowFormatVersion;
  uint32_t shards = 1;
  uint64_t hash_seed = 0;
};
std::string EncodeFormat(const FormatRow& row);
// kNotSupported for another version.
Result<FormatRow> DecodeFormat(std::string_view value);

std::string EncodeApplied(uint64_t seq);
Result<uint64_t> DecodeApplied(std::string_view value);

// The keyspace of a database, with its counts. A database that was never used has no such row.
struct DatabaseRow {
  uint32_t generation = 0;
  uint64_t keys = 0;
  uint64_t expiring = 0;
};
std::string DatabaseRowName(uint32_t db);
// The one of drafts (lsm/draft.h), whatever the number of databases.
inline constexpr uint32_t kDraftsDatabaseNumber = UINT32_MAX;
std::string EncodeDatabase(const DatabaseRow& row);
Result<DatabaseRow> DecodeDatabase(std::string_view value);
// The database that a store row's name is of; an error if it is another row.
Result<uint32_t> DecodeDatabaseRowName(std::string_view name);

struct CountersRow {
  uint32_t next_generation = 1;
  uint64_t next_collection = 1;  // Without the shard's byte.
};
std::string EncodeCounters(const CountersRow& row);
Result<CountersRow> DecodeCounters(std::string_view value);

}  // namespace lsm
