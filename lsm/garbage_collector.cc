// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/garbage_collector.h"

#include <memory>
#include <utility>

#include <leveldb/iterator.h>
#include <leveldb/write_batch.h>

#include "lsm/level_status.h"

namespace lsm {
namespace {

constexpr size_t kMaxListed = 10000;  // Garbage rows taken at one look.
constexpr size_t kSliceBytes = size_t{1} << 20;

Status Stopped() {
  return Status::IoError("the store is being closed");
}

}  // namespace

GarbageCollector::GarbageCollector(Shards& shards, Applier& applier, SpaceKeeper& space,
                                   Options options)
    : shards_(shards), applier_(applier), space_(space), options_(std::move(options)) {
  if (options_.own_thread) thread_ = std::thread([this] { Run(); });
}

GarbageCollector::~GarbageCollector() {
  {
    const MutexLock lock(&mutex_);
    stop_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void GarbageCollector::Poke() {
  const MutexLock lock(&mutex_);
  poked_ = true;
  wake_.Signal();
}

void GarbageCollector::Run() {
  while (true) {
    {
      const MutexLock lock(&mutex_);
      if (!poked_ && !stop_) {
        wake_.WaitFor(&mutex_, std::chrono::milliseconds(options_.poll_ms));
      }
      if (stop_) return;
      poked_ = false;
    }
    const Status status = CollectAll();
    const MutexLock lock(&mutex_);
    if (stop_) return;
    // It is tried again at the next look; the applier mends the instance meanwhile.
    if (!status.ok() && options_.log_line) {
      options_.log_line('#', "garbage not collected: " + status.message());
    }
  }
}

Status GarbageCollector::RunOnce() {
  return CollectAll();
}

Status GarbageCollector::CollectAll() {
  while (true) {
    LSM_ASSIGN_OR_RETURN(const std::vector<Task> tasks, ReadList());
    pending_.store(tasks.size(), std::memory_order_relaxed);
    if (tasks.empty()) return {};
    for (const Task& task : tasks) {
      LSM_RETURN_IF_ERROR(Collect(task));
      pending_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
}

Result<std::vector<GarbageCollector::Task>> GarbageCollector::ReadList() {
  std::vector<Task> out;
  const MutexLock lock(&applier_.write_mutex());
  for (uint32_t shard = 0; shard < shards_.count(); ++shard) {
    LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(shard));
    leveldb::ReadOptions options;
    options.fill_cache = false;
    options.verify_checksums = true;
    const std::unique_ptr<leveldb::Iterator> it(pin.db().NewIterator(options));
    const std::string tag(1, static_cast<char>(RowTag::kGarbage));
    for (it->Seek(tag); it->Valid() && out.size() < kMaxListed; it->Next()) {
      if (!ToView(it->key()).starts_with(tag)) break;
      LSM_ASSIGN_OR_RETURN(const Garbage garbage, DecodeGarbageKey(ToView(it->key())));
      out.push_back({shard, garbage});
    }
    LSM_RETURN_IF_ERROR(FromLevelStatus(it->status(), "lsm shard " + std::to_string(shard)));
  }
  return out;
}

Status GarbageCollector::Collect(const Task& task) {
  if (task.garbage.kind == Garbage::Kind::kCollection) {
    LSM_RETURN_IF_ERROR(CollectRows(task.garbage.id));
  } else {
    const auto generation = static_cast<uint32_t>(task.garbage.id);
    if (shards_.count() > 1) LSM_RETURN_IF_ERROR(CollectForeignRows(task.shard, generation));
    LSM_RETURN_IF_ERROR(CollectGeneration(task.shard, generation));
  }
  leveldb::WriteBatch batch;
  batch.Delete(EncodeGarbageKey(task.garbage));
  return shards_.Write(task.shard, &batch);
}

Result<std::vector<GarbageCollector::Row>> GarbageCollector::ReadSlice(uint32_t shard,
                                                                       std::string_view prefix,
                                                                       std::string_view from,
                                                                       bool with_values) {
  std::vector<Row> out;
  size_t bytes = 0;
  LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(shard));
  leveldb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> it(pin.db().NewIterator(options));
  for (it->Seek(ToSlice(from)); it->Valid(); it->Next()) {
    if (!ToView(it->key()).starts_with(prefix)) break;
    if (out.size() >= options_.slice_rows || bytes >= kSliceBytes) break;
    out.push_back({it->key().ToString(), {}, it->value().size()});
    if (with_values) out.back().value = it->value().ToString();
    bytes += out.back().key.size() + out.back().value.size();
  }
  LSM_RETURN_IF_ERROR(FromLevelStatus(it->status(), "lsm shard " + std::to_string(shard)));
  return out;
}

Status GarbageCollector::WriteSlice(uint32_t shard, std::vector<Row>* rows) {
  if (rows->empty()) return {};
  leveldb::WriteBatch batch;
  for (const Row& row : *rows) batch.Delete(row.key);
  LSM_RETURN_IF_ERROR(shards_.Write(shard, &batch));
  for (const Row& row : *rows) space_.OnDelete(shard, row.key, row.key.size() + row.value_bytes);
  rows_collected_.fetch_add(rows->size(), std::memory_order_relaxed);
  rows->clear();
  return Pause() ? Status::Ok() : Stopped();
}

Status GarbageCollector::CollectRows(CollectionId collection) {
  const uint32_t shard = shards_.ShardOfCollection(collection);
  const RowKeyPrefix prefix = EncodeRowKeyPrefix(collection);
  std::string from(prefix.view());
  while (true) {
    LSM_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadSlice(shard, prefix.view(), from, false));
    if (rows.empty()) return {};
    from = rows.back().key;  // Not from the start again: it would step over every tombstone.
    LSM_RETURN_IF_ERROR(WriteSlice(shard, &rows));
  }
}

// A collection may live in another shard than its key (a key keeps it when it is renamed). Each
// shard loses its latest writes by itself in a crash. So these rows must be gone from tables before
// the metas that lead to them.
Status GarbageCollector::CollectForeignRows(uint32_t shard, uint32_t generation) {
  const MetaKeyPrefix start = EncodeMetaKeyPrefix(generation, 0);
  const std::string_view keyspace = start.view().substr(0, 1 + sizeof(generation));
  std::vector<bool> touched(shards_.count(), false);
  std::string from(keyspace);
  while (true) {
    LSM_ASSIGN_OR_RETURN(const std::vector<Row> rows, ReadSlice(shard, keyspace, from, true));
    for (const Row& row : rows) {
      LSM_ASSIGN_OR_RETURN(const MetaView meta, DecodeMeta(row.value));
      const CollectionId collection = meta.head.collection;
      if (collection == 0 || shards_.ShardOfCollection(collection) == shard) continue;
      LSM_RETURN_IF_ERROR(CollectRows(collection));
      touched[shards_.ShardOfCollection(collection)] = true;
    }
    if (rows.empty()) break;
    from = rows.back().key + '\0';
    if (!Pause()) return Stopped();
  }
  for (uint32_t i = 0; i < touched.size(); ++i) {
    if (touched[i]) LSM_RETURN_IF_ERROR(shards_.FlushMemtable(i));
  }
  return {};
}

// Each meta leads to the key's ttl row and collection, which go before or with it.
Status GarbageCollector::CollectGeneration(uint32_t shard, uint32_t generation) {
  const MetaKeyPrefix start = EncodeMetaKeyPrefix(generation, 0);
  const std::string_view keyspace = start.view().substr(0, 1 + sizeof(generation));
  std::string from(keyspace);
  while (true) {
    LSM_ASSIGN_OR_RETURN(const std::vector<Row> metas, ReadSlice(shard, keyspace, from, true));
    if (metas.empty()) return {};
    std::vector<Row> slice;
    for (const Row& row : metas) {
      LSM_ASSIGN_OR_RETURN(const MetaKey key, DecodeMetaKey(row.key));
      LSM_ASSIGN_OR_RETURN(const MetaView meta, DecodeMeta(row.value));
      const CollectionId collection = meta.head.collection;
      if (collection != 0 && shards_.ShardOfCollection(collection) == shard) {
        LSM_RETURN_IF_ERROR(CollectRows(collection));
      }
      if (meta.head.ttl_row_ms != kNoExpiry) {
        slice.push_back({EncodeTtlKey(meta.head.ttl_row_ms, generation, key.key), {}, 0});
      }
      slice.push_back({row.key, {}, row.value_bytes});
    }
    from = metas.back().key;
    LSM_RETURN_IF_ERROR(WriteSlice(shard, &slice));
  }
}

bool GarbageCollector::Pause() {
  const MutexLock lock(&mutex_);
  if (!stop_ && options_.slice_pause_us > 0) {
    wake_.WaitFor(&mutex_, std::chrono::microseconds(options_.slice_pause_us));
  }
  return !stop_;
}

}  // namespace lsm
