// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_format.h"

#include <array>
#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lsm/staged_rows.h"
#include "lsm/varint.h"

namespace lsm {
namespace {

// Which optional fields follow in a meta's head. Stored.
enum MetaField : uint8_t {
  kFieldExpiry = 1,
  kFieldTtlRow = 2,          // The ttl row stands at a time of its own, which follows.
  kFieldTtlRowAtExpiry = 4,  // The ttl row stands at the expiry.
  kFieldCollection = 8,
  kFieldRowTimes = 16,
  kAllMetaFields = 31,
};

constexpr std::string_view kDatabasePrefix = "db";
constexpr std::string_view kStagedPrefix = "staged";
constexpr int kCrcBits = 16;

constexpr std::array<uint16_t, 256> MakeCrc16Table() {
  constexpr uint16_t kPolynomial = 0x1021;  // CRC-16/XMODEM, what Redis Cluster uses.
  std::array<uint16_t, 256> table{};
  for (size_t byte = 0; byte < table.size(); ++byte) {
    auto crc = static_cast<uint16_t>(byte << 8);
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = (crc >> (kCrcBits - 1)) != 0;
      crc = static_cast<uint16_t>(crc << 1);
      if (carry) crc ^= kPolynomial;
    }
    table[byte] = crc;
  }
  return table;
}
using Crc16Table = std::array<uint16_t, 256>;
constexpr Crc16Table kCrc16Table = MakeCrc16Table();

// The same for a byte that is followed by one more byte than in `table`: four bytes at a time then
// need no result of each other. It runs for every key of every turn.
constexpr Crc16Table FollowedByOneMore(const Crc16Table& table) {
  Crc16Table out{};
  for (size_t byte = 0; byte < out.size(); ++byte) {
    out[byte] = static_cast<uint16_t>(table[byte] << 8) ^ kCrc16Table[table[byte] >> 8];
  }
  return out;
}
constexpr Crc16Table kCrc16Table1 = FollowedByOneMore(kCrc16Table);
constexpr Crc16Table kCrc16Table2 = FollowedByOneMore(kCrc16Table1);
constexpr Crc16Table kCrc16Table3 = FollowedByOneMore(kCrc16Table2);

uint16_t Crc16(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  uint16_t crc = 0;
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    crc = kCrc16Table3[(crc >> 8) ^ at(i)] ^ kCrc16Table2[(crc & 0xff) ^ at(i + 1)] ^
          kCrc16Table1[at(i + 2)] ^ kCrc16Table[at(i + 3)];
  }
  for (; i < bytes.size(); ++i) {
    crc = static_cast<uint16_t>(crc << 8) ^ kCrc16Table[(crc >> 8) ^ at(i)];
  }
  return crc;
}

std::string_view HashTag(std::string_view key) {
  const size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

bool HasTag(std::string_view row_key, RowTag tag, size_t prefix_bytes) {
  return row_key.size() >= prefix_bytes && row_key[0] == static_cast<char>(tag);
}

bool DecodeTime(std::string_view* in, int64_t* ms) {
  uint64_t value = 0;
  if (!DecodeVarint(in, &value)) return false;
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return false;
  *ms = static_cast<int64_t>(value);
  return true;
}

// What EncodeMetaHead() has written of them.
bool DecodeRowTimes(std::string_view* in, RowTimes* times) {
  uint64_t until_all = 0;
  if (!DecodeTime(in, &times->first_ms) || !DecodeVarint(in, &until_all)) return false;
  if (until_all == 0) return true;
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (until_all - 1 > kMax - static_cast<uint64_t>(times->first_ms)) return false;
  times->all_ms = times->first_ms + static_cast<int64_t>(until_all - 1);
  return true;
}

Status BadRow(const char* what) {
  return Status::Corruption("row: bad " + std::string(what));
}

void AppendVarint(std::string* out, uint64_t value) {
  char bytes[kMaxVarintBytes];
  out->append(bytes, EncodeVarint(bytes, value));
}

}  // namespace

uint16_t KeySlot(std::string_view key) {
  return Crc16(HashTag(key)) & (kSlots - 1);
}

uint64_t KeyPosition(uint64_t seed, std::string_view key) {
  constexpr uint64_t kHashMask = (uint64_t{1} << kPositionHashBits) - 1;
  const uint64_t hash = XXH3_64bits_withSeed(key.data(), key.size(), seed) & kHashMask;
  return uint64_t{KeySlot(key)} << kPositionHashBits | hash;
}

// ---- Metas ----------------------------------------------------------------------------------

MetaKeyPrefix EncodeMetaKeyPrefix(uint32_t generation, uint64_t position) {
  constexpr uint64_t kHashMask = (uint64_t{1} << kPositionHashBits) - 1;
  MetaKeyPrefix out;
  out.bytes[0] = static_cast<char>(RowTag::kMeta);
  EncodeBigEndian(out.bytes + 1, generation);
  EncodeBigEndian(out.bytes + 5, SlotOfPosition(position));
  EncodeBigEndian(out.bytes + 7, position & kHashMask, 5);
  return out;
}

size_t EncodeMetaHead(const MetaHead& head, char (&out)[kMaxMetaHeadBytes]) {
  ENSURE(head.type != kAbsentType);
  ENSURE(head.expire_at_ms >= kNoExpiry && head.ttl_row_ms >= kNoExpiry);
  ENSURE(head.collection != 0 || head.count == 0);
  uint8_t fields = 0;
  char* end = out + 3;
  if (head.expire_at_ms != kNoExpiry) {
    fields |= kFieldExpiry;
    end = EncodeVarint(end, static_cast<uint64_t>(head.expire_at_ms));
  }
  if (head.ttl_row_ms != kNoExpiry && head.ttl_row_ms == head.expire_at_ms) {
    fields |= kFieldTtlRowAtExpiry;
  } else if (head.ttl_row_ms != kNoExpiry) {
    fields |= kFieldTtlRow;
    end = EncodeVarint(end, static_cast<uint64_t>(head.ttl_row_ms));
  }
  if (head.collection != 0) {
    fields |= kFieldCollection;
    end = EncodeVarint(end, head.collection);
    end = EncodeVarint(end, head.count);
  }
  if (head.row_times.first_ms != kNoExpiry) {
    const int64_t first_ms = head.row_times.first_ms;
    const int64_t all_ms = head.row_times.all_ms;
    ENSURE(head.collection != 0 && first_ms >= 0 && (all_ms == kNoExpiry || all_ms >= first_ms));
    fields |= kFieldRowTimes;
    end = EncodeVarint(end, static_cast<uint64_t>(first_ms));
    end = EncodeVarint(end, all_ms == kNoExpiry ? 0 : static_cast<uint64_t>(all_ms - first_ms) + 1);
  }
  out[0] = static_cast<char>(head.type);
  out[1] = static_cast<char>(head.type_flags);
  out[2] = static_cast<char>(fields);
  return static_cast<size_t>(end - out);
}

std::string EncodeMetaKey(uint32_t generation, uint64_t position, std::string_view key) {
  std::string out(EncodeMetaKeyPrefix(generation, position).view());
  return out.append(key);
}

std::string EncodeMeta(const MetaHead& head, std::string_view payload) {
  char bytes[kMaxMetaHeadBytes];
  std::string out(bytes, EncodeMetaHead(head, bytes));
  return out.append(payload);
}

Result<MetaKey> DecodeMetaKey(std::string_view row_key) {
  if (!HasTag(row_key, RowTag::kMeta, kMetaKeyPrefixBytes)) return BadRow("meta key");
  MetaKey out;
  out.generation = static_cast<uint32_t>(DecodeBigEndian(row_key.substr(1), 4));
  const uint64_t slot = DecodeBigEndian(row_key.substr(5), 2);
  const uint64_t hash = DecodeBigEndian(row_key.substr(7), 5);
  if (slot >= kSlots || hash >> kPositionHashBits != 0) return BadRow("position in a meta key");
  out.position = slot << kPositionHashBits | hash;
  out.key = row_key.substr(kMetaKeyPrefixBytes);
  return out;
}

Result<MetaView> DecodeMeta(std::string_view row_value) {
  if (row_value.size() < 3) return BadRow("meta: too short");
  MetaView out;
  out.head.type = static_cast<TypeCode>(row_value[0]);
  out.head.type_flags = static_cast<uint8_t>(row_value[1]);
  const auto fields = static_cast<uint8_t>(row_value[2]);
  if (out.head.type == kAbsentType) return BadRow("meta: no type");
  if ((fields & ~kAllMetaFields) != 0) return BadRow("meta: unknown field");
  if ((fields & kFieldTtlRow) != 0 && (fields & kFieldTtlRowAtExpiry) != 0) {
    return BadRow("meta: two ttl rows");
  }
  std::string_view rest = row_value.substr(3);
  if ((fields & kFieldExpiry) != 0 && !DecodeTime(&rest, &out.head.expire_at_ms)) {
    return BadRow("meta: expiry");
  }
  if ((fields & kFieldTtlRow) != 0 && !DecodeTime(&rest, &out.head.ttl_row_ms)) {
    return BadRow("meta: time of the ttl row");
  }
  if ((fields & kFieldTtlRowAtExpiry) != 0) {
    if ((fields & kFieldExpiry) == 0) return BadRow("meta: ttl row at no expiry");
    out.head.ttl_row_ms = out.head.expire_at_ms;
  }
  if ((fields & kFieldCollection) != 0) {
    if (!DecodeVarint(&rest, &out.head.collection) || !DecodeVarint(&rest, &out.head.count) ||
        out.head.collection == 0) {
      return BadRow("meta: collection");
    }
  }
  if ((fields & kFieldRowTimes) != 0 &&
      (out.head.collection == 0 || !DecodeRowTimes(&rest, &out.head.row_times))) {
    return BadRow("meta: times of rows");
  }
  if (rest.size() > Entry::kMaxPayloadBytes) return BadRow("meta: payload too long");
  out.payload = rest;
  return out;
}

Result<StoredMeta> DecodeStoredMeta(std::string row_value) {
  LSM_ASSIGN_OR_RETURN(const MetaView view, DecodeMeta(row_value));
  StoredMeta out;
  out.head = view.head;
  out.payload_at = row_value.size() - view.payload.size();
  out.bytes = std::move(row_value);
  return out;
}

// ---- Rows of collections --------------------------------------------------------------------

RowKeyPrefix EncodeRowKeyPrefix(CollectionId collection) {
  RowKeyPrefix out;
  out.bytes[0] = static_cast<char>(RowTag::kRow);
  EncodeBigEndian(out.bytes + 1, collection);
  return out;
}

std::string EncodeRowKey(CollectionId collection, std::string_view subkey) {
  std::string out(EncodeRowKeyPrefix(collection).view());
  return out.append(subkey);
}

Result<RowKey> DecodeRowKey(std::string_view row_key) {
  if (!HasTag(row_key, RowTag::kRow, kRowKeyPrefixBytes)) return BadRow("collection row key");
  return RowKey{DecodeBigEndian(row_key.substr(1), 8), row_key.substr(kRowKeyPrefixBytes)};
}

// ---- Ttl rows -------------------------------------------------------------------------------

TtlKeyPrefix EncodeTtlKeyPrefix(int64_t expire_ms, uint32_t generation) {
  ENSURE(expire_ms >= 0);
  TtlKeyPrefix out;
  out.bytes[0] = static_cast<char>(RowTag::kTtl);
  EncodeBigEndian(out.bytes + 1, static_cast<uint64_t>(expire_ms));
  EncodeBigEndian(out.bytes + 9, generation);
  return out;
}

std::string EncodeTtlKey(int64_t expire_ms, uint32_t generation, std::string_view key) {
  std::string out(EncodeTtlKeyPrefix(expire_ms, generation).view());
  return out.append(key);
}

Result<TtlKey> DecodeTtlKey(std::string_view row_key) {
  if (!HasTag(row_key, RowTag::kTtl, kTtlKeyPrefixBytes)) return BadRow("ttl row key");
  const uint64_t expire_ms = DecodeBigEndian(row_key.substr(1), 8);
  if (expire_ms > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return BadRow("time in a ttl row key");
  }
  TtlKey out;
  out.expire_ms = static_cast<int64_t>(expire_ms);
  out.generation = static_cast<uint32_t>(DecodeBigEndian(row_key.substr(9), 4));
  out.key = row_key.substr(kTtlKeyPrefixBytes);
  return out;
}

// ---- Garbage --------------------------------------------------------------------------------

std::string EncodeGarbageKey(const Garbage& garbage) {
  std::string out(2 + 8, '\0');
  out[0] = static_cast<char>(RowTag::kGarbage);
  out[1] = static_cast<char>(garbage.kind);
  EncodeBigEndian(out.data() + 2, garbage.id);
  return out;
}

Result<Garbage> DecodeGarbageKey(std::string_view row_key) {
  if (!HasTag(row_key, RowTag::kGarbage, 2 + 8) || row_key.size() != 2 + 8) {
    return BadRow("garbage row key");
  }
  Garbage out;
  out.kind = static_cast<Garbage::Kind>(row_key[1]);
  out.id = DecodeBigEndian(row_key.substr(2), 8);
  const bool generation = out.kind == Garbage::Kind::kGeneration;
  if (!generation && out.kind != Garbage::Kind::kCollection) return BadRow("kind of garbage");
  if (generation && out.id > UINT32_MAX) return BadRow("generation in a garbage row");
  return out;
}

// ---- Store rows -----------------------------------------------------------------------------

std::string EncodeStoreKey(std::string_view name) {
  std::string out(1, static_cast<char>(RowTag::kStore));
  return out.append(name);
}

Result<std::string_view> DecodeStoreKey(std::string_view row_key) {
  if (!HasTag(row_key, RowTag::kStore, 1)) return BadRow("store row key");
  return row_key.substr(1);
}

std::string EncodeFormat(const FormatRow& row) {
  std::string out(4 + 4 + 8, '\0');
  EncodeBigEndian(out.data(), row.version);
  EncodeBigEndian(out.data() + 4, row.shards);
  EncodeBigEndian(out.data() + 8, row.hash_seed);
  return out;
}

Result<FormatRow> DecodeFormat(std::string_view value) {
  if (value.size() < 4) return BadRow("format row");
  FormatRow out;
  out.version = static_cast<uint32_t>(DecodeBigEndian(value, 4));
  if (out.version != kRowFormatVersion) {
    return Status::NotSupported("the store has format version " + std::to_string(out.version) +
                                ", this build knows only " + std::to_string(kRowFormatVersion));
  }
  if (value.size() != 4 + 4 + 8) return BadRow("format row");
  out.shards = static_cast<uint32_t>(DecodeBigEndian(value.substr(4), 4));
  out.hash_seed = DecodeBigEndian(value.substr(8), 8);
  if (out.shards == 0 || out.shards > 256) return BadRow("number of shards");
  return out;
}

std::string EncodeApplied(uint64_t seq) {
  std::string out(8, '\0');
  EncodeBigEndian(out.data(), seq);
  return out;
}

Result<uint64_t> DecodeApplied(std::string_view value) {
  if (value.size() != 8) return BadRow("applied sequence number");
  return DecodeBigEndian(value, 8);
}

namespace {

std::string NumberedName(std::string_view prefix, uint32_t number) {
  std::string out(prefix);
  out.resize(prefix.size() + 4);
  EncodeBigEndian(out.data() + prefix.size(), number);
  return out;
}

Result<uint32_t> DecodeNumberedName(std::string_view prefix, std::string_view name) {
  if (name.size() != prefix.size() + 4 || !name.starts_with(prefix)) {
    return BadRow("database row name");
  }
  return static_cast<uint32_t>(DecodeBigEndian(name.substr(prefix.size()), 4));
}

}  // namespace

std::string DatabaseRowName(uint32_t db) {
  return NumberedName(kDatabasePrefix, db);
}
std::string StagedDatabaseRowName(uint32_t db) {
  return NumberedName(kStagedPrefix, db);
}
Result<uint32_t> DecodeDatabaseRowName(std::string_view name) {
  return DecodeNumberedName(kDatabasePrefix, name);
}
Result<uint32_t> DecodeStagedDatabaseRowName(std::string_view name) {
  return DecodeNumberedName(kStagedPrefix, name);
}

std::string EncodeDatabase(const DatabaseRow& row) {
  std::string out;
  AppendVarint(&out, row.generation);
  AppendVarint(&out, row.keys);
  AppendVarint(&out, row.expiring);
  return out;
}

Result<DatabaseRow> DecodeDatabase(std::string_view value) {
  DatabaseRow out;
  uint64_t generation = 0;
  if (!DecodeVarint(&value, &generation) || generation > UINT32_MAX ||
      !DecodeVarint(&value, &out.keys) || !DecodeVarint(&value, &out.expiring) || !value.empty()) {
    return BadRow("database row");
  }
  out.generation = static_cast<uint32_t>(generation);
  return out;
}

std::string EncodeCounters(const CountersRow& row) {
  std::string out;
  AppendVarint(&out, row.next_generation);
  AppendVarint(&out, row.next_collection);
  return out;
}

Result<CountersRow> DecodeCounters(std::string_view value) {
  CountersRow out;
  uint64_t generation = 0;
  if (!DecodeVarint(&value, &generation) || generation > UINT32_MAX ||
      !DecodeVarint(&value, &out.next_collection) || !value.empty()) {
    return BadRow("counters row");
  }
  out.next_generation = static_cast<uint32_t>(generation);
  return out;
}

}  // namespace lsm
