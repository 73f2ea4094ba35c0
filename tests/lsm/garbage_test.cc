// SPDX-License-Identifier: BSD-3-Clause
#include <random>

#include <doctest/doctest.h>

#include "lsm/garbage_collector.h"
#include "lsm/snapshot.h"
#include "lsm/space_keeper.h"
#include "tests/lsm/disk_fixture.h"

namespace lsm {
namespace {

struct Fixture {
  FaultFileSystem files;
  std::unique_ptr<Shards> shards;
  std::unique_ptr<Applier> applier;
  std::unique_ptr<SpaceKeeper> space;
  std::unique_ptr<GarbageCollector> collector;
  uint64_t seq = 0;
  std::mt19937_64 random{1};

  explicit Fixture(uint32_t shard_count) : Fixture(TestOptions(files, shard_count)) {}
  explicit Fixture(Shards::Options options) {
    options.files = &files;
    shards = OpenShards(options);
    space = std::make_unique<SpaceKeeper>(*shards, SpaceOptions());
    Applier::Options applier_options;
    applier_options.apply_interval_ms = 0;
    applier_options.on_delete = [this](uint32_t shard, std::string_view key) {
      space->OnDelete(shard, key, 0);
    };
    applier = std::make_unique<Applier>(*shards, applier_options, 0);
    GarbageCollector::Options gc;
    gc.own_thread = false;
    gc.slice_rows = 7;
    gc.slice_pause_us = 0;
    collector = std::make_unique<GarbageCollector>(*shards, *applier, *space, gc);
  }
  ~Fixture() {
    collector.reset();
    applier.reset();
    space.reset();
  }
  static Shards::Options TestOptions(FaultFileSystem& files, uint32_t shard_count) {
    return TestShardOptions(files, shard_count);
  }
  static SpaceKeeper::Options SpaceOptions() {
    SpaceKeeper::Options out;
    out.own_thread = false;
    out.min_garbage_bytes = 10000;
    return out;
  }
  void Submit(const RowBatch& batch) {
    applier->Submit(++seq, batch.payload());
    REQUIRE(applier->Drain().ok());
  }
  std::string Noise(size_t bytes) {
    std::string out(bytes, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  }
  void PutCollection(RowBatch& batch, CollectionId id, int rows) {
    for (int i = 0; i < rows; ++i) {
      batch.Put(EncodeRowKey(id, "row" + std::to_string(i)), Noise(100));
    }
  }
};

TEST_CASE("GarbageCollector deletes a collection's rows, and no others") {
  Fixture f(2);
  RowBatch batch;
  for (uint64_t number = 1; number <= 3; ++number) {
    f.PutCollection(batch, MakeCollectionId(1, number), 50);
  }
  batch.Put(EncodeGarbageKey({Garbage::Kind::kCollection, MakeCollectionId(1, 2)}), "");
  f.Submit(batch);
  REQUIRE(f.collector->RunOnce().ok());
  CHECK(CountTag(*f.shards, RowTag::kRow) == 100);
  CHECK(CountRows(*f.shards, 1, EncodeRowKeyPrefix(MakeCollectionId(1, 2)).view()) == 0);
  CHECK(CountTag(*f.shards, RowTag::kGarbage) == 0);
  CHECK(f.collector->rows_collected() == 50);
  CHECK(f.collector->pending() == 0);
}

TEST_CASE("GarbageCollector deletes a keyspace with its ttl rows and collections in any shard") {
  Fixture f(3);
  RowBatch batch;
  for (uint64_t i = 0; i < 100; ++i) {
    const std::string key = "key" + std::to_string(i);
    MetaHead head{.type = 1};
    if (i % 3 == 0) head.ttl_row_ms = head.expire_at_ms = static_cast<int64_t>(i) + 1;
    if (i % 4 == 0) {
      head.collection = MakeCollectionId(static_cast<uint32_t>(i % 3), i + 1);
      head.count = 10;
      f.PutCollection(batch, head.collection, 10);
    }
    for (const uint32_t generation : {1U, 2U}) {
      if (generation == 2) head.collection = head.count = 0;
      batch.Put(EncodeMetaKey(generation, f.shards->PositionOf(key), key), EncodeMeta(head, ""));
      if (i % 3 == 0) batch.Put(EncodeTtlKey(head.ttl_row_ms, generation, key), "");
    }
  }
  batch.Put(EncodeGarbageKey({Garbage::Kind::kGeneration, 1}), "");
  f.Submit(batch);
  REQUIRE(f.collector->RunOnce().ok());
  CHECK(CountTag(*f.shards, RowTag::kMeta) == 100);
  CHECK(CountTag(*f.shards, RowTag::kTtl) == 34);
  CHECK(CountTag(*f.shards, RowTag::kRow) == 0);
  CHECK(CountTag(*f.shards, RowTag::kGarbage) == 0);
}

TEST_CASE("GarbageCollector: whatever a power cut leaves, the next run ends it") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 6; ++round) {
    Fixture f(3);
    RowBatch batch;
    for (uint64_t i = 0; i < 60; ++i) {
      const std::string key = "key" + std::to_string(i);
      const CollectionId id = MakeCollectionId(static_cast<uint32_t>(random() % 3), i + 1);
      f.PutCollection(batch, id, 20);
      batch.Put(EncodeMetaKey(1, f.shards->PositionOf(key), key),
                EncodeMeta({.type = 1, .collection = id, .count = 20}, ""));
    }
    batch.Put(EncodeGarbageKey({Garbage::Kind::kGeneration, 1}), "");
    f.Submit(batch);
    for (uint32_t shard = 0; shard < 3; ++shard) REQUIRE(f.shards->FlushMemtable(shard).ok());
    REQUIRE(f.collector->RunOnce().ok());
    // Some shards have got their last writes into tables, some have not.
    for (uint32_t shard = 0; shard < 3; ++shard) {
      if (random() % 2 == 0) REQUIRE(f.shards->FlushMemtable(shard).ok());
    }
    const auto copy = f.files.Copy();
    copy->CutPower(PowerCut::kNothing, random);
    const auto shards = OpenShards(TestShardOptions(*copy, 0));
    Applier applier(*shards, {}, f.seq);
    SpaceKeeper space(*shards, Fixture::SpaceOptions());
    GarbageCollector::Options gc;
    gc.own_thread = false;
    GarbageCollector collector(*shards, applier, space, gc);
    REQUIRE(collector.RunOnce().ok());
    CHECK(CountTag(*shards, RowTag::kMeta) == 0);
    CHECK(CountTag(*shards, RowTag::kRow) == 0);
    CHECK(CountTag(*shards, RowTag::kGarbage) == 0);
  }
}

uint64_t Fill(Fixture& f, int keys) {
  for (int i = 0; i < keys; ++i) {
    RowBatch batch;
    for (int j = 0; j < 100; ++j, ++i) {
      const std::string key = "key" + std::to_string(i);
      batch.Put(EncodeMetaKey(1, f.shards->PositionOf(key), key),
                EncodeMeta({.type = 1}, f.Noise(200)));
    }
    --i;
    f.Submit(batch);
  }
  REQUIRE(f.shards->FlushMemtable(0).ok());
  return f.shards->statistics().bytes_on_disk;
}

TEST_CASE("SpaceKeeper: after nine in ten keys were deleted the directory shrinks by itself") {
  Fixture f(1);
  const uint64_t before = Fill(f, 20000);
  for (int i = 0; i < 20000;) {
    RowBatch batch;
    for (int j = 0; j < 100; ++j, ++i) {
      const std::string key = "key" + std::to_string(i);
      if (i % 10 != 0) batch.Delete(EncodeMetaKey(1, f.shards->PositionOf(key), key));
    }
    f.Submit(batch);
  }
  CHECK(f.space->RunOnce() > 0);
  const uint64_t after = f.shards->statistics().bytes_on_disk;
  CAPTURE(before);
  CAPTURE(after);
  CHECK(after < before / 10 * 3 / 2);
  CHECK(CountTag(*f.shards, RowTag::kMeta) == 2000);
  CHECK(f.space->RunOnce() == 0);
}

TEST_CASE("SpaceKeeper: what is deleted while it compacts is not forgotten") {
  Fixture f(1);
  const uint64_t before = Fill(f, 20000);
  const auto drop = [&](int from, int to) {
    RowBatch batch;
    for (int i = from; i < to; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (i % 10 != 0) batch.Delete(EncodeMetaKey(1, f.shards->PositionOf(key), key));
    }
    f.Submit(batch);
  };
  drop(0, 10000);
  bool dropping = true;
  f.files.SetHook([&](FileOperation operation, const std::string& path) {
    // The compaction has begun: the rest is deleted now, and nothing ever after.
    if (operation != FileOperation::kWrite || path.find(".ldb") == std::string::npos) return;
    if (!std::exchange(dropping, false)) return;
    for (int i = 10000; i < 20000; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (i % 10 != 0) f.space->OnDelete(0, EncodeMetaKey(1, f.shards->PositionOf(key), key), 0);
    }
  });
  CHECK(f.space->RunOnce() > 0);
  REQUIRE_FALSE(dropping);
  f.files.SetHook(nullptr);
  {
    leveldb::WriteBatch batch;
    for (int i = 10000; i < 20000; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (i % 10 != 0) batch.Delete(EncodeMetaKey(1, f.shards->PositionOf(key), key));
    }
    REQUIRE(f.shards->Write(0, &batch).ok());
  }
  CHECK(f.space->RunOnce() > 0);
  CHECK(f.shards->statistics().bytes_on_disk < before / 10 * 3 / 2);
}

TEST_CASE("SpaceKeeper: a collected collection's space comes back") {
  Fixture f(1);
  RowBatch batch;
  f.PutCollection(batch, 1, 5000);
  f.Submit(batch);
  REQUIRE(f.shards->FlushMemtable(0).ok());
  const uint64_t before = f.shards->statistics().bytes_on_disk;
  batch.Clear();
  batch.Put(EncodeGarbageKey({Garbage::Kind::kCollection, 1}), "");
  f.Submit(batch);
  REQUIRE(f.collector->RunOnce().ok());
  CHECK(f.space->RunOnce() > 0);
  CHECK(f.shards->statistics().bytes_on_disk < before / 10);
}

TEST_CASE("SpaceKeeper leaves ranges alone of which little is garbage") {
  Fixture f(1);
  Fill(f, 5000);
  RowBatch batch;
  for (int i = 0; i < 500; ++i) {
    const std::string key = "key" + std::to_string(i);
    batch.Delete(EncodeMetaKey(1, f.shards->PositionOf(key), key));
  }
  f.Submit(batch);
  CHECK(f.space->RunOnce() == 0);
  CHECK(f.space->compactions() == 0);
}

TEST_CASE("SpaceKeeper remembers over a restart what was deleted before") {
  Fixture f(1);
  const uint64_t before = Fill(f, 5000);
  SpaceKeeper::Options patient = Fixture::SpaceOptions();
  patient.garbage_ratio = 2;  // Never.
  {
    SpaceKeeper keeper(*f.shards, patient);
    for (int i = 0; i < 5000; ++i) {
      const std::string key = "key" + std::to_string(i);
      const std::string row = EncodeMetaKey(1, f.shards->PositionOf(key), key);
      leveldb::WriteBatch batch;
      batch.Delete(row);
      REQUIRE(f.shards->Write(0, &batch).ok());
      keeper.OnDelete(0, row, 0);
    }
    CHECK(keeper.RunOnce() == 0);
  }
  SpaceKeeper keeper(*f.shards, Fixture::SpaceOptions());
  CHECK(keeper.RunOnce() > 0);
  CHECK(f.shards->statistics().bytes_on_disk < before / 10);
}

TEST_CASE("SpaceKeeper's counts are stored as in FORMAT.md, and ignored if they cannot be read") {
  Fixture f(1);
  SpaceKeeper::Options patient = Fixture::SpaceOptions();
  patient.garbage_ratio = 2;
  {
    SpaceKeeper keeper(*f.shards, patient);
    for (int i = 0; i < 5; ++i) keeper.OnDelete(0, "r", 100);
    keeper.RunOnce();
  }
  const std::string row = EncodeStoreKey(kSpaceRow);
  CHECK(ReadRow(*f.shards, 0, row) == std::string("\x01\x00\x01r\x05\x05\xf4\x03", 8));
  for (const char* junk : {"\xff", "\x01", "\x01\x09\x01r\x05\x05\x05", "\x01\x01\x7fr"}) {
    PutRow(*f.shards, 0, row, junk);
    SpaceKeeper keeper(*f.shards, patient);
    CHECK(keeper.RunOnce() == 0);
  }
}

TEST_CASE("Snapshot shows the store as of its batch, whatever comes after") {
  Fixture f(2);
  RowBatch batch;
  batch.Put(EncodeStoreKey(DatabaseRowName(3)), EncodeDatabase({.generation = 1, .keys = 40}));
  batch.Put(EncodeStoreKey("sys:x"), "old");
  for (int i = 0; i < 40; ++i) {
    const std::string key = "key" + std::to_string(i);
    batch.Put(EncodeMetaKey(1, f.shards->PositionOf(key), key), EncodeMeta({.type = 1}, "old"));
  }
  f.PutCollection(batch, MakeCollectionId(1, 9), 3000);
  f.Submit(batch);
  const auto snapshot = Snapshot::Take(*f.shards, f.applier->applied_seq());
  REQUIRE(snapshot.has_value());
  RowBatch later;
  later.Put(EncodeMetaKey(1, f.shards->PositionOf("key1"), "key1"), EncodeMeta({.type = 1}, "new"));
  later.Put(EncodeMetaKey(1, f.shards->PositionOf("more"), "more"), EncodeMeta({.type = 1}, "new"));
  later.Put(EncodeStoreKey("sys:x"), "new");
  later.Delete(EncodeRowKey(MakeCollectionId(1, 9), "row7"));
  f.Submit(later);
  REQUIRE((*snapshot)->databases().size() == 1);
  CHECK((*snapshot)->databases()[0].db == 3);
  size_t keys = 0;
  size_t rows = 0;
  REQUIRE((*snapshot)
              ->ForEachKey(3,
                           [&](std::string_view, const MetaView& meta) -> Status {
                             CHECK(meta.payload == "old");
                             if (keys++ != 0) return {};
                             return (*snapshot)->ForEachRow(MakeCollectionId(1, 9),
                                                            [&](auto, auto value) -> Status {
                                                              CHECK(value.size() == 100);
                                                              ++rows;
                                                              return {};
                                                            });
                           })
              .ok());
  CHECK(keys == 40);
  CHECK(rows == 3000);
  CHECK((*snapshot)->ReadStoreRow("sys:x")->value() == "old");
}

TEST_CASE("Snapshot gives errors, not half of the truth, when an instance was reopened") {
  Fixture f(1);
  RowBatch batch;
  batch.Put("ra", "1");
  f.Submit(batch);
  auto snapshot = Snapshot::Take(*f.shards, 1);
  REQUIRE(snapshot.has_value());
  REQUIRE(f.shards->Reopen(0, 0, [](leveldb::DB&, uint64_t) { return Status::Ok(); }).ok());
  const auto ignore = [](std::string_view, std::string_view) { return Status::Ok(); };
  CHECK_FALSE((*snapshot)->ForEachRow(1, ignore).ok());
}

}  // namespace
}  // namespace lsm
