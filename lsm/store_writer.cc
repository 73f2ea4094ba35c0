// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/store_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "lsm/store_options.h"

namespace lsm {
namespace {

namespace fs = std::filesystem;

uint64_t RandomSeed() {
  std::random_device random;
  uint64_t seed = 0;
  while (seed == 0) seed = uint64_t{random()} << 32 | random();
  return seed;
}

std::string WithoutSlash(std::string dir) {
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  return dir;
}

std::string ShardName(uint32_t number) {
  char name[16];
  std::snprintf(name, sizeof name, "/lsm-%03u", number);
  return name;
}

Status SyncDirectory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Status::IoError(path + ": cannot be opened");
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced ? Status() : Status::IoError(path + ": cannot be synced");
}

}  // namespace

StoreWriter::StoreWriter(const Options& options)
    : options_(options),
      building_(WithoutSlash(options.dir) + ".importing-" + std::to_string(getpid())),
      hash_seed_(RandomSeed()) {}

Result<std::unique_ptr<StoreWriter>> StoreWriter::Create(const Options& options) {
  std::unique_ptr<StoreWriter> writer(new StoreWriter(options));
  std::error_code error;
  if (fs::exists(options.dir, error) && !fs::is_empty(options.dir, error)) {
    return Status::Invalid(options.dir + " is not empty");
  }
  if (options.shards == 0 || options.shards > 256) return Status::Invalid("shards: 1 to 256");
  fs::create_directories(writer->building_, error);
  if (error) return Status::IoError(writer->building_ + ": " + error.message());
  writer->sorter_ = std::make_unique<RowSorter>(writer->building_, options.memory_bytes);
  return writer;
}

StoreWriter::~StoreWriter() {
  if (finished_) return;
  sorter_.reset();
  std::error_code ignored;
  fs::remove_all(building_, ignored);
}

uint8_t StoreWriter::ShardOf(std::string_view key) const {
  return static_cast<uint8_t>(uint32_t{KeySlot(key)} * options_.shards / kSlots);
}

CollectionId StoreWriter::NewCollection(std::string_view key) {
  return MakeCollectionId(ShardOf(key), counters_.next_collection++);
}

Status StoreWriter::PutRow(CollectionId collection, std::string_view subkey,
                           std::string_view value) {
  key_.assign(EncodeRowKeyPrefix(collection).view());
  key_.append(subkey);
  return sorter_->Add(static_cast<uint8_t>(collection >> kCollectionShardShift), key_, value);
}

Status StoreWriter::PutKey(uint32_t db, std::string_view key, MetaHead head,
                           std::string_view payload) {
  Database& database = databases_[db];
  if (database.generation == 0) database.generation = counters_.next_generation++;
  ++database.keys;
  const uint8_t shard = ShardOf(key);
  if (head.expire_at_ms != kNoExpiry) ++database.expiring;
  head.ttl_row_ms = EarlierOf(head.expire_at_ms, head.row_times.first_ms);
  if (head.ttl_row_ms != kNoExpiry) {
    key_.assign(EncodeTtlKeyPrefix(head.ttl_row_ms, database.generation).view());
    key_.append(key);
    LSM_RETURN_IF_ERROR(sorter_->Add(shard, key_, {}));
  }
  key_.assign(EncodeMetaKeyPrefix(database.generation, KeyPosition(hash_seed_, key)).view());
  key_.append(key);
  return sorter_->Add(shard, key_, EncodeMeta(head, payload));
}

Status StoreWriter::PutSystem(std::string_view name, std::string_view value) {
  return sorter_->Add(0, EncodeStoreKey(std::string(kSystemRowPrefix) + std::string(name)), value);
}

Status StoreWriter::PutStoreRows() {
  const FormatRow format = {.shards = options_.shards, .hash_seed = hash_seed_};
  LSM_RETURN_IF_ERROR(sorter_->Add(0, EncodeStoreKey(kFormatRow), EncodeFormat(format)));
  LSM_RETURN_IF_ERROR(sorter_->Add(0, EncodeStoreKey(kCountersRow), EncodeCounters(counters_)));
  for (const auto& [db, database] : databases_) {
    LSM_RETURN_IF_ERROR(
        sorter_->Add(0, EncodeStoreKey(DatabaseRowName(db)),
                     EncodeDatabase({database.generation, database.keys, database.expiring})));
  }
  return {};
}

Status StoreWriter::Twice(std::string_view row_key) {
  if (const auto meta = DecodeMetaKey(row_key)) {
    return Status::Corruption("key \"" + std::string(meta->key) + "\" appears twice");
  }
  if (const auto row = DecodeRowKey(row_key)) {
    return Status::Corruption("an element appears twice in one collection: \"" +
                              std::string(row->subkey) + "\"");
  }
  if (const auto ttl = DecodeTtlKey(row_key)) {
    return Status::Corruption("key \"" + std::string(ttl->key) + "\" appears twice");
  }
  return Status::Corruption("a row appears twice");
}

Status StoreWriter::WriteStretch(const SortRange& range, Levels& shards,
                                 std::atomic<uint64_t>* rows) const {
  constexpr uint64_t kReported = 1 << 12;
  std::unique_ptr<LevelWriter::Series> series;
  int series_shard = -1;
  std::string last_key;
  uint64_t unreported = 0;
  const Status walked = sorter_->Walk(range, [&](uint8_t shard, auto key, auto value) -> Status {
    if (shard != series_shard) {
      if (series != nullptr) LSM_RETURN_IF_ERROR(series->Finish());
      series = std::make_unique<LevelWriter::Series>(*shards[shard]);
      series_shard = shard;
    } else if (key == last_key) {
      return Twice(key);
    }
    last_key.assign(key);
    if (++unreported == kReported) {
      *rows += std::exchange(unreported, 0);
      if (stop_) return Status::IoError("given up");
    }
    return series->Add(key, value);
  });
  LSM_RETURN_IF_ERROR(walked);
  *rows += unreported;
  return series == nullptr ? Status() : series->Finish();
}

Status StoreWriter::WriteTables(Levels& shards, const Progress& progress) {
  constexpr size_t kMostThreads = 8;
  // Each stretch ends with a table that is not full: no more of them than are worth it.
  constexpr uint64_t kStretchBytes = uint64_t{64} << 20;
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
  const uint64_t wanted = sorter_->bytes() / kStretchBytes + 1;
  const std::vector<SortBound> bounds = sorter_->Divide(std::min<uint64_t>(wanted, 4 * threads));
  std::atomic<size_t> next = 0;
  std::atomic<uint64_t> rows = 0;
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = std::min(threads, bounds.size() + 1);
  Status status;
  const auto work = [&] {
    for (size_t part = next++; part <= bounds.size() && !stop_; part = next++) {
      const SortRange range = {part == 0 ? nullptr : &bounds[part - 1],
                               part == bounds.size() ? nullptr : &bounds[part]};
      const Status written = WriteStretch(range, shards, &rows);
      const std::lock_guard lock(mutex);
      if (!written.ok() && status.ok()) status = written;
      if (!written.ok()) stop_ = true;
    }
    const std::lock_guard lock(mutex);
    --running;
    ended.notify_one();
  };
  std::vector<std::thread> workers;
  for (size_t i = running; i > 0; --i) workers.emplace_back(work);
  {
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(200), [&] { return running == 0; })) {
      if (progress && !progress(rows)) stop_ = true;
    }
  }
  for (std::thread& worker : workers) worker.join();
  if (progress && !progress(rows) && status.ok()) return Status::IoError("given up");
  return status;
}

Status StoreWriter::Finish(const Progress& progress) {
  LSM_RETURN_IF_ERROR(PutStoreRows());
  LSM_RETURN_IF_ERROR(sorter_->Seal());
  Levels shards;
  std::error_code error;
  for (uint32_t shard = 0; shard < options_.shards; ++shard) {
    const std::string path = building_ + ShardName(shard);
    fs::create_directory(path, error);
    if (error) return Status::IoError(path + ": " + error.message());
    shards.push_back(std::make_unique<LevelWriter>(path, options_.tables));
  }
  LSM_RETURN_IF_ERROR(WriteTables(shards, progress));
  for (auto& shard : shards) {
    LSM_RETURN_IF_ERROR(shard->Finish());
    table_bytes_ += shard->bytes();
  }
  sorter_.reset();
  // No record is missing from an empty log; that there is no log at all would be damage.
  const fs::path log = fs::path(building_) / kLogDirectoryName;
  fs::create_directory(log, error);
  if (error) return Status::IoError(log.string() + ": " + error.message());
  LSM_RETURN_IF_ERROR(SyncDirectory(building_));
  const std::string dir = WithoutSlash(options_.dir);
  // An empty directory gives way to a rename; one that has got something since does not.
  if (std::rename(building_.c_str(), dir.c_str()) != 0) {
    return Status::IoError(dir + ": cannot take the store: something is there");
  }
  finished_ = true;
  const fs::path parent = fs::absolute(dir, error).parent_path();
  return SyncDirectory(parent.string());
}

}  // namespace lsm
