// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/store_writer.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/checker.h"
#include "lsm/collection.h"
#include "lsm/file_system.h"
#include "lsm/row_sorter.h"
#include "lsm/store.h"

namespace lsm {
namespace {

namespace fs = std::filesystem;

// A directory that goes away.
struct Work {
  Work() {
    char name[] = "/tmp/tiercel-store-writer-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Work() { fs::remove_all(path); }
  std::string dir() const { return path + "/store"; }
  std::string path;
};

std::string Name(int i) {
  return "key:" + std::to_string(i * 7919 % 100'003);
}

// `keys` strings, every tenth with an expiry, and a collection of `rows` rows.
Status Fill(StoreWriter& writer, int keys, int rows) {
  for (int i = 0; i < keys; ++i) {
    MetaHead head;
    head.type = 1;
    if (i % 10 == 0) head.expire_at_ms = 4'000'000'000'000 + i;
    LSM_RETURN_IF_ERROR(writer.PutKey(i % 3 == 0 ? 5 : 0, Name(i), head,
                                      std::string(static_cast<size_t>(i % 300), 'v')));
  }
  MetaHead head;
  head.type = 2;
  head.collection = writer.NewCollection("collection");
  for (int i = rows; i > 0; --i) {
    LSM_RETURN_IF_ERROR(writer.PutRow(head.collection, Name(i), std::to_string(i)));
  }
  head.count = static_cast<uint64_t>(rows);
  LSM_RETURN_IF_ERROR(writer.PutKey(0, "collection", head, "extras"));
  return writer.PutSystem("name", "value");
}

TEST_CASE("What StoreWriter has built is a whole store, however little memory it had") {
  for (const uint32_t shards : {1U, 3U}) {
    for (const size_t memory : {size_t{64} << 10, size_t{64} << 20}) {
      CAPTURE(shards);
      CAPTURE(memory);
      const Work work;
      StoreWriter::Options options;
      options.dir = work.dir();
      options.shards = shards;
      options.memory_bytes = memory;
      options.tables.table_bytes = 64 << 10;
      auto writer = StoreWriter::Create(options);
      REQUIRE(writer.has_value());
      REQUIRE(Fill(**writer, 5000, 3000).ok());
      CHECK(!fs::exists(work.dir()));
      uint64_t told = 0;
      const Status finished = (*writer)->Finish([&told](uint64_t rows) {
        told = rows;
        return true;
      });
      REQUIRE_MESSAGE(finished.ok(), finished.message());
      CHECK(told > 8500);  // Keys, ttl rows, the collection's rows, and the store's own.

      const auto fresh = CheckStore({.dir = work.dir()});
      REQUIRE(fresh.has_value());
      CHECK(fresh->ok());

      StoreOptions open;
      open.dir = work.dir();
      open.shards = shards;
      auto store = Store::Open(open, PosixFileSystem(), *SystemClock(), [] {});
      REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message()));
      CHECK((*store)->KeyCount(0) + (*store)->KeyCount(5) == 5001);
      CHECK((*store)->ExpiringCount(0) + (*store)->ExpiringCount(5) == 500);
      for (int i = 0; i < 5000; ++i) {
        auto entry = (*store)->FindOrLoad(i % 3 == 0 ? 5 : 0, Name(i));
        REQUIRE(entry.has_value());
        REQUIRE(*entry != nullptr);
        CHECK((*entry)->payload().size() == static_cast<size_t>(i % 300));
        CHECK((*entry)->has_expiry() == (i % 10 == 0));
      }
      auto entry = (*store)->FindOrLoad(0, "collection");
      REQUIRE(entry.has_value());
      REQUIRE(*entry != nullptr);
      CHECK((*entry)->payload() == "extras");
      CHECK((*entry)->collection().count() == 3000);
      CHECK((*entry)->collection().Find(Name(77)).value() == "77");
      CHECK((*store)->GetSystem("name").value() == "value");
      // It can be written to, and opened again.
      (*store)->Create(0, "new", 1, 0, "x");
      REQUIRE((*store)->Close(true).ok());
      store->reset();
      const auto report = CheckStore({.dir = work.dir()});
      REQUIRE(report.has_value());
      CHECK(report->ok());
      CHECK(report->keys == 5002);
    }
  }
}

TEST_CASE("An import that is given up leaves nothing, one that is done leaves one directory") {
  const Work work;
  StoreWriter::Options options;
  options.dir = work.dir();
  {
    auto writer = StoreWriter::Create(options);
    REQUIRE(writer.has_value());
    REQUIRE(Fill(**writer, 10, 10).ok());
  }
  CHECK(fs::is_empty(work.path));
  {
    auto writer = StoreWriter::Create(options);
    REQUIRE(writer.has_value());
    REQUIRE(Fill(**writer, 10, 10).ok());
    CHECK(!(*writer)->Finish([](uint64_t) { return false; }).ok());
  }
  CHECK(fs::is_empty(work.path));
  {
    auto writer = StoreWriter::Create(options);
    REQUIRE(writer.has_value());
    REQUIRE((*writer)->Finish(nullptr).ok());
  }
  CHECK(std::distance(fs::directory_iterator(work.path), fs::directory_iterator()) == 1);
  const auto again = StoreWriter::Create(options);
  REQUIRE(!again.has_value());
  CHECK(again.error().code() == Status::Code::kInvalid);
}

TEST_CASE("Rows that come twice are found, and told by their names") {
  for (const bool collection : {false, true}) {
    const Work work;
    StoreWriter::Options options;
    options.dir = work.dir();
    options.memory_bytes = 1;  // A run for every row.
    auto writer = StoreWriter::Create(options);
    REQUIRE(writer.has_value());
    MetaHead head;
    head.type = 1;
    if (collection) {
      const CollectionId id = (*writer)->NewCollection("k");
      REQUIRE((*writer)->PutRow(id, "twin", "1").ok());
      REQUIRE((*writer)->PutRow(id, "twin", "2").ok());
    } else {
      REQUIRE((*writer)->PutKey(0, "twin", head, "1").ok());
      REQUIRE((*writer)->PutKey(0, "twin", head, "2").ok());
    }
    const Status finished = (*writer)->Finish(nullptr);
    CHECK(!finished.ok());
    CHECK(finished.message().find("twin") != std::string::npos);
    CHECK(!fs::exists(work.dir()));
  }
}

TEST_CASE("RowSorter gives rows in order, whatever they begin with") {
  const Work work;
  for (const size_t memory : {size_t{1} << 12, size_t{1} << 24}) {
    RowSorter sorter(work.path, memory);
    std::map<std::pair<int, std::string>, std::string> expected;
    for (int i = 0; i < 3000; ++i) {
      std::string key(static_cast<size_t>(i % 40), static_cast<char>(i % 5 == 0 ? 0 : 0xff));
      key += std::to_string(i * 31 % 3000);
      expected[{i % 3, key}] = std::to_string(i);
      REQUIRE(sorter.Add(static_cast<uint8_t>(i % 3), key, std::to_string(i)).ok());
    }
    REQUIRE(sorter.Seal().ok());
    CHECK((sorter.runs() > 0) == (memory < 1 << 20));
    for (const size_t parts : {1, 2, 7}) {
      const std::vector<SortBound> bounds = sorter.Divide(parts);
      CHECK(bounds.size() < parts);
      auto next = expected.begin();
      for (size_t part = 0; part <= bounds.size(); ++part) {
        const SortRange range = {part == 0 ? nullptr : &bounds[part - 1],
                                 part == bounds.size() ? nullptr : &bounds[part]};
        REQUIRE(sorter
                    .Walk(range,
                          [&](uint8_t shard, auto key, auto value) -> Status {
                            REQUIRE(next != expected.end());
                            CHECK(next->first.first == shard);
                            CHECK(next->first.second == key);
                            CHECK(next->second == value);
                            ++next;
                            return {};
                          })
                    .ok());
      }
      CHECK(next == expected.end());
    }
  }
}

}  // namespace
}  // namespace lsm
