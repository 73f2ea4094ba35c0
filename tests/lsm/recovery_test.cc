// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/recovery.h"

#include <map>
#include <random>

#include <doctest/doctest.h>

#include "lsm/log_reader.h"
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
