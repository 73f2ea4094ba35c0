// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/checker.h"

#include <functional>
#include <random>

#include <doctest/doctest.h>

#include "lsm/overlay_file_system.h"
#include "lsm/recovery.h"
#include "lsm/store.h"
#include "tests/lsm/disk_fixture.h"

namespace lsm {
namespace {

constexpr uint64_t kKeys = 60;

RecoveredStore Open(FaultFileSystem& files, uint32_t shards) {
  RecoveryOptions options;
  options.shards = TestShardOptions(files, shards);
  options.log_directory = "/store/log";
  options.log.first_segment_bytes = options.log.segment_bytes = 64 << 10;
  auto store = Recover(std::move(options));
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  return std::move(*store);
}

std::string MetaRow(const RecoveredStore& store, const std::string& key) {
  return EncodeMetaKey(1, store.shards->PositionOf(key), key);
}

MetaHead HeadOf(uint64_t i) {
  MetaHead head{.type = 1};
  if (i % 3 == 0) head.expire_at_ms = head.ttl_row_ms = 1000 + static_cast<int64_t>(i);
  if (i % 5 == 0) {
    head.collection = MakeCollectionId(static_cast<uint32_t>(i % 2), i + 1);
    head.count = 4;
  }
  return head;
}

RowBatch SoundBatch(const RecoveredStore& store) {
  RowBatch batch;
  for (uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = "key" + std::to_string(i);
    const MetaHead head = HeadOf(i);
    if (head.ttl_row_ms != kNoExpiry) batch.Put(EncodeTtlKey(head.ttl_row_ms, 1, key), "");
    for (uint64_t row = 0; row < head.count; ++row) {
      batch.Put(EncodeRowKey(head.collection, std::to_string(row)), std::string(500, 'v'));
    }
    batch.Put(MetaRow(store, key), EncodeMeta(head, "payload"));
  }
  batch.Put(EncodeStoreKey(DatabaseRowName(0)),
            EncodeDatabase({.generation = 1, .keys = kKeys, .expiring = kKeys / 3}));
  batch.Put(EncodeStoreKey(kCountersRow),
            EncodeCounters({.next_generation = 2, .next_collection = kKeys + 2}));
  return batch;
}

// A sound store, changed by `damage`, closed; `flush`: all of it in tables.
void Build(FaultFileSystem& files, const std::function<void(RowBatch&, RecoveredStore&)>& damage,
           bool flush = true) {
  RecoveredStore store = Open(files, 2);
  RowBatch batch = SoundBatch(store);
  REQUIRE(store.log->Append(1, batch).ok());
  store.applier->Submit(1, batch.payload());
  RowBatch changes;
  if (damage) damage(changes, store);
  if (!changes.empty()) {
    REQUIRE(store.log->Append(2, changes).ok());
    store.applier->Submit(2, changes.payload());
  }
  REQUIRE(store.applier->Drain().ok());
  for (uint32_t i = 0; flush && i < 2; ++i) REQUIRE(store.shards->FlushMemtable(i).ok());
  REQUIRE(store.log->Close().ok());
}

CheckReport Check(FaultFileSystem& files) {
  const auto report = CheckStore({.dir = "/store", .files = &files});
  REQUIRE_MESSAGE(report.has_value(), report.error().message());
  return *report;
}

void CheckReported(FaultFileSystem& files, const char* words) {
  const CheckReport report = Check(files);
  bool found = false;
  for (const std::string& problem : report.problems) {
    found = found || problem.find(words) != std::string::npos;
  }
  std::string all;
  for (const std::string& problem : report.problems) all += problem + "\n";
  CHECK_MESSAGE(found, words << " not among: " << all);
}

std::string FileNamed(FaultFileSystem& files, const std::string& dir, const std::string& part) {
  const auto names = files.List(dir);
  REQUIRE(names.has_value());
  for (const std::string& name : *names) {
    if (name.find(part) != std::string::npos) return dir + "/" + name;
  }
  FAIL("no file " << part << " in " << dir);
  return {};
}

TEST_CASE("CheckStore finds nothing wrong with a sound store, in tables or only in the log") {
  for (const bool flush : {true, false}) {
    FaultFileSystem files;
    Build(files, nullptr, flush);
    const CheckReport report = Check(files);
    for (const std::string& problem : report.problems) MESSAGE(problem);
    CHECK(report.ok());
    CHECK(report.keys == kKeys);
    CHECK(report.expiring_keys == kKeys / 3);
    CHECK(report.collections == kKeys / 5);
    CHECK(report.rows == kKeys / 5 * 4);
    CHECK(report.ttl_rows == kKeys / 3);
    CHECK(report.spare_ttl_rows == 0);
    CHECK(report.unapplied_records == (flush ? 0 : 1));
  }
}

TEST_CASE("CheckStore changes nothing on disk") {
  FaultFileSystem files;
  Build(files, nullptr, false);
  const auto before = files.List("/store/lsm-000");
  const auto writes = files.count(FileOperation::kWrite);
  Check(files);
  CHECK(files.List("/store/lsm-000").value() == before.value());
  CHECK(files.count(FileOperation::kWrite) == writes);
  CHECK(files.count(FileOperation::kRemove) == files.count(FileOperation::kRemove));
}

TEST_CASE("CheckStore refuses a directory without a store, and one in use") {
  FaultFileSystem files;
  CHECK_FALSE(CheckStore({.dir = "/nothing", .files = &files}).has_value());
  Build(files, nullptr);
  const auto lock = files.Lock("/store");
  REQUIRE(lock.has_value());
  const auto report = CheckStore({.dir = "/store", .files = &files});
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code() == Status::Code::kBusy);
}

TEST_CASE("CheckStore reports a damaged block of a table") {
  FaultFileSystem files;
  Build(files, nullptr);
  const std::string table = FileNamed(files, "/store/lsm-001", ".ldb");
  std::string bytes = files.Contents(table);
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  files.SetContents(table, bytes);
  CheckReported(files, "checksum");
}

TEST_CASE("CheckStore reports a missing table") {
  FaultFileSystem files;
  Build(files, nullptr);
  REQUIRE(files.Remove(FileNamed(files, "/store/lsm-001", ".ldb")).ok());
  CheckReported(files, "missing files");
}

TEST_CASE("CheckStore reports damage in the commit log") {
  FaultFileSystem files;
  Build(files, nullptr, false);
  const std::string segment = FileNamed(files, "/store/log", "wal-");
  std::string bytes = files.Contents(segment);
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  files.SetContents(segment, bytes);
  CheckReported(files, "commit log");
}

TEST_CASE("CheckStore reports a meta that cannot be read") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore& store) {
    batch.Put(MetaRow(store, "key1"), std::string("\1\0\xf0", 3));
  });
  CheckReported(files, "key 'key1': row: bad meta");
}

TEST_CASE("CheckStore reports a key at a position that is not its own") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore& store) {
    batch.Put(EncodeMetaKey(1, store.shards->PositionOf("key1") ^ 1, "key1"),
              EncodeMeta({.type = 1}, ""));
  });
  CheckReported(files, "wrong position");
}

TEST_CASE("CheckStore reports a key's count that is not that of its rows") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) {
    batch.Delete(EncodeRowKey(HeadOf(10).collection, "2"));
  });
  CheckReported(files, "has 3 rows, its key counts 4");
}

TEST_CASE("CheckStore reports a collection all of whose rows are gone") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) {
    for (const char* row : {"0", "1", "2", "3"}) {
      batch.Delete(EncodeRowKey(HeadOf(10).collection, row));
    }
  });
  CheckReported(files, "has no rows, its key counts 4");
}

TEST_CASE("CheckStore reports rows that belong to nobody, unless they are garbage") {
  FaultFileSystem files;
  const CollectionId id = MakeCollectionId(1, 61);
  Build(files, [&](RowBatch& batch, RecoveredStore&) { batch.Put(EncodeRowKey(id, "x"), ""); });
  CheckReported(files, "belong to no key");

  FaultFileSystem sound;
  Build(sound, [&](RowBatch& batch, RecoveredStore&) {
    batch.Put(EncodeRowKey(id, "x"), "");
    batch.Put(EncodeGarbageKey({Garbage::Kind::kCollection, id}), "");
  });
  CHECK(Check(sound).ok());
  CHECK(Check(sound).garbage == 1);
}

TEST_CASE("CheckStore reports two keys with one collection") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore& store) {
    batch.Put(MetaRow(store, "key1"), EncodeMeta(HeadOf(10), ""));
  });
  CheckReported(files, "belongs to another key too");
}

TEST_CASE("CheckStore reports a key whose collection is to be collected") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) {
    batch.Put(EncodeGarbageKey({Garbage::Kind::kCollection, HeadOf(10).collection}), "");
  });
  CheckReported(files, "is on the garbage list");
}

TEST_CASE("CheckStore reports a key that expires and has no ttl row") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) {
    batch.Delete(EncodeTtlKey(HeadOf(3).ttl_row_ms, 1, "key3"));
  });
  CheckReported(files, "'key3' expires, and the ttl row at 1003 is missing");

  FaultFileSystem late;
  Build(late, [](RowBatch& batch, RecoveredStore& store) {
    batch.Put(MetaRow(store, "key3"),
              EncodeMeta({.type = 1, .expire_at_ms = 5, .ttl_row_ms = 9}, ""));
    batch.Put(EncodeTtlKey(9, 1, "key3"), "");
  });
  CheckReported(late, "'key3' expires before its ttl row");
}

TEST_CASE("CheckStore counts ttl rows that no key leads to, and does not call them damage") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) { batch.Put(EncodeTtlKey(7, 1, "key1"), ""); });
  const CheckReport report = Check(files);
  CHECK(report.ok());
  CHECK(report.spare_ttl_rows == 1);
}

TEST_CASE("CheckStore reports wrong counts of a database") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore& store) {
    batch.Put(MetaRow(store, "one more"), EncodeMeta({.type = 1}, ""));
  });
  CheckReported(files, "database 0 has 61 keys, its count says 60");
}

TEST_CASE("CheckStore reports keys of a keyspace that nobody has") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore& store) {
    batch.Put(EncodeMetaKey(9, store.shards->PositionOf("k"), "k"), EncodeMeta({.type = 1}, ""));
  });
  CheckReported(files, "keyspace 9");
}

TEST_CASE("CheckStore reports numbers that would be given out again") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) {
    batch.Put(EncodeStoreKey(kCountersRow),
              EncodeCounters({.next_generation = 1, .next_collection = 5}));
  });
  CheckReported(files, "would be given out again");
}

TEST_CASE("CheckStore reports rows of an unknown kind") {
  FaultFileSystem files;
  Build(files, [](RowBatch& batch, RecoveredStore&) { batch.Put("zzz", ""); });
  CheckReported(files, "unknown kind");
}

TEST_CASE("CheckStore finds nothing wrong with what the store itself writes") {
  for (const uint32_t shards : {1U, 3U}) {
    const uint64_t seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    FaultFileSystem files;
    StoreOptions options;
    options.dir = "/store";
    options.shards = shards;
    options.memtable_bytes = size_t{64} << 10;
    options.log_segment_bytes = size_t{256} << 10;
    auto opened = Store::Open(options, files, *SystemClock(), [] {});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    Store& store = **opened;
    const int64_t later = SystemClock()->NowMs() + 3600 * 1000;
    for (int step = 0; step < 3000; ++step) {
      const auto db = static_cast<uint32_t>(random() % 3);
      const std::string key = "key" + std::to_string(random() % 300);
      const auto found = store.FindOrLoad(db, key);
      REQUIRE(found.has_value());
      Entry* entry = *found;
      switch (random() % 8) {
        case 0:
          if (entry != nullptr) store.Delete(entry);
          break;
        case 1:
        case 2:
          if (entry != nullptr) {
            store.SetExpiry(entry, random() % 3 == 0
                                       ? kNoExpiry
                                       : later + static_cast<int64_t>(random() % 100000));
          }
          break;
        case 3:
          if (entry != nullptr) store.Move(entry, (db + 1) % 3, "moved" + key);
          break;
        case 4:
          if (random() % 200 == 0) store.Flush(db);
          if (random() % 100 == 0) store.Swap(0, db);
          break;
        default:
          entry = store.Create(db, key, 1, 0, "value");
          if (random() % 2 == 0) break;
          entry = store.AttachCollection(entry);
          for (uint64_t i = random() % 20 + 1; i > 0; --i) {
            REQUIRE(entry->collection().Put(std::to_string(i), "row").has_value());
          }
      }
      if (random() % 5 == 0) REQUIRE(store.CommitTurn().ok());
      if (random() % 20 == 0) store.RunCompletions();
    }
    REQUIRE(store.CommitTurn().ok());
    const auto crashed = files.Copy();
    REQUIRE(store.Close(true).ok());
    opened->reset();
    crashed->CutPower(PowerCut::kEverything, random);
    for (FaultFileSystem* each : {&files, crashed.get()}) {
      const CheckReport report = Check(*each);
      for (const std::string& problem : report.problems) MESSAGE(problem);
      CHECK(report.ok());
      CHECK(report.keys > 0);
    }
  }
}

TEST_CASE("The overlay shows the base's files, and keeps every change to itself") {
  FaultFileSystem base;
  REQUIRE(base.CreateDirectory("/d").ok());
  REQUIRE((*base.Open("/d/a", OpenMode::kCreate))->WriteAt(0, "base").ok());
  const auto overlay = NewOverlayFileSystem(base);
  REQUIRE((*overlay->Open("/d/a", OpenMode::kReadWrite))->WriteAt(0, "B").ok());
  REQUIRE((*overlay->Open("/d/b", OpenMode::kCreate))->WriteAt(0, "new").ok());
  REQUIRE(overlay->Rename("/d/b", "/d/c").ok());
  char bytes[8];
  CHECK((*overlay->Open("/d/a", OpenMode::kRead))->ReadAt(0, 8, bytes).value() == 4);
  CHECK(std::string_view(bytes, 4) == "Base");
  CHECK(overlay->List("/d").value() == std::vector<std::string>{"a", "c"});
  REQUIRE(overlay->Remove("/d/a").ok());
  CHECK_FALSE(overlay->Exists("/d/a"));
  CHECK_FALSE(overlay->Open("/d/a", OpenMode::kRead).has_value());
  CHECK(base.Contents("/d/a") == "base");
  CHECK_FALSE(base.Exists("/d/c"));
}

}  // namespace
}  // namespace lsm
