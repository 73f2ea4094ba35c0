// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/recovery.h"

#include <map>
#include <random>

#include <doctest/doctest.h>

#include "lsm/log_reader.h"
#include "lsm/log_record.h"
#include "tests/lsm/disk_fixture.h"

namespace lsm {
namespace {

RecoveryOptions Options(FaultFileSystem& files, uint32_t shards) {
  RecoveryOptions out;
  out.shards = TestShardOptions(files, shards);
  out.log_directory = "/store/log";
  out.log.policy = SyncPolicy::kAlways;
  out.log.segment_bytes = 64 << 10;
  out.log.first_segment_bytes = 16 << 10;
  out.applier.apply_interval_ms = 1;
  return out;
}

RecoveredStore RecoverOrDie(RecoveryOptions options) {
  auto store = Recover(std::move(options));
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  return std::move(*store);
}

TEST_CASE("Recover: what the log has is in LevelDB after each of many power cuts") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  auto files = std::make_unique<FaultFileSystem>();
  std::map<std::string, std::string> model;
  for (int round = 0; round < 8; ++round) {
    std::map<std::string, std::string> replayed;
    auto options = Options(*files, round == 0 ? 2 : 0);
    options.on_operation = [&](uint64_t, const RowOperation& op) -> Status {
      replayed[std::string(op.key)] = std::string(op.value);
      return {};
    };
    RecoveredStore store = RecoverOrDie(std::move(options));
    REQUIRE(store.applier->Drain().ok());
    for (const auto& [key, value] : model) {
      CHECK(ReadRow(*store.shards, store.shards->ShardOfRow(key), key) == value);
    }
    for (const auto& [key, value] : replayed) CHECK(model[key] == value);
    uint64_t seq = store.committed_seq;
    for (int turn = 0; turn < 300; ++turn) {
      RowBatch batch;
      for (int i = 0; i < 3; ++i) {
        const std::string key =
            EncodeRowKey(MakeCollectionId(static_cast<uint32_t>(random() % 2), 1),
                         std::to_string(random() % 500));
        model[key] = std::to_string(random());
        batch.Put(key, model[key] += std::string(random() % 300, 'x'));
      }
      REQUIRE(store.log->Append(++seq, batch).ok());
      store.applier->Submit(seq, batch.payload());
    }
    REQUIRE(store.log->WaitSynced(seq).ok());
    auto copy = files->Copy();
    copy->CutPower(PowerCut::kNothing, random);
    { const RecoveredStore end = std::move(store); }
    files = std::move(copy);
  }
}

TEST_CASE("Recover: the log is released as LevelDB flushes") {
  FaultFileSystem files;
  RecoveredStore store = RecoverOrDie(Options(files, 1));
  uint64_t seq = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    RowBatch batch;
    batch.Put("r" + std::to_string(turn), std::string(1000, 'x'));
    REQUIRE(store.log->Append(++seq, batch).ok());
    store.applier->Submit(seq, batch.payload());
  }
  REQUIRE(store.applier->Drain().ok());
  REQUIRE(store.shards->FlushMemtable(0).ok());
  CHECK(store.shards->flushed_seq() == seq);
  CHECK(store.log->statistics().bytes_retained < 300000);
}

TEST_CASE("ReadLog reads a log that is open, from the middle") {
  FaultFileSystem files;
  RecoveredStore store = RecoverOrDie(Options(files, 1));
  for (uint64_t seq = 1; seq <= 200; ++seq) {
    RowBatch batch;
    batch.Put("r" + std::to_string(seq), std::string(500, 'x'));
    REQUIRE(store.log->Append(seq, batch).ok());
  }
  uint64_t expected = 51;
  const Status status = ReadLog(files, "/store/log", 50, 150, [&](uint64_t seq, auto payload) {
    CHECK(seq == expected++);
    CHECK(payload.size() > 500);
    return Status::Ok();
  });
  CHECK_MESSAGE(status.ok(), status.message());
  CHECK(expected == 151);
  CHECK_FALSE(
      ReadLog(files, "/store/log", 150, 201, [](uint64_t, auto) { return Status::Ok(); }).ok());
}

// Rows of two shards, so that each batch is in both.
RowBatch BothShards(const std::string& value) {
  RowBatch batch;
  for (uint32_t shard = 0; shard < 2; ++shard) {
    batch.Put(EncodeRowKey(MakeCollectionId(shard, 1), "a"), value);
  }
  return batch;
}

std::string RowOf(const RecoveredStore& store, uint32_t shard) {
  return ReadRow(*store.shards, shard, EncodeRowKey(MakeCollectionId(shard, 1), "a"));
}

TEST_CASE("Recover: batches after a log that was cut before what a shard has are not lost") {
  std::mt19937_64 random(1);
  auto files = std::make_unique<FaultFileSystem>();
  std::unique_ptr<FaultFileSystem> after;
  {
    RecoveredStore store = RecoverOrDie(Options(*files, 2));
    for (uint64_t seq = 1; seq <= 10; ++seq) {
      RowBatch batch = BothShards(std::to_string(seq));
      REQUIRE(store.log->Append(seq, batch).ok());
      REQUIRE(store.log->WaitSynced(seq).ok());  // So the next record vouches for this one.
      store.applier->Submit(seq, batch.payload());
    }
    REQUIRE(store.applier->Drain().ok());
    REQUIRE(store.shards->FlushMemtable(1).ok());
    after = files->CopyAfterPowerCut(PowerCut::kNothing, random);
  }
  files = std::move(after);
  // The sixth record is damaged, and the operator has the log cut there.
  const std::string path = "/store/log/wal-0000000001";
  std::string bytes = files->Contents(path);
  const size_t record = kRecordHeaderSize + BothShards("1").payload_size();
  bytes[kSegmentHeaderSize + 5 * record + kRecordHeaderSize] ^= 1;
  files->SetContents(path, bytes);
  CHECK_FALSE(Recover(Options(*files, 0)).has_value());
  auto options = Options(*files, 0);
  options.log.on_damage = DamagePolicy::kTruncate;
  {
    RecoveredStore store = RecoverOrDie(options);
    CHECK(store.committed_seq == 5);
    CHECK(RowOf(store, 0) == "5");
    CHECK(store.shards->flushed_seq() <= 5);
    RowBatch batch = BothShards("new");
    REQUIRE(store.log->Append(6, batch).ok());
    store.applier->Submit(6, batch.payload());
    REQUIRE(store.applier->Drain().ok());
    CHECK(RowOf(store, 0) == "new");
    CHECK(RowOf(store, 1) == "new");
    REQUIRE(store.log->WaitSynced(6).ok());
    after = files->CopyAfterPowerCut(PowerCut::kNothing, random);
  }
  files = std::move(after);
  const RecoveredStore store = RecoverOrDie(Options(*files, 0));
  REQUIRE(store.applier->Drain().ok());
  CHECK(store.committed_seq == 6);
  CHECK(RowOf(store, 0) == "new");
  CHECK(RowOf(store, 1) == "new");
}

TEST_CASE("Recover: what only the page cache has of the log gets into no table") {
  std::mt19937_64 random(1);
  FaultFileSystem files;
  constexpr uint64_t kSynced = 5;
  constexpr uint64_t kLast = 200;  // Each of some memtables' size.
  {
    auto options = Options(files, 2);
    options.log.policy = SyncPolicy::kNo;
    options.log.segment_bytes = options.log.first_segment_bytes = 16 << 20;
    options.log.own_thread = false;
    RecoveredStore store = RecoverOrDie(std::move(options));
    for (uint64_t seq = 1; seq <= kLast; ++seq) {
      RowBatch batch = BothShards(std::string(20000, 'x'));
      REQUIRE(store.log->Append(seq, batch).ok());
      if (seq == kSynced) REQUIRE(store.log->WaitSynced(seq).ok());
    }
    files.AddFault({.operation = FileOperation::kSync, .path_part = "/log/"});  // A death.
    files.AddFault({.operation = FileOperation::kWrite, .path_part = "/log/"});
  }
  files.ClearFaults();
  std::unique_ptr<FaultFileSystem> cut;
  files.SetHook([&](FileOperation operation, const std::string& path) {
    // Recovery has read all, and stores what was not synced.
    if (operation != FileOperation::kWrite || path.find("/log/wal") == std::string::npos) return;
    if (cut == nullptr) cut = files.CopyAfterPowerCut(PowerCut::kNothing, random);
  });
  auto options = Options(files, 0);
  options.applier.backlog_limit_bytes = 1;  // Whatever may be applied is, at once.
  {
    const RecoveredStore store = RecoverOrDie(std::move(options));
    CHECK(store.committed_seq == kLast);
  }
  files.SetHook(nullptr);
  REQUIRE(cut != nullptr);
  const auto shards = OpenShards(TestShardOptions(*cut, 0));
  for (uint32_t shard = 0; shard < 2; ++shard) CHECK(shards->ReadApplied(shard).value() <= kSynced);
  const auto log = VerifyLog(*cut, "/store/log");
  REQUIRE(log.has_value());
  CHECK(log->last_seq == kSynced);
}

TEST_CASE("Recover: a store whose disk was full under it goes on without a restart") {
  FaultFileSystem files;
  RecoveredStore store = RecoverOrDie(Options(files, 1));
  Fault fault;
  fault.operation = FileOperation::kWrite;
  fault.path_part = ".ldb";
  files.AddFault(fault);
  uint64_t seq = 0;
  while (store.applier->error().ok()) {
    RowBatch batch;
    batch.Put("r" + std::to_string(seq + 1), std::string(1000, 'x'));
    REQUIRE(store.log->Append(++seq, batch).ok());
    store.applier->Submit(seq, batch.payload());
  }
  files.ClearFaults();
  while (!store.applier->error().ok()) std::this_thread::yield();
  REQUIRE(store.applier->Drain().ok());
  for (uint64_t i = 1; i <= seq; ++i) {
    CHECK(ReadRow(*store.shards, 0, "r" + std::to_string(i)).size() == 1000);
  }
}

}  // namespace
}  // namespace lsm
