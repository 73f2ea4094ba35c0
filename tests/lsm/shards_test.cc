// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/shards.h"

#include <algorithm>
#include <atomic>
#include <set>

#include <doctest/doctest.h>

#include "tests/lsm/disk_fixture.h"

namespace lsm {
namespace {

TEST_CASE("Shards keeps rows, number and seed over a restart") {
  FaultFileSystem files;
  {
    const auto shards = OpenShards(TestShardOptions(files, 3));
    PutRow(*shards, 2, "rx", "1");
    REQUIRE(shards->FlushMemtable(2).ok());
  }
  auto options = TestShardOptions(files, 0);
  options.hash_seed = 99;
  const auto shards = OpenShards(options);
  CHECK(shards->count() == 3);
  CHECK(shards->hash_seed() == 7);
  CHECK(ReadRow(*shards, 2, "rx") == "1");
}

TEST_CASE("Shards refuses another number of shards than the store has") {
  FaultFileSystem files;
  OpenShards(TestShardOptions(files, 2)).reset();
  const auto shards = Shards::Open(TestShardOptions(files, 4));
  REQUIRE_FALSE(shards.has_value());
  CHECK(shards.error().code() == Status::Code::kInvalid);
}

TEST_CASE("Shards refuses another format version") {
  FaultFileSystem files;
  {
    const auto shards = OpenShards(TestShardOptions(files));
    PutRow(*shards, 0, EncodeStoreKey(kFormatRow), EncodeFormat({.version = 9}));
    REQUIRE(shards->FlushMemtable(0).ok());
  }
  const auto shards = Shards::Open(TestShardOptions(files));
  REQUIRE_FALSE(shards.has_value());
  CHECK(shards.error().code() == Status::Code::kNotSupported);
}

TEST_CASE("Shards without create_if_missing finds no store, and makes none") {
  FaultFileSystem files;
  auto options = TestShardOptions(files);
  options.create_if_missing = false;
  CHECK_FALSE(Shards::Open(options).has_value());
  CHECK_FALSE(files.Exists("/store/lsm-000/CURRENT"));
}

TEST_CASE("Shards deals every kind of row to its shard") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files, 4));
  const uint64_t position = shards->PositionOf("foo");  // Slot 12182 of 16384.
  CHECK(shards->ShardOfRow(EncodeMetaKey(1, position, "foo")) == 2);
  CHECK(shards->ShardOfRow(EncodeTtlKey(5, 1, "foo")) == 2);
  CHECK(shards->ShardOfRow(EncodeRowKey(MakeCollectionId(3, 1), "x")) == 3);
  CHECK(shards->ShardOfRow(
            EncodeGarbageKey({Garbage::Kind::kCollection, MakeCollectionId(1, 5)})) == 1);
  CHECK(shards->ShardOfRow(EncodeGarbageKey({Garbage::Kind::kGeneration, 5})) ==
        Shards::kEveryShard);
  CHECK(shards->ShardOfRow(EncodeStoreKey("x")) == 0);
  std::set<uint32_t> used;
  uint32_t before = 0;
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    const uint32_t shard = shards->ShardOfSlot(static_cast<uint16_t>(slot));
    CHECK(shard >= before);
    before = shard;
    used.insert(shard);
  }
  CHECK(used.size() == 4);
}

TEST_CASE("Shards tells what is flushed, once it is") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  PutRow(*shards, 0, EncodeStoreKey(kAppliedRow), EncodeApplied(5));
  shards->Written(0, 5);
  CHECK(shards->flushed_seq() == 0);
  REQUIRE(shards->FlushMemtable(0).ok());
  CHECK(shards->flushed_seq() == 5);
}

TEST_CASE("Shards::Reopen has what was lost written again before anybody reads") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  PutRow(*shards, 0, "ra", "kept");
  PutRow(*shards, 0, EncodeStoreKey(kAppliedRow), EncodeApplied(1));
  shards->Written(0, 1);
  REQUIRE(shards->FlushMemtable(0).ok());
  PutRow(*shards, 0, "rb", "lost");
  shards->Written(0, 2);
  const Status status = shards->Reopen(0, 0, [&](leveldb::DB& db, uint64_t applied) -> Status {
    CHECK(applied == 1);
    db.Put({}, "rb", "again");
    db.Put({}, EncodeStoreKey(kAppliedRow), EncodeApplied(2));
    shards->Written(0, 2);
    return {};
  });
  REQUIRE_MESSAGE(status.ok(), status.message());
  CHECK(ReadRow(*shards, 0, "ra") == "kept");
  CHECK(ReadRow(*shards, 0, "rb") == "again");
  CHECK(shards->flushed_seq() == 1);
  CHECK(shards->reopens() == 1);
  REQUIRE(shards->FlushMemtable(0).ok());
  CHECK(shards->flushed_seq() == 2);
}

TEST_CASE("Shards::Reopen does not take memtables that were lost for flushed ones") {
  FaultFileSystem files;
  auto options = TestShardOptions(files);
  std::atomic<uint64_t> told = 0;
  options.on_flushed = [&](uint64_t seq) { told = std::max(told.load(), seq); };
  const auto shards = OpenShards(std::move(options));
  PutRow(*shards, 0, EncodeStoreKey(kAppliedRow), EncodeApplied(1));
  shards->Written(0, 1);
  REQUIRE(shards->FlushMemtable(0).ok());
  PutRow(*shards, 0, "rb", "lost");
  PutRow(*shards, 0, EncodeStoreKey(kAppliedRow), EncodeApplied(2));
  shards->Written(0, 2);
  // The log behind it is asked for record 2 now: it must not have been released.
  REQUIRE(shards
              ->Reopen(0, 0,
                       [&](leveldb::DB&, uint64_t applied) {
                         CHECK(applied == 1);
                         CHECK(told == 1);
                         return Status::Ok();
                       })
              .ok());
  CHECK(told == 1);
  CHECK(shards->flushed_seq() == 1);
}

TEST_CASE("Shards::Reopen leaves the instance readable while the disk is full") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  PutRow(*shards, 0, "ra", "in the memtable");
  files.SetCapacity(1);
  CHECK_FALSE(shards->Reopen(0, 0, [](leveldb::DB&, uint64_t) { return Status::Ok(); }).ok());
  CHECK(ReadRow(*shards, 0, "ra") == "in the memtable");
}

TEST_CASE("Shards::Reopen wants no more room than it needs") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  const auto reapply = [](leveldb::DB&, uint64_t) { return Status::Ok(); };
  constexpr uint64_t kFree = (uint64_t{1} << 20) + (64 << 10);
  constexpr uint64_t kMuch = uint64_t{1} << 40;
  files.SetCapacity(kMuch);
  files.SetCapacity(kMuch - files.FreeSpace("/store").value() + kFree);
  CHECK_FALSE(shards->Reopen(0, 128 << 10, reapply).ok());
  CHECK(shards->Reopen(0, 32 << 10, reapply).ok());
}

TEST_CASE("Shards: a reopening that fails in the middle gives errors, never old rows") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  PutRow(*shards, 0, "ra", "1");
  const auto fail = [](leveldb::DB&, uint64_t) { return Status::IoError("no log"); };
  CHECK_FALSE(shards->Reopen(0, 0, fail).ok());
  CHECK_FALSE(shards->Get(0, "ra").has_value());
  const auto succeed = [](leveldb::DB& db, uint64_t) {
    db.Put({}, "ra", "1");
    return Status::Ok();
  };
  CHECK(shards->Reopen(0, 0, succeed).ok());
  CHECK(ReadRow(*shards, 0, "ra") == "1");
}

}  // namespace
}  // namespace lsm
