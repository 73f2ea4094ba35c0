// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/string_value.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "datatypes/types.h"
#include "lsm/clock.h"
#include "lsm/collection.h"
#include "lsm/file_system.h"
#include "lsm/store.h"

namespace datatypes {
namespace {

// Stands still.
class StillClock : public lsm::Clock {
 public:
  int64_t NowMs() override { return 1'700'000'000'000; }
  int64_t MonotonicUs() override { return 1'000'000; }
};

// A store in a directory of its own.
class StoreOnDisk {
 public:
  explicit StoreOnDisk(lsm::HotTierMode mode, uint64_t budget_bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "tiercel-string-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    dir_ = name;
    lsm::StoreOptions options;
    options.dir = dir_;
    options.hot_tier = mode;
    options.hot_budget_bytes = budget_bytes;
    options.apply_interval_ms = 1;
    options.loader_threads = 1;
    options.log_segment_bytes = size_t{4} << 20;
    auto opened = lsm::Store::Open(options, lsm::PosixFileSystem(), clock_, [] {});
    REQUIRE(opened.has_value());
    store_ = *std::move(opened);
  }
  ~StoreOnDisk() {
    CHECK(store_->Close(false).ok());
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  Keyspace keyspace() { return {*store_, 0}; }
  lsm::Store& store() { return *store_; }

  void EndTurn() {
    REQUIRE(store_->CommitTurn().ok());
    store_->RunCompletions();
    store_->RunHousekeeping(100000);
  }

  String Open(std::string_view key) {
    Result<String> string = String::Open(keyspace(), key);
    REQUIRE(string.has_value());
    return *string;
  }

 private:
  StillClock clock_;
  std::string dir_;
  std::unique_ptr<lsm::Store> store_;
};

std::string ReadAll(const String& string) {
  std::string bytes;
  REQUIRE(string.Read(0, string.size(), [&bytes](std::string_view part) { bytes += part; }));
  return bytes;
}

// Offsets and lengths where things happen.
uint64_t NearBoundary(std::mt19937_64& random) {
  constexpr uint64_t kBoundaries[] = {0,
                                      100,
                                      String::kMaxInlineBytes,
                                      String::kChunkBytes,
                                      2 * String::kChunkBytes,
                                      5 * String::kChunkBytes};
  const uint64_t boundary = kBoundaries[random() % std::size(kBoundaries)];
  const uint64_t off = random() % 4 == 0 ? random() % 40000 : random() % 70;
  return random() % 2 == 0 ? boundary + off : boundary - std::min(boundary, off);
}

std::string RandomBytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, static_cast<char>(random()));
  for (size_t i = 0; i < size; i += 1 + random() % 500) bytes[i] = static_cast<char>(random());
  return bytes;
}

void CheckRange(const String& string, const std::string& model, std::mt19937_64& random) {
  const uint64_t begin = std::min<uint64_t>(NearBoundary(random), model.size());
  const uint64_t end = std::min<uint64_t>(begin + NearBoundary(random), model.size());
  std::string scratch;
  const Result<std::string_view> view = string.View(begin, end, scratch);
  REQUIRE(view.has_value());
  REQUIRE(*view == std::string_view(model).substr(begin, end - begin));
}

// Random changes and reads, each compared with a std::string.
void CompareWithModel(lsm::HotTierMode mode, uint64_t budget_bytes, int steps) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  StoreOnDisk disk(mode, budget_bytes);
  std::optional<std::string> model;
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    String string = disk.Open("key");
    REQUIRE(string.exists() == model.has_value());
    REQUIRE(string.size() == model.value_or("").size());
    const unsigned action = static_cast<unsigned>(random() % 20);
    if (action < 2) {
      model = RandomBytes(random, NearBoundary(random));
      string = String::Replace(disk.keyspace(), "key", string.entry(), *model);
    } else if (action < 7) {
      const uint64_t offset = NearBoundary(random);
      const std::string bytes = RandomBytes(random, NearBoundary(random) / (1 + random() % 50));
      if (!model) model.emplace();
      if (model->size() < offset + bytes.size()) model->resize(offset + bytes.size());
      model->replace(offset, bytes.size(), bytes);
      REQUIRE(string.WriteAt(offset, bytes));
    } else if (action < 9) {
      const std::string bytes = RandomBytes(random, random() % 50000);
      model = model.value_or("") + bytes;
      REQUIRE(string.Append(bytes));
    } else if (action < 11) {
      const uint64_t size = NearBoundary(random);
      if (!model) model.emplace();
      model->resize(size);
      REQUIRE(string.Resize(size));
    } else if (action == 11 && model) {
      disk.store().Delete(string.entry());
      model.reset();
      string = disk.Open("key");
    } else if (action == 12) {
      disk.EndTurn();
      if (random() % 8 == 0) REQUIRE(disk.store().Reopen().ok());
      string = disk.Open("key");
    } else if (action < 18 && model) {
      CheckRange(string, *model, random);
    } else {
      REQUIRE(ReadAll(string) == model.value_or(""));
    }
    REQUIRE(string.size() == model.value_or("").size());
    REQUIRE(string.chunked() == (string.size() > String::kMaxInlineBytes));
    if (random() % 3 == 0) disk.EndTurn();
  }
}

TEST_CASE("a string is like a std::string, all in RAM") {
  CompareWithModel(lsm::HotTierMode::kBounded, uint64_t{1} << 30, 3000);
}

TEST_CASE("a string is like a std::string, the hot tier being tiny") {
  CompareWithModel(lsm::HotTierMode::kBounded, 64 << 10, 2000);
}

TEST_CASE("a string is like a std::string without a hot tier") {
  CompareWithModel(lsm::HotTierMode::kOff, 0, 2000);
}

TEST_CASE("a chunked string is stored as FORMAT.md shows it") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  REQUIRE(disk.Open("key").WriteAt(0, "a"));
  REQUIRE(disk.Open("key").WriteAt(39999, "z"));
  const String string = disk.Open("key");
  lsm::Entry& entry = *string.entry();
  CHECK(entry.type() == kString);
  CHECK(entry.type_flags() == String::kEdited);
  CHECK(entry.payload() == std::string("\x00\x00\x00\x00\x00\x00\x9c\x40", 8));
  REQUIRE(entry.collection().count() == 2);
  const auto first = entry.collection().Find(std::string_view("\0\0\0\0", 4));
  REQUIRE(first.has_value());
  CHECK(first->value() == "a");
  const auto second = entry.collection().Find(std::string_view("\0\0\0\1", 4));
  REQUIRE(second.has_value());
  CHECK(second->value() == std::string(7295, '\0') + "z");
}

TEST_CASE("one far byte of a long string is one row") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  const uint64_t offset = (uint64_t{1} << 29) - 1;
  REQUIRE(disk.Open("key").WriteAt(offset, "\x01"));
  const String string = disk.Open("key");
  CHECK(string.size() == offset + 1);
  CHECK(string.entry()->collection().count() == 1);
  std::string scratch;
  CHECK(string.View(offset - 2, offset + 1, scratch) == std::string("\0\0\1", 3));
  CHECK(disk.store().TurnBytes() < 100000);
}

TEST_CASE("a write into a long string writes its chunk and no more") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  String::Replace(disk.keyspace(), "key", nullptr, std::string(5 << 20, 'x'));
  disk.EndTurn();
  REQUIRE(disk.Open("key").WriteAt(1 << 20, "here"));
  REQUIRE(disk.Open("key").Append("the end"));
  CHECK(disk.store().TurnBytes() < 3 * String::kChunkBytes);
}

TEST_CASE("Replace drops the expiry unless told to keep it") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  const int64_t later = StillClock().NowMs() + 1000000;
  for (const size_t size : {size_t{5}, size_t{100000}}) {
    CAPTURE(size);
    const std::string bytes(size, 'x');
    String string = String::Replace(disk.keyspace(), "key", disk.Open("key").entry(), "old");
    disk.store().SetExpiry(string.entry(), later);
    string = String::Replace(disk.keyspace(), "key", disk.Open("key").entry(), bytes,
                             String::Expiry::kKeep);
    CHECK(string.entry()->expire_at_ms() == later);
    CHECK(ReadAll(string) == bytes);
    string = String::Replace(disk.keyspace(), "key", string.entry(), bytes);
    CHECK_FALSE(string.entry()->has_expiry());
    CHECK(ReadAll(string) == bytes);
  }
}

TEST_CASE("the encoding is what Redis would say of the value and of how it was made") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  const auto encoding = [&disk](std::string_view bytes) {
    return String::Encoding(
        *String::Replace(disk.keyspace(), "key", disk.Open("key").entry(), bytes).entry());
  };
  CHECK(encoding("12") == "int");
  CHECK(encoding("-9223372036854775808") == "int");
  CHECK(encoding("9223372036854775808") == "embstr");
  CHECK(encoding("012") == "embstr");
  CHECK(encoding("") == "embstr");
  CHECK(encoding(std::string(44, 'x')) == "embstr");
  CHECK(encoding(std::string(45, 'x')) == "raw");
  CHECK(encoding(std::string(100000, 'x')) == "raw");
  CHECK(encoding("1") == "int");
  REQUIRE(disk.Open("key").Append("2"));
  CHECK(String::Encoding(*disk.Open("key").entry()) == "raw");
  CHECK(encoding("12") == "int");
}

TEST_CASE("opening a key of another type is an error") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  disk.store().Create(0, "key", kHash, 0, {});
  const Result<String> string = String::Open(disk.keyspace(), "key");
  REQUIRE_FALSE(string.has_value());
  CHECK(string.error().text() ==
        "WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_CASE("a damaged meta of a long string is an error") {
  StoreOnDisk disk(lsm::HotTierMode::kBounded, uint64_t{1} << 30);
  lsm::Entry* entry = disk.store().Create(0, "key", kString, 0, "short");
  disk.store().AttachCollection(entry);
  CHECK_FALSE(String::Open(disk.keyspace(), "key").has_value());
}

}  // namespace
}  // namespace datatypes
