// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/disk_reader.h"

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "tests/lsm/disk_fixture.h"

namespace lsm {
namespace {

void PutMeta(Shards& shards, uint32_t generation, const std::string& key,
             const std::string& value) {
  const std::string row = EncodeMetaKey(generation, shards.PositionOf(key), key);
  PutRow(shards, shards.ShardOfRow(row), row, EncodeMeta({.type = 1}, value));
}

TEST_CASE("DiskReader reads a meta, or that there is none") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files, 2));
  PutMeta(*shards, 4, "foo", "bar");
  const DiskReader reader(*shards);
  const auto found = reader.ReadMeta(4, "foo");
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  CHECK((*found)->payload() == "bar");
  CHECK_FALSE(reader.ReadMeta(4, "fo")->has_value());
  CHECK_FALSE(reader.ReadMeta(5, "foo")->has_value());
}

TEST_CASE("DiskReader says so when a meta cannot be read") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  const std::string row = EncodeMetaKey(1, shards->PositionOf("k"), "k");
  PutRow(*shards, 0, row, "\x01");
  const auto meta = DiskReader(*shards).ReadMeta(1, "k");
  REQUIRE_FALSE(meta.has_value());
  CHECK(meta.error().code() == Status::Code::kCorruption);
}

TEST_CASE(
    "DiskReader::ScanMetas gives each key of its keyspace once, pages cut between positions") {
  for (const uint32_t shard_count : {1U, 3U}) {
    FaultFileSystem files;
    const auto shards = OpenShards(TestShardOptions(files, shard_count));
    std::set<std::string> keys;
    for (int i = 0; i < 500; ++i) {
      const std::string key = "key" + std::to_string(i);
      keys.insert(key);
      PutMeta(*shards, 1, key, "");
      PutMeta(*shards, 2, "other" + key, "");
    }
    const DiskReader reader(*shards);
    uint64_t from = 0;
    uint64_t last = 0;
    std::set<std::string> seen;
    while (from < kPositionEnd) {
      const auto page = reader.ScanMetas(1, from, 7);
      REQUIRE(page.has_value());
      for (const auto& item : page->items) {
        CHECK(item.position >= last);
        CHECK(item.position < page->next_position);
        CHECK(item.position == shards->PositionOf(item.key));
        last = item.position;
        CHECK(seen.insert(item.key).second);
      }
      CHECK((page->items.size() >= 7 || page->next_position == kPositionEnd));
      from = page->next_position;
    }
    CHECK(seen == keys);
  }
}

TEST_CASE("DiskReader::ScanTtlRows merges the shards in the order of times") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files, 3));
  std::set<TtlRow> rows;
  for (int i = 0; i < 200; ++i) {
    const TtlRow row{i * 37 % 100, 1, "key" + std::to_string(i)};
    rows.insert(row);
    const std::string key = EncodeTtlKey(row.expire_ms, row.generation, row.key);
    PutRow(*shards, shards->ShardOfRow(key), key, "");
  }
  const DiskReader reader(*shards);
  const auto all = reader.ScanTtlRows({}, 1000);
  REQUIRE(all.has_value());
  CHECK(all->complete);
  CHECK(std::vector<TtlRow>(rows.begin(), rows.end()) == all->rows);
  const auto part = reader.ScanTtlRows(all->rows[50], 20);
  REQUIRE(part.has_value());
  CHECK_FALSE(part->complete);
  REQUIRE(part->rows.size() == 20);
  CHECK(part->rows[0] == all->rows[50]);
  CHECK(part->rows[19] == all->rows[69]);
  CHECK(reader.ScanTtlRows(all->rows[180], 20)->complete);
}

TEST_CASE("DiskReader::LoadRun reads rows of one collection only") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files, 2));
  const CollectionId id = MakeCollectionId(1, 5);
  for (const char* subkey : {"a", "b", "c"}) PutRow(*shards, 1, EncodeRowKey(id, subkey), "v");
  PutRow(*shards, 1, EncodeRowKey(id + 1, "z"), "v");
  PutRow(*shards, 1, EncodeRowKey(id - 1, "z"), "v");
  DiskReader reader(*shards);
  LoadRequest request;
  request.collection = id;
  request.max_bytes = 10000;
  for (const LoadMode mode : {LoadMode::kForward, LoadMode::kBackward}) {
    request.mode = mode;
    const auto run = reader.LoadRun(request);
    REQUIRE(run.has_value());
    CHECK(run->row_count == 3);
  }
}

TEST_CASE("DiskReader reads store rows by name and by the beginning of names") {
  FaultFileSystem files;
  const auto shards = OpenShards(TestShardOptions(files));
  PutRow(*shards, 0, EncodeStoreKey("sys:a"), "1");
  PutRow(*shards, 0, EncodeStoreKey("sys:b"), "2");
  PutRow(*shards, 0, EncodeStoreKey("sysa"), "3");
  const DiskReader reader(*shards);
  CHECK(reader.ReadStoreRow("sys:b")->value() == "2");
  CHECK_FALSE(reader.ReadStoreRow("sys:")->has_value());
  const auto rows = reader.ReadStoreRows("sys:");
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].name == "sys:a");
}

}  // namespace
}  // namespace lsm
