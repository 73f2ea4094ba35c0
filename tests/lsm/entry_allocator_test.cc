// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/entry_allocator.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "lsm/entry_collection.h"
#include "lsm/hot_tier.h"

#ifdef TIERCEL_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

namespace lsm {

TEST_CASE("entry: a key of 16 bytes with 128 bytes of value takes 192 bytes") {
  EntryAllocator allocator;
  const std::string key(16, 'k');
  const std::string value(128, 'v');
  EntryParts parts;
  parts.key = key;
  parts.type = 1;
  parts.payload = value;
  Entry* entry = allocator.New(parts);
  CHECK(entry->allocated_bytes() == 192);
  CHECK(allocator.allocated_bytes() == 192);
  allocator.Free(entry);
  CHECK(allocator.allocated_bytes() == 0);
}

#ifdef TIERCEL_JEMALLOC
TEST_CASE("entry: size classes are the allocator's own") {
  for (size_t bytes = 1; bytes < 70'000; ++bytes) {
    if (SizeClass(bytes) != nallocx(SizeClass(bytes), 0)) FAIL("bytes ", bytes);
    if (bytes > 8 && SizeClass(bytes) != nallocx(bytes, 0)) FAIL("bytes ", bytes);
  }
}
#endif

TEST_CASE("entry: keeps every part through random changes of shape") {
  const uint64_t seed = 11;
  MESSAGE("seed ", seed);
  std::mt19937_64 random(seed);
  EntryAllocator allocator;
  for (size_t key_bytes : {0U, 1U, 16U, 254U, 255U, 256U, 70'000U}) {
    const std::string key(key_bytes, 'k');
    std::string payload = "first";
    EntryParts parts;
    parts.generation = 77;
    parts.key = key;
    parts.type = 3;
    parts.type_flags = 9;
    parts.payload = payload;
    Entry* entry = allocator.New(parts);
    for (int i = 0; i < 2000; ++i) {
      EntryParts next = EntryAllocator::PartsOf(*entry);
      std::string fresh(random() % 300, static_cast<char>('a' + random() % 26));
      switch (random() % 6) {
        case 0:
          parts.expire_at_ms = static_cast<int64_t>(random() % 1000);
          break;
        case 1:
          parts.expire_at_ms = kNoExpiry;
          break;
        case 2:
          parts.ttl_row_ms = parts.expire_at_ms;
          break;
        case 3:
          parts.ttl_row_ms = static_cast<int64_t>(random() % 1000);
          break;
        case 4:
          parts.ttl_row_ms = kNoExpiry;
          break;
        default:
          parts.type_flags = static_cast<uint8_t>(random());
          break;
      }
      next.expire_at_ms = parts.expire_at_ms;
      next.ttl_row_ms = parts.ttl_row_ms;
      next.type_flags = parts.type_flags;
      if (random() % 2 == 0) {
        payload = fresh;
        next.payload = payload;
      }  // Else next.payload points into the entry itself.
      entry = allocator.Reshape(entry, next);
      if (random() % 4 == 0) {
        char* bytes = nullptr;
        const size_t size = random() % 300;
        entry = allocator.ResizePayload(entry, size, &bytes, true);
        payload.resize(size);
        REQUIRE(std::string(bytes, size) == payload);
      }
      REQUIRE(entry->generation() == 77);
      REQUIRE(entry->key() == key);
      REQUIRE(entry->payload() == payload);
      REQUIRE(entry->type() == 3);
      REQUIRE(entry->type_flags() == parts.type_flags);
      REQUIRE(entry->expire_at_ms() == parts.expire_at_ms);
      REQUIRE(EntryAllocator::TtlRowMs(*entry) == parts.ttl_row_ms);
      REQUIRE(allocator.allocated_bytes() == entry->allocated_bytes());
    }
    allocator.Free(entry);
    REQUIRE(allocator.allocated_bytes() == 0);
  }
}

TEST_CASE("entry: a small collection with a key of 14 bytes takes 64 bytes, and folds in place") {
  EntryAllocator allocator;
  CollectionEnv env;
  const std::string key(14, 'k');
  for (const bool expires : {false, true}) {
    EntryCollection collection(0x0102030405060708, &env);
    EntryParts parts;
    parts.key = key;
    parts.type = 2;
    parts.collection = &collection;
    if (expires) parts.expire_at_ms = parts.ttl_row_ms = 12345;
    Entry* entry = allocator.New(parts);
    CHECK(entry->allocated_bytes() == (expires ? 80 : 64));
    CHECK(&entry->collection() == &collection);

    Leaf leaf = Leaf::Empty();
    bool found = false;
    const Leaf::Position at = leaf.LowerBound("row", &found);
    leaf.Insert(at, "row", "value");
    EntryAllocator::Fold(entry, collection.id(), std::move(leaf));
    CHECK(entry->has_collection());
    CHECK(EntryAllocator::IsFolded(*entry));
    CHECK(EntryAllocator::CollectionOf(*entry) == nullptr);
    CHECK(entry->key() == key);
    CHECK(entry->expire_at_ms() == parts.expire_at_ms);
    CHECK(entry->allocated_bytes() == (expires ? 80 : 64));

    CollectionId id = 0;
    const Leaf taken = EntryAllocator::TakeFolded(entry, &id);
    CHECK(id == collection.id());
    CHECK(taken.rows() == 1);
    CHECK(taken.At(0).value == "value");
    EntryAllocator::SetCollection(entry, &collection);
    CHECK_FALSE(EntryAllocator::IsFolded(*entry));
    CHECK(&entry->collection() == &collection);
    CHECK(EntryAllocator::PartsOf(*entry).collection == &collection);
    CHECK(entry->key() == key);
    allocator.Free(entry);
  }
}

TEST_CASE(
    "entry: idle time is counted modulo 194 days, and a clock that went back is no idle time") {
  EntryAllocator allocator;
  EntryParts parts;
  parts.key = "key";
  parts.type = 1;
  Entry* entry = allocator.New(parts);
  const int64_t now_s = 1'700'000'000;
  HotTier::SetLastAccess(entry, static_cast<uint32_t>(now_s));
  CHECK(entry->last_access_s() == (now_s & 0xFFFFFF));
  CHECK(entry->IdleSeconds(now_s) == 0);
  CHECK(entry->IdleSeconds(now_s + 1) == 1);
  CHECK(entry->IdleSeconds(now_s + Entry::kMaxIdleSeconds) == Entry::kMaxIdleSeconds);
  CHECK(entry->IdleSeconds(now_s - 1) == 0);
  CHECK(entry->IdleSeconds(now_s - 0xFFFF) == 0);
  CHECK(int{entry->freq} == 0);
  allocator.Free(entry);
}

}  // namespace lsm
