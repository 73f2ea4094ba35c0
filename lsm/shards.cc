// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/shards.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include <leveldb/cache.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>

#include "lsm/level_env.h"
#include "lsm/level_status.h"

namespace lsm {
namespace {

// Above every row: no tag is so large.
constexpr std::string_view kAboveAll = "\xff";

std::string ShardPath(const std::string& dir, uint32_t shard) {
  char name[16];
  std::snprintf(name, sizeof(name), "/lsm-%03u", shard);
  return dir + name;
}

// Room that Reopen() wants to see on the disk. No more than is needed: the log can only let go of
// what it keeps when LevelDB goes on. LevelDB writes its manifest besides.
uint64_t ReopenRoom(const StoreOptions& options, uint64_t bytes) {
  return std::min(bytes, 3 * static_cast<uint64_t>(options.memtable_bytes)) + (uint64_t{1} << 20);
}

}  // namespace

struct Shards::Shard {
  uint32_t number = 0;
  std::string path;
  std::unique_ptr<FlushTracker> tracker;
  std::unique_ptr<leveldb::Env> env;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter;
  // Held shared by everybody who uses `db`, exclusively by who opens and closes it.
  SharedMutex mutex;
  std::unique_ptr<leveldb::DB> db;
  uint64_t epoch = 0;
};

Shards::Pin::Pin(Pin&& other) noexcept
    : mutex_(std::exchange(other.mutex_, nullptr)), db_(other.db_), epoch_(other.epoch_) {}

Shards::Pin::~Pin() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (mutex_ != nullptr) mutex_->ReaderUnlock();
}

Shards::Shards(Options options) : options_(std::move(options)) {}

// The order matters: an instance must be gone before its Env, cache and filter.
Shards::~Shards() {
  for (auto& shard : shards_) shard->db.reset();
}

leveldb::Options Shards::LevelOptions(const Shard& shard, bool create) const {
  const StoreOptions& store = options_.store;
  leveldb::Options out;
  out.create_if_missing = create;
  out.paranoid_checks = options_.paranoid;
  out.env = shard.env.get();
  out.write_buffer_size = store.memtable_bytes;
  out.max_open_files = store.max_open_tables;
  out.block_cache = shard.cache.get();
  out.block_size = store.block_bytes;
  out.max_file_size = store.table_bytes;
  out.compression = store.compress ? leveldb::kSnappyCompression : leveldb::kNoCompression;
  out.filter_policy = shard.filter.get();
  return out;
}

std::unique_ptr<Shards::Shard> Shards::MakeShard(uint32_t number) {
  auto shard = std::make_unique<Shard>();
  shard->number = number;
  shard->path = ShardPath(options_.store.dir, number);
  shard->tracker = std::make_unique<FlushTracker>([this](uint64_t) { ReportFlushed(); });
  LevelEnvOptions env;
  env.file_system = options_.files;
  env.observer = shard->tracker.get();
  env.table_reads = &table_reads_;
  if (options_.store.log_line) {
    env.log_line = [log = options_.store.log_line](std::string_view line) {
      log('.', "leveldb: " + std::string(line));
    };
  }
  shard->env = NewLevelEnv(std::move(env));
  const uint32_t shards = std::max(1U, options_.store.shards);
  shard->cache.reset(leveldb::NewLRUCache(options_.store.block_cache_bytes / shards));
  if (options_.store.bloom_bits_per_key > 0) {
    shard->filter.reset(leveldb::NewBloomFilterPolicy(options_.store.bloom_bits_per_key));
  }
  return shard;
}

Status Shards::OpenShard(Shard& shard, bool create) {
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(LevelOptions(shard, create), shard.path, &db);
  shard.db.reset(db);
  if (!status.ok()) return FromLevelStatus(status, shard.path);
  ++shard.epoch;
  LSM_ASSIGN_OR_RETURN(const uint64_t applied, ReadAppliedFrom(shard));
  shard.tracker->Start(applied);
  return {};
}

Result<std::unique_ptr<Shards>> Shards::Open(Options options) {
  std::unique_ptr<Shards> out(new Shards(std::move(options)));
  LSM_RETURN_IF_ERROR(out->OpenAll());
  out->opened_.store(true, std::memory_order_release);
  return out;
}

Status Shards::OpenAll() {
  StoreOptions& store = options_.store;
  if (store.shards > 256) return Status::Invalid("lsm-shards: 256 at most");
  if (options_.create_if_missing) {
    LSM_RETURN_IF_ERROR(options_.files->CreateDirectory(store.dir));
  }
  shards_.push_back(MakeShard(0));
  if (!options_.create_if_missing && !options_.files->Exists(shards_[0]->path + "/CURRENT")) {
    return Status::Invalid(store.dir + ": there is no store here");
  }
  LSM_RETURN_IF_ERROR(OpenShard(*shards_[0], options_.create_if_missing));
  LSM_ASSIGN_OR_RETURN(const auto stored, Get(0, EncodeStoreKey(kFormatRow)));
  if (!stored.has_value()) return CreateStore();

  Result<FormatRow> format = DecodeFormat(*stored);
  if (!format.has_value()) return format.error();
  if (store.shards != 0 && store.shards != format->shards) {
    return Status::Invalid(store.dir + ": the store has " + std::to_string(format->shards) +
                           " shards, which cannot be changed to " + std::to_string(store.shards));
  }
  hash_seed_ = format->hash_seed;
  for (uint32_t i = 1; i < format->shards; ++i) {
    shards_.push_back(MakeShard(i));
    LSM_RETURN_IF_ERROR(OpenShard(*shards_.back(), false));
  }
  return {};
}

// The format row is what makes a store: written, and in a table, after all else is there. A crash
// before that leaves empty instances, which the next start takes over.
Status Shards::CreateStore() {
  if (!options_.create_if_missing) {
    return Status::Invalid(options_.store.dir + ": there is no store here");
  }
  const uint32_t shards = std::max(1U, options_.store.shards);
  for (uint32_t i = 1; i < shards; ++i) {
    shards_.push_back(MakeShard(i));
    LSM_RETURN_IF_ERROR(OpenShard(*shards_.back(), true));
  }
  for (auto& shard : shards_) {
    const std::unique_ptr<leveldb::Iterator> it(shard->db->NewIterator({}));
    it->SeekToFirst();
    if (it->Valid()) {
      return Status::Corruption(shard->path +
                                ": holds rows, but the row that says in which "
                                "format is missing");
    }
  }
  hash_seed_ = options_.hash_seed;
  while (hash_seed_ == 0) {
    std::random_device random;
    hash_seed_ = uint64_t{random()} << 32 | random();
  }
  leveldb::WriteBatch batch;
  batch.Put(EncodeStoreKey(kFormatRow), EncodeFormat({.shards = shards, .hash_seed = hash_seed_}));
  LSM_RETURN_IF_ERROR(Write(0, &batch));
  return FlushMemtable(0);
}

uint32_t Shards::ShardOfRow(std::string_view row_key) const {
  if (row_key.empty()) return 0;
  const auto tag = static_cast<RowTag>(row_key[0]);
  if (count() == 1) return 0;
  switch (tag) {
    case RowTag::kMeta: {
      const auto key = DecodeMetaKey(row_key);
      return key.has_value() ? ShardOfSlot(SlotOfPosition(key->position)) : 0;
    }
    case RowTag::kRow: {
      const auto key = DecodeRowKey(row_key);
      return key.has_value() ? ShardOfCollection(key->collection) : 0;
    }
    case RowTag::kTtl: {
      const auto key = DecodeTtlKey(row_key);
      return key.has_value() ? ShardOfSlot(KeySlot(key->key)) : 0;
    }
    case RowTag::kGarbage: {
      const auto garbage = DecodeGarbageKey(row_key);
      if (!garbage.has_value()) return 0;
      return garbage->kind == Garbage::Kind::kGeneration ? kEveryShard
                                                         : ShardOfCollection(garbage->id);
    }
    case RowTag::kStore:
      return 0;
  }
  return 0;
}

// The analysis cannot follow a lock into an object that may be moved.
Result<Shards::Pin> Shards::Acquire(uint32_t shard) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Shard& s = *shards_[shard];
  s.mutex.ReaderLock();
  Pin pin(&s.mutex, s.db.get(), s.epoch);
  if (s.db == nullptr) return Status::IoError(s.path + ": is closed after an error");
  return pin;
}

Result<std::optional<std::string>> Shards::Get(uint32_t shard, std::string_view row_key) const {
  LSM_ASSIGN_OR_RETURN(const Pin pin, Acquire(shard));
  return GetFrom(pin.db(), row_key, shards_[shard]->path);
}

Status Shards::Write(uint32_t shard, leveldb::WriteBatch* batch) {
  LSM_ASSIGN_OR_RETURN(const Pin pin, Acquire(shard));
  return FromLevelStatus(pin.db().Write({}, batch), shards_[shard]->path);
}

Result<std::optional<std::string>> Shards::GetFrom(leveldb::DB& db, std::string_view row_key,
                                                   const std::string& path) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  std::string value;
  const leveldb::Status status = db.Get(options, {row_key.data(), row_key.size()}, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return FromLevelStatus(status, path);
  return std::optional<std::string>(std::move(value));
}

Result<uint64_t> Shards::ReadAppliedFrom(const Shard& shard) {
  LSM_ASSIGN_OR_RETURN(const auto value,
                       GetFrom(*shard.db, EncodeStoreKey(kAppliedRow), shard.path));
  if (!value.has_value()) return uint64_t{0};
  return DecodeApplied(*value);
}

Result<uint64_t> Shards::ReadApplied(uint32_t shard) const {
  LSM_ASSIGN_OR_RETURN(const Pin pin, Acquire(shard));
  return ReadAppliedFrom(*shards_[shard]);
}

void Shards::Written(uint32_t shard, uint64_t seq) {
  shards_[shard]->tracker->Written(seq);
}

uint64_t Shards::flushed_seq(uint32_t shard) const {
  return shards_[shard]->tracker->flushed_seq();
}

uint64_t Shards::written_seq(uint32_t shard) const {
  return shards_[shard]->tracker->written_seq();
}

Status Shards::Rewind(uint32_t shard, uint64_t seq) {
  leveldb::WriteBatch batch;
  batch.Put(EncodeStoreKey(kAppliedRow), EncodeApplied(seq));
  LSM_RETURN_IF_ERROR(Write(shard, &batch));
  LSM_RETURN_IF_ERROR(FlushMemtable(shard));
  shards_[shard]->tracker->Start(seq);
  return {};
}

uint64_t Shards::flushed_seq() const {
  uint64_t least = UINT64_MAX;
  for (const auto& shard : shards_) least = std::min(least, shard->tracker->flushed_seq());
  return least;
}

void Shards::ReportFlushed() {
  if (!opened_.load(std::memory_order_acquire) || !options_.on_flushed) return;
  options_.on_flushed(flushed_seq());
}

Status Shards::FlushMemtable(uint32_t shard) {
  // A range above all rows: LevelDB flushes the memtable first, then finds nothing to compact.
  LSM_RETURN_IF_ERROR(CompactRange(shard, kAboveAll, kAboveAll));
  // CompactRange tells of no error; a background error shows at the next write.
  leveldb::WriteBatch nothing;
  return Write(shard, &nothing);
}

Status Shards::CompactRange(uint32_t shard, std::string_view from, std::string_view to) {
  LSM_ASSIGN_OR_RETURN(const Pin pin, Acquire(shard));
  const leveldb::Slice begin(from.data(), from.size());
  const leveldb::Slice end(to.data(), to.size());
  pin.db().CompactRange(&begin, to.empty() ? nullptr : &end);
  return {};
}

uint64_t Shards::ApproximateBytes(uint32_t shard, std::string_view from,
                                  std::string_view to) const {
  const Result<Pin> pin = Acquire(shard);
  if (!pin.has_value()) return 0;
  const std::string_view last = to.empty() ? kAboveAll : to;
  const leveldb::Range range({from.data(), from.size()}, {last.data(), last.size()});
  uint64_t bytes = 0;
  pin->db().GetApproximateSizes(&range, 1, &bytes);
  return bytes;
}

Status Shards::CheckRoom(const Shard& shard, uint64_t bytes) {
  const uint64_t wanted = ReopenRoom(options_.store, bytes);
  LSM_ASSIGN_OR_RETURN(const uint64_t free, options_.files->FreeSpace(options_.store.dir));
  if (free < wanted) {
    return Status::IoError(shard.path + ": no space left: " + std::to_string(wanted) +
                           " bytes are needed to go on");
  }
  // Free space may be counted wrongly (quotas) or the disk refuse writes: try it.
  const std::string path = options_.store.dir + "/probe";
  Status status;
  {
    auto file = options_.files->Open(path, OpenMode::kCreate);
    if (!file.has_value()) return file.error();
    status = (*file)->Allocate(wanted);
    if (status.ok()) status = (*file)->WriteAt(0, path);
    if (status.ok()) status = (*file)->Sync();
  }
  const Status removed = options_.files->Remove(path);
  return status.ok() ? removed : status;
}

Status Shards::Reopen(uint32_t number, uint64_t bytes, const Reapply& reapply) {
  Shard& shard = *shards_[number];
  LSM_RETURN_IF_ERROR(CheckRoom(shard, bytes));
  const WriterLock lock(&shard.mutex);
  shard.tracker->Stop();
  shard.db.reset();
  Status status = OpenShard(shard, false);
  if (status.ok()) {
    auto applied = ReadAppliedFrom(shard);
    status = applied.has_value() ? reapply(*shard.db, *applied) : applied.error();
  }
  if (!status.ok()) {
    // Half of what came after `applied` must not be read.
    shard.db.reset();
    return status;
  }
  reopens_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void Shards::ResetStatistics() {
  table_reads_.reads.store(0, std::memory_order_relaxed);
  table_reads_.bytes.store(0, std::memory_order_relaxed);
}

Shards::Statistics Shards::statistics() const {
  Statistics out;
  out.block_reads = table_reads_.reads.load(std::memory_order_relaxed);
  out.block_read_bytes = table_reads_.bytes.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count(); ++i) {
    const Result<Pin> pin = Acquire(i);
    if (!pin.has_value()) continue;
    std::string value;
    if (pin->db().GetProperty("leveldb.approximate-memory-usage", &value)) {
      out.memory_bytes += std::stoull(value);
    }
    const auto names = options_.files->List(shards_[i]->path);
    if (!names.has_value()) continue;
    for (const std::string& name : *names) {
      const auto size = options_.files->FileSize(shards_[i]->path + "/" + name);
      if (!size.has_value()) continue;  // Removed meanwhile.
      out.bytes_on_disk += *size;
      if (name.ends_with(".ldb") || name.ends_with(".sst")) ++out.tables;
    }
  }
  return out;
}

}  // namespace lsm
