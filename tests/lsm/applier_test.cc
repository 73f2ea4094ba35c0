// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/applier.h"

#include <array>
#include <atomic>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "tests/lsm/disk_fixture.h"
#include "tests/lsm/notification.h"

namespace lsm {
namespace {

// The commit log, as far as the applier sees it.
struct FakeLog {
  std::map<uint64_t, std::string> records;
  Status Read(uint64_t after, uint64_t to, const ReplayFunction& replay) const {
    for (uint64_t seq = after + 1; seq <= to; ++seq) {
      LSM_RETURN_IF_ERROR(replay(seq, records.at(seq)));
    }
    return {};
  }
};

struct Fixture {
  FaultFileSystem files;
  FakeLog log;
  std::unique_ptr<Shards> shards;
  std::unique_ptr<Applier> applier;
  Applier::Options options;
  uint64_t seq = 0;

  explicit Fixture(uint32_t shard_count = 1) {
    shards = OpenShards(TestShardOptions(files, shard_count));
    options.read_log = [this](uint64_t after, uint64_t to, const ReplayFunction& replay) {
      return log.Read(after, to, replay);
    };
    options.apply_interval_ms = 3600 * 1000;  // Only when the test says so.
  }
  void Start() { applier = std::make_unique<Applier>(*shards, options, seq); }
  void Submit(const RowBatch& batch) {
    log.records[++seq] = std::string(batch.payload());
    applier->Submit(seq, batch.payload());
  }
  void Put(std::string_view key, std::string_view value) {
    RowBatch batch;
    batch.Put(key, value);
    Submit(batch);
  }
};

TEST_CASE("Applier brings batches into LevelDB, the last operation winning, applied row last") {
  Fixture f;
  f.Start();
  f.Put("ra", "1");
  f.Put("rb", "1");
  f.Put("ra", "2");
  RowBatch batch;
  batch.Delete("rb");
  f.Submit(batch);
  CHECK(f.applier->backlog_bytes() > 0);
  REQUIRE(f.applier->Drain().ok());
  CHECK(f.applier->applied_seq() == 4);
  CHECK(f.applier->backlog_bytes() == 0);
  CHECK(ReadRow(*f.shards, 0, "ra") == "2");
  CHECK(ReadRow(*f.shards, 0, "rb") == "(none)");
  CHECK(f.shards->ReadApplied(0).value() == 4);
  CHECK(f.applier->statistics().rows_received == 4);
  CHECK(f.applier->statistics().rows_applied == 2);
}

TEST_CASE("Applier runs a barrier with what came before and nothing that came after") {
  Fixture f;
  f.Start();
  f.Put("ra", "before");
  Notification done;
  std::string seen;
  f.applier->Barrier([&](const Status& status) {
    CHECK(status.ok());
    seen = ReadRow(*f.shards, 0, "ra");
    CHECK(f.applier->applied_seq() == 1);
    done.Notify();
  });
  f.Put("ra", "after");
  done.WaitForNotification();
  CHECK(seen == "before");
  REQUIRE(f.applier->Drain().ok());
  CHECK(ReadRow(*f.shards, 0, "ra") == "after");
}

TEST_CASE("Applier begins by itself when half of the backlog's limit is reached") {
  Fixture f;
  f.options.backlog_limit_bytes = 2000;
  Notification applied;
  f.options.on_progress = [&] {
    if (!applied.HasBeenNotified()) applied.Notify();
  };
  f.Start();
  f.Put("ra", std::string(1500, 'x'));
  applied.WaitForNotification();
  CHECK(f.applier->applied_seq() == 1);
}

TEST_CASE("Applier paces writers only when the backlog nears its limit") {
  Fixture f;
  f.options.backlog_limit_bytes = 1000000;
  std::atomic<uint64_t> synced{0};
  f.options.synced_seq = [&] { return synced.load(); };  // Nothing may be applied.
  f.Start();
  f.Put("ra", std::string(700000, 'x'));
  CHECK(f.applier->WriteDelayUs() == 0);
  f.Put("rb", std::string(150000, 'x'));
  const uint32_t some = f.applier->WriteDelayUs();
  CHECK(some > 0);
  f.Put("rc", std::string(140000, 'x'));
  CHECK(f.applier->WriteDelayUs() > some);
  CHECK(f.applier->WriteDelayUs() <= 10000);
  f.Put("rd", std::string(900000, 'x'));  // Far beyond: hardly anybody may write.
  CHECK(f.applier->WriteDelayUs() > 500000);
  synced = 4;
  REQUIRE(f.applier->Drain().ok());
  CHECK(f.applier->WriteDelayUs() == 0);
}

TEST_CASE("Applier applies nothing that the log has not synced, and asks for the sync") {
  Fixture f;
  std::atomic<uint64_t> synced{0};
  std::atomic<uint64_t> requested{0};
  Notification asked;
  f.options.synced_seq = [&] { return synced.load(); };
  f.options.request_sync = [&](uint64_t seq) {
    requested = seq;
    asked.Notify();
  };
  f.options.apply_interval_ms = 0;
  f.Start();
  f.Put("ra", "1");
  asked.WaitForNotification();
  CHECK(requested == 1);
  CHECK(f.applier->applied_seq() == 0);
  CHECK(ReadRow(*f.shards, 0, "ra") == "(none)");
  synced = 1;
  f.applier->OnSynced();
  REQUIRE(f.applier->Drain().ok());
  CHECK(ReadRow(*f.shards, 0, "ra") == "1");
}

TEST_CASE("Applier goes on by itself after the disk was full, and nothing is missing") {
  Fixture f;
  f.options.apply_interval_ms = 0;
  f.Start();
  f.Put("rfirst", "1");
  REQUIRE(f.applier->Drain().ok());
  Fault fault;
  fault.operation = FileOperation::kWrite;
  fault.path_part = ".ldb";
  fault.message = "No space left on device";
  f.files.AddFault(fault);
  // More than the memtables hold: the flush fails, and then the writes.
  const std::string value(1000, 'v');
  while (f.applier->error().ok()) f.Put("r" + std::to_string(f.seq), value);
  CHECK(f.applier->error().code() == Status::Code::kIoError);
  CHECK(ReadRow(*f.shards, 0, "rfirst") == "1");  // Reads go on.
  f.files.ClearFaults();
  while (!f.applier->error().ok()) std::this_thread::yield();
  REQUIRE(f.applier->Drain().ok());
  CHECK(f.shards->reopens() >= 1);
  CHECK(ReadRow(*f.shards, 0, "rfirst") == "1");
  for (uint64_t i = 1; i < f.seq; ++i) {
    CHECK(ReadRow(*f.shards, 0, "r" + std::to_string(i)).size() == value.size());
  }
}

TEST_CASE("Applier flushes memtables when the log runs too far ahead") {
  Fixture f;
  f.options.log_ahead_limit_bytes = 10000;
  f.Start();
  for (int i = 0; i < 20; ++i) {
    f.Put("ra", std::string(1000, 'x'));  // One row, far below a memtable's size.
    REQUIRE(f.applier->Drain().ok());
  }
  f.applier.reset();
  CHECK(f.shards->flushed_seq() >= 9);
}

TEST_CASE("Applier: whatever a power cut leaves of LevelDB, the log's replay makes it right") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 8; ++round) {
    Fixture f(round % 2 == 0 ? 1 : 3);
    f.options.apply_interval_ms = 1;
    f.Start();
    std::map<std::string, std::string> model;
    for (int turn = 0; turn < 400; ++turn) {
      RowBatch batch;
      for (int i = 0; i < 10; ++i) {
        const CollectionId id =
            MakeCollectionId(static_cast<uint32_t>(random() % 3), random() % 200 + 1);
        const std::string key = EncodeRowKey(id, "");
        if (random() % 4 == 0) {
          batch.Delete(key);
          model.erase(key);
        } else {
          model[key] = std::to_string(turn) + std::string(random() % 400, 'v');
          batch.Put(key, model[key]);
        }
      }
      f.Submit(batch);
    }
    if (random() % 2 == 0) REQUIRE(f.applier->Drain().ok());
    const auto copy = f.files.Copy();  // A crash: nothing more is written.
    f.applier.reset();
    f.shards.reset();
    copy->CutPower(PowerCut::kNothing, random);
    const auto shards = OpenShards(TestShardOptions(*copy, 0));
    uint64_t applied = UINT64_MAX;
    for (uint32_t i = 0; i < shards->count(); ++i) {
      applied = std::min(applied, shards->ReadApplied(i).value());
    }
    Applier applier(*shards, {}, applied);
    for (uint64_t seq = applied + 1; seq <= f.seq; ++seq) {
      applier.Submit(seq, f.log.records[seq]);
    }
    REQUIRE(applier.Drain().ok());
    for (const auto& [key, value] : model) {
      CHECK(ReadRow(*shards, shards->ShardOfRow(key), key) == value);
    }
    CHECK(CountTag(*shards, RowTag::kRow) == model.size());
  }
}

// Shard 1 has ten batches in its tables, shard 0 none: as a power cut may leave it. The log keeps
// what comes after the tenth only as far as shard 0 needs it.
TEST_CASE("Applier: a replay takes no shard back to where it was before") {
  std::mt19937_64 random(1);
  const std::array<std::string, 2> keys = {EncodeRowKey(MakeCollectionId(0, 1), "a"),
                                           EncodeRowKey(MakeCollectionId(1, 1), "a")};
  Fixture f(2);
  f.Start();
  for (int i = 1; i <= 10; ++i) {
    RowBatch batch;
    for (const std::string& key : keys) batch.Put(key, std::to_string(i));
    f.Submit(batch);
  }
  REQUIRE(f.applier->Drain().ok());
  REQUIRE(f.shards->FlushMemtable(1).ok());
  auto files = f.files.CopyAfterPowerCut(PowerCut::kNothing, random);
  f.applier.reset();
  f.shards.reset();

  auto shards = OpenShards(TestShardOptions(*files, 0));
  REQUIRE(shards->ReadApplied(0).value() == 0);
  REQUIRE(shards->ReadApplied(1).value() == 10);
  Applier applier(*shards, f.options, 0);
  for (uint64_t seq = 1; seq <= 5; ++seq) applier.Submit(seq, f.log.records[seq]);
  REQUIRE(applier.Drain().ok());  // A merge that ends before the tenth batch.
  CHECK(ReadRow(*shards, 0, keys[0]) == "5");
  CHECK(ReadRow(*shards, 1, keys[1]) == "10");
  REQUIRE(shards->FlushMemtable(1).ok());
  CHECK(shards->ReadApplied(1).value() == 10);
  CHECK(shards->flushed_seq(1) == 10);
  for (uint64_t seq = 6; seq <= 10; ++seq) applier.Submit(seq, f.log.records[seq]);
  applier.Submit(11, f.log.records[3]);
  REQUIRE(applier.Drain().ok());
  CHECK(ReadRow(*shards, 0, keys[0]) == "3");
  CHECK(ReadRow(*shards, 1, keys[1]) == "3");
  CHECK(shards->ReadApplied(1).value() == 11);
}

TEST_CASE("Applier tells barriers that it stops") {
  Fixture f;
  f.options.synced_seq = [] { return uint64_t{0}; };
  f.Start();
  f.Put("ra", "1");
  Status told;
  f.applier->Barrier([&](const Status& status) { told = status; });
  f.applier.reset();
  CHECK_FALSE(told.ok());
}

}  // namespace
}  // namespace lsm
