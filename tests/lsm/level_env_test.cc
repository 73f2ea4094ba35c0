// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/level_env.h"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "fault_file_system.h"
#include "lsm/flush_tracker.h"

namespace {

using lsm::FaultFileSystem;
using lsm::FlushTracker;
using lsm::PowerCut;

// A LevelDB whose every batch writes the same number into some rows and into the applied row.
class Shard {
 public:
  explicit Shard(lsm::FileSystem& fs, std::string directory = "shard") {
    lsm::LevelEnvOptions env_options;
    env_options.file_system = &fs;
    env_options.observer = &tracker;
    env_ = lsm::NewLevelEnv(env_options);
    leveldb::Options options;
    options.env = env_.get();
    options.create_if_missing = true;
    options.write_buffer_size = 64 << 10;
    options.paranoid_checks = true;
    leveldb::DB* db = nullptr;
    status = leveldb::DB::Open(options, directory, &db);
    db_.reset(db);
    if (status.ok()) tracker.Start(Get("applied"));
  }

  leveldb::Status Write(uint64_t seq) {
    leveldb::WriteBatch batch;
    batch.Put("applied", std::to_string(seq));
    // Each batch has ten rows, so that one that is half there would show.
    for (int i = 0; i < 10; ++i) {
      batch.Put("row" + std::to_string(i), std::to_string(seq) + ":" + std::string(100, 'v'));
    }
    batch.Put("seq" + std::to_string(seq), std::string(500, static_cast<char>('a' + seq % 26)));
    const leveldb::Status written = db_->Write(leveldb::WriteOptions(), &batch);
    if (written.ok()) tracker.Written(seq);
    return written;
  }

  uint64_t Get(const std::string& key) {
    std::string value;
    if (!db_->Get(leveldb::ReadOptions(), key, &value).ok()) return 0;
    return std::stoull(value);
  }

  // The applied row's number, if all else is exactly as after that batch.
  uint64_t ConsistentAt() {
    const uint64_t applied = Get("applied");
    for (int i = 0; i < 10; ++i) CHECK(Get("row" + std::to_string(i)) == applied);
    std::string value;
    for (uint64_t seq = 1; seq <= applied; ++seq) {
      CHECK(db_->Get(leveldb::ReadOptions(), "seq" + std::to_string(seq), &value).ok());
    }
    const std::string next = "seq" + std::to_string(applied + 1);
    CHECK(db_->Get(leveldb::ReadOptions(), next, &value).IsNotFound());
    return applied;
  }

  void Flush() {
    const leveldb::Slice above("\xff\xff\xff\xff");
    db_->CompactRange(&above, &above);
  }

  FlushTracker tracker;
  leveldb::Status status;

 private:
  std::unique_ptr<leveldb::Env> env_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace

TEST_CASE("LevelDB stores no log of its own") {
  FaultFileSystem fs;
  Shard shard(fs);
  REQUIRE(shard.status.ok());
  for (uint64_t seq = 1; seq <= 20; ++seq) REQUIRE(shard.Write(seq).ok());
  const auto names = fs.List("shard");
  REQUIRE(names.has_value());
  for (const std::string& name : *names) {
    CHECK(name.find(".log") == std::string::npos);
  }
}

TEST_CASE("a LevelDB closed without a flush opens at what was flushed") {
  FaultFileSystem fs;
  {
    Shard shard(fs);
    REQUIRE(shard.status.ok());
    for (uint64_t seq = 1; seq <= 20; ++seq) REQUIRE(shard.Write(seq).ok());
  }
  Shard shard(fs);
  REQUIRE(shard.status.ok());
  CHECK(shard.ConsistentAt() == 0);
}

TEST_CASE("a flush makes everything written durable and the tracker knows it") {
  FaultFileSystem fs;
  std::mt19937_64 random(1);
  {
    Shard shard(fs);
    REQUIRE(shard.status.ok());
    for (uint64_t seq = 1; seq <= 20; ++seq) REQUIRE(shard.Write(seq).ok());
    CHECK(shard.tracker.flushed_seq() == 0);
    shard.Flush();
  }
  fs.CutPower(PowerCut::kNothing, random);
  Shard shard(fs);
  REQUIRE(shard.status.ok());
  CHECK(shard.ConsistentAt() == 20);
}

TEST_CASE("after a power cut LevelDB stands at a whole batch that is not before flushed_seq") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    std::unique_ptr<FaultFileSystem> image;
    uint64_t flushed = 0;
    uint64_t written = 0;
    {
      FaultFileSystem fs;
      Shard shard(fs);
      REQUIRE(shard.status.ok());
      const uint64_t batches = 1 + random() % 300;  // A memtable takes about 40.
      for (written = 0; written < batches; ++written) REQUIRE(shard.Write(written + 1).ok());
      flushed = shard.tracker.flushed_seq();
      image = fs.CopyAfterPowerCut(static_cast<PowerCut>(random() % 4), random);
    }
    Shard shard(*image);
    REQUIRE_MESSAGE(shard.status.ok(), shard.status.ToString());
    const uint64_t stands_at = shard.ConsistentAt();
    CHECK(stands_at >= flushed);
    CHECK(stands_at <= written);
    // And it goes on from there, as the commit log would replay it.
    for (uint64_t seq = stands_at + 1; seq <= stands_at + 100; ++seq) {
      REQUIRE(shard.Write(seq).ok());
    }
    CHECK(shard.ConsistentAt() == stands_at + 100);
  }
}

// Whatever of a MANIFEST is in the page cache may reach the disk at any time.
TEST_CASE("a MANIFEST never speaks of a table whose name a power cut may take away") {
  std::mt19937_64 random(1);
  FaultFileSystem fs;
  std::vector<std::unique_ptr<FaultFileSystem>> images;
  {
    Shard shard(fs);
    REQUIRE(shard.status.ok());
    fs.SetHook([&](lsm::FileOperation operation, const std::string& path) {
      const bool directory = operation == lsm::FileOperation::kSyncDirectory;
      const bool manifest = path.find("MANIFEST") != std::string::npos;
      if (!directory && !(manifest && operation == lsm::FileOperation::kSync)) return;
      // All bytes and no names: the worst there is for a record that came too early.
      images.push_back(fs.CopyAfterPowerCut(PowerCut::kBytesOnly, random));
    });
    for (uint64_t seq = 1; seq <= 200; ++seq) REQUIRE(shard.Write(seq).ok());
    shard.Flush();
    fs.SetHook(nullptr);
  }
  CHECK(images.size() >= 4);
  for (const auto& image : images) {
    Shard shard(*image);
    REQUIRE_MESSAGE(shard.status.ok(), shard.status.ToString());
    shard.ConsistentAt();
  }
}

TEST_CASE("a memtable that cannot be stored is not taken for flushed") {
  FaultFileSystem fs;
  Shard shard(fs);
  REQUIRE(shard.status.ok());
  fs.AddFault({.operation = lsm::FileOperation::kSync, .path_part = ".ldb"});
  uint64_t seq = 1;
  while (seq < 1000 && shard.Write(seq).ok()) ++seq;
  CHECK(seq < 1000);  // LevelDB's background error is sticky.
  CHECK(shard.tracker.flushed_seq() == 0);
}

TEST_CASE("the tracker takes what was written before a switch for flushed, and no more") {
  std::vector<uint64_t> told;
  FlushTracker tracker([&](uint64_t seq) { told.push_back(seq); });
  tracker.OnMemtableSwitch(3);
  tracker.Start(100);
  tracker.Written(101);
  tracker.Written(102);
  tracker.OnMemtableSwitch(7);
  tracker.Written(103);
  CHECK(tracker.flushed_seq() == 100);
  tracker.OnMemtableFlushed(7);
  CHECK(tracker.flushed_seq() == 102);
  tracker.OnMemtableSwitch(9);
  tracker.OnMemtableFlushed(9);
  CHECK(tracker.flushed_seq() == 103);
  CHECK(told == std::vector<uint64_t>{102, 103});
}

TEST_CASE("a compaction reads tables in large pieces, other reads block by block") {
  FaultFileSystem fs;
  Shard shard(fs);
  REQUIRE(shard.status.ok());
  for (uint64_t seq = 1; seq <= 2000; ++seq) REQUIRE(shard.Write(seq).ok());
  shard.Flush();
  // 2000 batches of 500 bytes in 4 KB blocks make some 250 blocks a pass, over several passes.
  const uint64_t reads = fs.count(lsm::FileOperation::kRead);
  CHECK(reads > 0);
  const uint64_t blocks_once = 2000 * 500 / 4096;
  CAPTURE(reads);
  CHECK(reads < 2 * blocks_once + 400);
}
