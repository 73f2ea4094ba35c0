// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_format.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "lsm/staged_rows.h"

namespace lsm {
namespace {

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return out;
}

// One byte string each that every decoder must refuse or take, never crash on.
void DecodeAll(std::string_view bytes) {
  (void)DecodeMetaKey(bytes).has_value();
  (void)DecodeMeta(bytes).has_value();
  (void)DecodeStoredMeta(std::string(bytes)).has_value();
  (void)DecodeRowKey(bytes).has_value();
  (void)DecodeTtlKey(bytes).has_value();
  (void)DecodeGarbageKey(bytes).has_value();
  (void)DecodeStoreKey(bytes).has_value();
  (void)DecodeFormat(bytes).has_value();
  (void)DecodeApplied(bytes).has_value();
  (void)DecodeDatabase(bytes).has_value();
  (void)DecodeDatabaseRowName(bytes).has_value();
  (void)DecodeStagedDatabaseRowName(bytes).has_value();
  (void)DecodeCounters(bytes).has_value();
}

TEST_CASE("row_format: stored numbers are what they always were") {
  CHECK(static_cast<int>(RowTag::kGarbage) == 'g');
  CHECK(static_cast<int>(RowTag::kMeta) == 'm');
  CHECK(static_cast<int>(RowTag::kRow) == 'r');
  CHECK(static_cast<int>(RowTag::kStore) == 's');
  CHECK(static_cast<int>(RowTag::kTtl) == 't');
  CHECK(static_cast<int>(Garbage::Kind::kCollection) == 1);
  CHECK(static_cast<int>(Garbage::Kind::kGeneration) == 2);
  CHECK(kRowFormatVersion == 1);
  CHECK(kCollectionShardShift == 56);
}

TEST_CASE("row_format: slots are those of Redis Cluster") {
  CHECK(KeySlot("") == 0);
  CHECK(KeySlot("123456789") == 12739);  // The check value of CRC-16/XMODEM, 0x31c3.
  CHECK(KeySlot("foo") == 12182);
  CHECK(KeySlot("{user1000}.following") == KeySlot("user1000"));
  CHECK(KeySlot("foo{}{bar}") != KeySlot("bar"));
  CHECK(KeySlot("foo{{bar}}zap") == KeySlot("{bar"));
  CHECK(KeySlot("foo{bar}{zap}") == KeySlot("bar"));
  CHECK(KeySlot("foo{bar") == 15278);
}

TEST_CASE("row_format: a position is the slot and 39 bits of hash, by the store's seed") {
  const uint64_t position = KeyPosition(1, "foo");
  CHECK(SlotOfPosition(position) == 12182);
  CHECK(position < kPositionEnd);
  CHECK(position == 0x17cb2c8b633298ULL);
  CHECK(position != KeyPosition(2, "foo"));
}

TEST_CASE("row_format: a meta's key is as in FORMAT.md") {
  const std::string key = EncodeMetaKey(3, uint64_t{0x2f96} << 39 | 0x123456789a, "foo");
  CHECK(Hex(key) == "6d000000032f96123456789a666f6f");
  const auto decoded = DecodeMetaKey(key);
  REQUIRE(decoded.has_value());
  CHECK(decoded->generation == 3);
  CHECK(decoded->position == (uint64_t{0x2f96} << 39 | 0x123456789a));
  CHECK(decoded->key == "foo");
}

TEST_CASE("row_format: the order of metas' keys is that of their positions") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const uint64_t a = random() % kPositionEnd;
    const uint64_t b = random() % kPositionEnd;
    CHECK((a < b) == (EncodeMetaKey(1, a, "") < EncodeMetaKey(1, b, "")));
  }
}

TEST_CASE("row_format: a plain string's meta is as in FORMAT.md") {
  CHECK(Hex(EncodeMeta({.type = 1, .type_flags = 2}, "bar")) == "010200626172");
}

TEST_CASE("row_format: a meta with everything is as in FORMAT.md") {
  const MetaHead head{.type = 4,
                      .type_flags = 0,
                      .expire_at_ms = 1700000000000,
                      .ttl_row_ms = 1600000000000,
                      .collection = 300,
                      .count = 5};
  const std::string value = EncodeMeta(head, "x");
  CHECK(Hex(value) == "04000b80d095ffbc318080babbc82eac020578");
  const auto meta = DecodeStoredMeta(value);
  REQUIRE(meta.has_value());
  CHECK(meta->head.expire_at_ms == 1700000000000);
  CHECK(meta->head.ttl_row_ms == 1600000000000);
  CHECK(meta->head.collection == 300);
  CHECK(meta->head.count == 5);
  CHECK(meta->payload() == "x");
}

TEST_CASE("row_format: a payload that no entry could hold is damage") {
  const MetaHead head{.type = 1};
  CHECK(DecodeMeta(EncodeMeta(head, std::string(65535, 'x'))).has_value());
  CHECK_FALSE(DecodeMeta(EncodeMeta(head, std::string(65536, 'x'))).has_value());
}

TEST_CASE("row_format: a meta with times of rows is as in FORMAT.md") {
  MetaHead head{.type = 5,
                .ttl_row_ms = 1700000000000,
                .collection = 300,
                .count = 5,
                .row_times = {1700000000000, 1700000000010}};
  const std::string value = EncodeMeta(head, "");
  CHECK(Hex(value) == "05001a80d095ffbc31ac020580d095ffbc310b");
  CHECK(DecodeMeta(value)->head.row_times == head.row_times);
  CHECK(DecodeMeta(value)->head.due_ms() == 1700000000000);
  CHECK_FALSE(DecodeMeta(value)->head.expired(1700000000009));
  CHECK(DecodeMeta(value)->head.expired(1700000000010));
  head.row_times.all_ms = kNoExpiry;
  const std::string changed = EncodeMeta(head, "x");  // What is decoded points into it.
  const auto meta = DecodeMeta(changed);
  CHECK(meta->head.row_times == head.row_times);
  CHECK(meta->payload == "x");
  CHECK_FALSE(meta->head.expired(1800000000000));
}

TEST_CASE("row_format: times of rows without rows, or too late, are refused") {
  CHECK_FALSE(DecodeMeta(std::string_view("\x05\x00\x10\x01\x01", 5)).has_value());
  CHECK_FALSE(
      DecodeMeta("\x05\x01\x18\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").has_value());
  CHECK(DecodeMeta("\x05\x01\x18\x01\x01\x01\x01").has_value());
}

TEST_CASE("row_format: a ttl row at the expiry takes no bytes in the meta") {
  const MetaHead head{.type = 1, .expire_at_ms = 1700000000000, .ttl_row_ms = 1700000000000};
  const std::string value = EncodeMeta(head, "");
  CHECK(Hex(value) == "01000580d095ffbc31");
  const auto meta = DecodeMeta(value);
  REQUIRE(meta.has_value());
  CHECK(meta->head.ttl_row_ms == 1700000000000);
}

TEST_CASE("row_format: a ttl row may remain when the expiry has gone") {
  const auto meta = DecodeMeta(EncodeMeta({.type = 1, .ttl_row_ms = 5}, ""));
  REQUIRE(meta.has_value());
  CHECK(meta->head.expire_at_ms == kNoExpiry);
  CHECK(meta->head.ttl_row_ms == 5);
}

TEST_CASE("row_format: keys of the other rows are as in FORMAT.md") {
  CHECK(Hex(EncodeRowKey(MakeCollectionId(2, 300), "f")) == "72020000000000012c66");
  CHECK(Hex(EncodeTtlKey(1700000000000, 3, "foo")) == "740000018bcfe5680000000003666f6f");
  CHECK(Hex(EncodeGarbageKey({Garbage::Kind::kCollection, 300})) == "6701000000000000012c");
  CHECK(Hex(EncodeGarbageKey({Garbage::Kind::kGeneration, 3})) == "67020000000000000003");
  CHECK(Hex(EncodeStoreKey(kAppliedRow)) == "736170706c696564");
  CHECK(Hex(DatabaseRowName(1)) == "646200000001");
  CHECK(Hex(StagedDatabaseRowName(1)) == "73746167656400000001");
}

TEST_CASE("row_format: store rows' values are as in FORMAT.md") {
  CHECK(Hex(EncodeFormat({.version = 1, .shards = 2, .hash_seed = 3})) ==
        "00000001000000020000000000000003");
  CHECK(Hex(EncodeApplied(258)) == "0000000000000102");
  CHECK(Hex(EncodeDatabase({.generation = 3, .keys = 300, .expiring = 5})) == "03ac0205");
  CHECK(Hex(EncodeCounters({.next_generation = 4, .next_collection = 300})) == "04ac02");
}

TEST_CASE("row_format: all rows read back as they were written") {
  const std::string row_key = EncodeRowKey(MakeCollectionId(255, 7), std::string("\0x", 2));
  const auto row = DecodeRowKey(row_key);
  REQUIRE(row.has_value());
  CHECK(row->collection == MakeCollectionId(255, 7));
  CHECK(row->subkey == std::string("\0x", 2));
  const std::string ttl_key = EncodeTtlKey(17, 9, "key");
  const auto ttl = DecodeTtlKey(ttl_key);
  REQUIRE(ttl.has_value());
  CHECK(ttl->expire_ms == 17);
  CHECK(ttl->generation == 9);
  CHECK(ttl->key == "key");
  const auto garbage = DecodeGarbageKey(EncodeGarbageKey({Garbage::Kind::kGeneration, 12}));
  REQUIRE(garbage.has_value());
  CHECK(garbage->id == 12);
  CHECK(DecodeDatabaseRowName(DatabaseRowName(15)).value() == 15);
  CHECK(DecodeStagedDatabaseRowName(StagedDatabaseRowName(15)).value() == 15);
  CHECK(DecodeDatabase(EncodeDatabase({1, 2, 3}))->expiring == 3);
  CHECK(DecodeCounters(EncodeCounters({5, 6}))->next_collection == 6);
  CHECK(DecodeApplied(EncodeApplied(77)).value() == 77);
  CHECK(DecodeFormat(EncodeFormat({1, 4, 99}))->shards == 4);
}

TEST_CASE("row_format: another format version is not supported, and that is said") {
  const auto format = DecodeFormat(EncodeFormat({.version = 2, .shards = 1}));
  REQUIRE_FALSE(format.has_value());
  CHECK(format.error().code() == Status::Code::kNotSupported);
}

TEST_CASE("row_format: bytes that are no rows are refused") {
  CHECK_FALSE(DecodeMeta("").has_value());
  CHECK_FALSE(DecodeMeta(std::string("\0\0\0", 3)).has_value());        // No type.
  CHECK_FALSE(DecodeMeta(std::string("\1\0\x10", 3)).has_value());      // An unknown field.
  CHECK_FALSE(DecodeMeta(std::string("\1\0\x04", 3)).has_value());      // Ttl row at no expiry.
  CHECK_FALSE(DecodeMeta(std::string("\1\0\1\x80", 4)).has_value());    // Expiry cut off.
  CHECK_FALSE(DecodeMeta(std::string("\1\0\x08\0\0", 5)).has_value());  // Collection 0.
  CHECK_FALSE(DecodeMetaKey("m1234").has_value());
  // A slot beyond the last, and a hash of 40 bits.
  CHECK_FALSE(DecodeMetaKey(std::string("m\0\0\0\1\x40\0\0\0\0\0\0", 12)).has_value());
  CHECK_FALSE(DecodeMetaKey(std::string("m\0\0\0\1\0\0\x80\0\0\0\0", 12)).has_value());
  CHECK_FALSE(DecodeTtlKey(std::string("t\xff\0\0\0\0\0\0\0\0\0\0\0", 13)).has_value());
  CHECK_FALSE(DecodeGarbageKey(std::string("g\3\0\0\0\0\0\0\0\0", 10)).has_value());
  CHECK_FALSE(DecodeCounters("").has_value());
}

TEST_CASE("row_format: decoders take any bytes") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::string samples[] = {
      EncodeMetaKey(1, 2, "k"), EncodeMeta({.type = 1, .expire_at_ms = 5, .collection = 9}, "p"),
      EncodeTtlKey(1, 2, "k"),  EncodeGarbageKey({Garbage::Kind::kCollection, 3}),
      EncodeRowKey(1, "s"),     EncodeFormat({})};
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = samples[random() % std::size(samples)];
    bytes.resize(random() % (bytes.size() + 1));
    for (size_t edits = random() % 4; edits > 0 && !bytes.empty(); --edits) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    DecodeAll(bytes);
    const auto meta = DecodeMeta(bytes);
    if (!meta.has_value()) continue;
    // What is taken for a meta says the same when it is written again.
    const std::string again = EncodeMeta(meta->head, meta->payload);
    const auto decoded = DecodeMeta(again);
    REQUIRE(decoded.has_value());
    CHECK(decoded->payload == meta->payload);
    CHECK(decoded->head.expire_at_ms == meta->head.expire_at_ms);
    CHECK(decoded->head.ttl_row_ms == meta->head.ttl_row_ms);
    CHECK(decoded->head.count == meta->head.count);
  }
}

}  // namespace
}  // namespace lsm
