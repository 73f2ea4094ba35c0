// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/disk_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <leveldb/iterator.h>

#include "lsm/level_status.h"
#include "lsm/run_reader.h"
#include "lsm/tag_iterator.h"

namespace lsm {
namespace {

std::unique_ptr<leveldb::Iterator> NewIterator(leveldb::DB& db, bool fill_cache) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = fill_cache;
  return std::unique_ptr<leveldb::Iterator>(db.NewIterator(options));
}

Status IteratorStatus(const leveldb::Iterator& it, uint32_t shard) {
  return FromLevelStatus(it.status(), "lsm shard " + std::to_string(shard));
}

// Adds this shard's metas from `from` on. True when the page is full: next_position is set then.
Result<bool> ScanShard(leveldb::Iterator* it, uint32_t generation, uint64_t from, size_t count,
                       MetaScan* out) {
  const MetaKeyPrefix start = EncodeMetaKeyPrefix(generation, from);
  const std::string_view keyspace = start.view().substr(0, 1 + sizeof(generation));
  for (it->Seek(ToSlice(start.view())); it->Valid(); it->Next()) {
    if (!ToView(it->key()).starts_with(keyspace)) break;
    LSM_ASSIGN_OR_RETURN(const MetaKey key, DecodeMetaKey(ToView(it->key())));
    if (out->items.size() >= std::max<size_t>(1, count) &&
        key.position != out->items.back().position) {
      out->next_position = key.position;
      return true;
    }
    LSM_ASSIGN_OR_RETURN(const MetaView meta, DecodeMeta(ToView(it->value())));
    out->items.push_back({key.position, std::string(key.key), meta.head});
  }
  return false;
}

}  // namespace

Result<std::optional<StoredMeta>> DiskReader::ReadMeta(uint32_t generation,
                                                       std::string_view key) const {
  const uint64_t position = shards_.PositionOf(key);
  const std::string row_key = EncodeMetaKey(generation, position, key);
  LSM_ASSIGN_OR_RETURN(auto value,
                       shards_.Get(shards_.ShardOfSlot(SlotOfPosition(position)), row_key));
  if (!value.has_value()) return std::optional<StoredMeta>();
  LSM_ASSIGN_OR_RETURN(StoredMeta meta, DecodeStoredMeta(std::move(*value)));
  return std::optional<StoredMeta>(std::move(meta));
}

Result<LoadedRun> DiskReader::LoadRun(const LoadRequest& request) {
  LSM_ASSIGN_OR_RETURN(const Shards::Pin pin,
                       shards_.Acquire(shards_.ShardOfCollection(request.collection)));
  TagIterator rows(RowTag::kRow, NewIterator(pin.db(), request.mode != LoadMode::kCount));
  return ReadRun(request, &rows);
}

Result<MetaScan> DiskReader::ScanMetas(uint32_t generation, uint64_t from, size_t count) const {
  MetaScan out;
  out.next_position = kPositionEnd;
  if (from >= kPositionEnd) return out;
  for (uint32_t shard = shards_.ShardOfSlot(SlotOfPosition(from)); shard < shards_.count();
       ++shard) {
    LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(shard));
    const auto it = NewIterator(pin.db(), false);
    LSM_ASSIGN_OR_RETURN(const bool full, ScanShard(it.get(), generation, from, count, &out));
    LSM_RETURN_IF_ERROR(IteratorStatus(*it, shard));
    if (full) return out;
  }
  return out;
}

Result<TtlScan> DiskReader::ScanTtlRows(const TtlRow& from, size_t limit) const {
  TtlScan out;
  out.complete = true;
  const std::string start = EncodeTtlKey(from.expire_ms, from.generation, from.key);
  for (uint32_t shard = 0; shard < shards_.count(); ++shard) {
    LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(shard));
    const auto it = NewIterator(pin.db(), false);
    size_t taken = 0;
    for (it->Seek(start); it->Valid(); it->Next()) {
      if (ToView(it->key())[0] != static_cast<char>(RowTag::kTtl)) break;
      if (taken++ == limit) {
        out.complete = false;
        break;
      }
      LSM_ASSIGN_OR_RETURN(const TtlKey key, DecodeTtlKey(ToView(it->key())));
      out.rows.push_back({key.expire_ms, key.generation, std::string(key.key)});
    }
    LSM_RETURN_IF_ERROR(IteratorStatus(*it, shard));
  }
  if (shards_.count() > 1) std::sort(out.rows.begin(), out.rows.end());
  if (out.rows.size() > limit) {
    out.rows.resize(limit);
    out.complete = false;
  }
  return out;
}

Result<std::optional<std::string>> DiskReader::ReadStoreRow(std::string_view name) const {
  return shards_.Get(0, EncodeStoreKey(name));
}

Result<std::vector<DiskReader::StoreRow>> DiskReader::ReadStoreRows(std::string_view prefix) const {
  LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(0));
  const auto it = NewIterator(pin.db(), false);
  const std::string start = EncodeStoreKey(prefix);
  std::vector<StoreRow> out;
  for (it->Seek(start); it->Valid() && ToView(it->key()).starts_with(start); it->Next()) {
    out.push_back({std::string(ToView(it->key()).substr(1)), it->value().ToString()});
  }
  LSM_RETURN_IF_ERROR(IteratorStatus(*it, 0));
  return out;
}

}  // namespace lsm
