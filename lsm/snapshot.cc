// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/snapshot.h"

#include <utility>

#include <leveldb/iterator.h>

#include "lsm/level_status.h"

namespace lsm {
namespace {

// A walk reads this much, lets go of the instance, and then calls the visitor: so that a slow
// visitor keeps nobody from reopening the instance, and may read itself.
constexpr size_t kSliceRows = 1024;
constexpr size_t kSliceBytes = size_t{1} << 20;

struct Row {
  std::string key;
  std::string value;
};

// What a snapshot reads is checked, and pushes nothing out of the block cache.
leveldb::ReadOptions ReadOptionsOf(const leveldb::Snapshot* snapshot) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.snapshot = snapshot;
  return options;
}

Status Lost() {
  return Status::IoError("the snapshot was lost, since an LSM instance had to be reopened");
}

}  // namespace

Result<std::unique_ptr<Snapshot>> Snapshot::Take(Shards& shards, uint64_t seq) {
  std::unique_ptr<Snapshot> out(new Snapshot(shards, seq));
  for (uint32_t shard = 0; shard < shards.count(); ++shard) {
    LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards.Acquire(shard));
    out->views_.push_back({pin.db().GetSnapshot(), pin.epoch()});
  }
  LSM_ASSIGN_OR_RETURN(const auto rows, out->ReadStoreRows(DatabaseRowName(0).substr(0, 2)));
  for (const auto& row : rows) {
    const Result<uint32_t> db = DecodeDatabaseRowName(row.name);
    if (!db.has_value()) continue;  // Some other row whose name begins so.
    if (*db == kDraftsDatabaseNumber) continue;
    LSM_ASSIGN_OR_RETURN(const DatabaseRow database, DecodeDatabase(row.value));
    out->databases_.push_back({*db, database});
  }
  return out;
}

Snapshot::~Snapshot() {
  for (uint32_t shard = 0; shard < views_.size(); ++shard) {
    const auto pin = shards_.Acquire(shard);
    // A reopened instance does not know it any more.
    if (!pin.has_value() || pin->epoch() != views_[shard].epoch) continue;
    pin->db().ReleaseSnapshot(views_[shard].snapshot);
  }
}

Status Snapshot::ForEachRaw(uint32_t shard, std::string_view prefix,
                            const RawVisitor& visit) const {
  std::string next(prefix);
  std::vector<Row> rows;
  for (bool more = true; more;) {
    more = false;
    rows.clear();
    {
      LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(shard));
      if (pin.epoch() != views_[shard].epoch) return Lost();
      const std::unique_ptr<leveldb::Iterator> it(
          pin.db().NewIterator(ReadOptionsOf(views_[shard].snapshot)));
      size_t bytes = 0;
      for (it->Seek(next); it->Valid() && ToView(it->key()).starts_with(prefix); it->Next()) {
        if (rows.size() == kSliceRows || bytes >= kSliceBytes) {
          more = true;
          next = it->key().ToString();
          break;
        }
        rows.push_back({it->key().ToString(), it->value().ToString()});
        bytes += rows.back().key.size() + rows.back().value.size();
      }
      LSM_RETURN_IF_ERROR(FromLevelStatus(it->status(), "lsm shard " + std::to_string(shard)));
    }
    for (const Row& row : rows) LSM_RETURN_IF_ERROR(visit(row.key, row.value));
  }
  return {};
}

Status Snapshot::ForEachKey(uint32_t db, const KeyVisitor& visit) const {
  for (const Database& database : databases_) {
    if (database.db != db) continue;
    const MetaKeyPrefix start = EncodeMetaKeyPrefix(database.row.generation, 0);
    const std::string_view keyspace = start.view().substr(0, 1 + sizeof(uint32_t));
    for (uint32_t shard = 0; shard < shards_.count(); ++shard) {
      LSM_RETURN_IF_ERROR(ForEachRaw(shard, keyspace, [&](auto key, auto value) -> Status {
        LSM_ASSIGN_OR_RETURN(const MetaKey meta_key, DecodeMetaKey(key));
        LSM_ASSIGN_OR_RETURN(const MetaView meta, DecodeMeta(value));
        return visit(meta_key.key, meta);
      }));
    }
  }
  return {};
}

Result<bool> Snapshot::VisitKey(uint32_t db, std::string_view key, const KeyVisitor& visit) const {
  bool found = false;
  for (const Database& database : databases_) {
    if (database.db != db) continue;
    std::string row(EncodeMetaKeyPrefix(database.row.generation, shards_.PositionOf(key)).view());
    row.append(key);
    // Others can begin so only if their hashes are the same.
    const Status status =
        ForEachRaw(shards_.ShardOfSlot(KeySlot(key)), row, [&](auto row_key, auto value) -> Status {
          if (row_key != row) return {};
          found = true;
          LSM_ASSIGN_OR_RETURN(const MetaView meta, DecodeMeta(value));
          return visit(key, meta);
        });
    if (!status.ok()) return status;
  }
  return found;
}

Status Snapshot::ForEachRow(CollectionId collection, std::string_view prefix,
                            const RowVisitor& visit) const {
  return ForEachRaw(
      shards_.ShardOfCollection(collection), EncodeRowKey(collection, prefix),
      [&](auto key, auto value) { return visit(key.substr(kRowKeyPrefixBytes), value); });
}

Status Snapshot::ReadRows(CollectionId collection, const RowWalk& walk, size_t max_bytes,
                          RowSlice* slice) const {
  const uint32_t shard = shards_.ShardOfCollection(collection);
  LSM_ASSIGN_OR_RETURN(const Shards::Pin pin, shards_.Acquire(shard));
  if (pin.epoch() != views_[shard].epoch) return Lost();
  const std::unique_ptr<leveldb::Iterator> it(
      pin.db().NewIterator(ReadOptionsOf(views_[shard].snapshot)));

  const bool forward = walk.direction == Collection::Direction::kForward;
  const std::string begin = EncodeRowKey(collection, walk.from);
  const std::string end =
      walk.to ? EncodeRowKey(collection, *walk.to) : EncodeRowKey(collection + 1, {});
  it->Seek(forward ? begin : end);
  if (!forward) {
    // From the first row behind the walk to the last one within it.
    it->Valid() ? it->Prev() : it->SeekToLast();
  }
  const auto within = [&] {
    if (!it->Valid()) return false;
    const std::string_view key = ToView(it->key());
    return forward ? key < end : key >= begin;
  };
  for (; within(); forward ? it->Next() : it->Prev()) {
    if (slice->bytes() >= max_bytes) break;
    slice->Add(ToView(it->key()).substr(kRowKeyPrefixBytes), ToView(it->value()));
  }
  LSM_RETURN_IF_ERROR(FromLevelStatus(it->status(), "lsm shard " + std::to_string(shard)));
  if (!within()) slice->set_last();
  return {};
}

Result<std::optional<std::string>> Snapshot::ReadStoreRow(std::string_view name) const {
  LSM_ASSIGN_OR_RETURN(auto rows, ReadStoreRows(name));
  if (rows.empty() || rows[0].name != name) return std::optional<std::string>();
  return std::optional<std::string>(std::move(rows[0].value));
}

Result<std::vector<DiskReader::StoreRow>> Snapshot::ReadStoreRows(std::string_view prefix) const {
  std::vector<DiskReader::StoreRow> out;
  const Status status = ForEachRaw(0, EncodeStoreKey(prefix), [&](auto key, auto value) -> Status {
    out.push_back({std::string(key.substr(1)), std::string(value)});
    return {};
  });
  LSM_RETURN_IF_ERROR(status);
  return out;
}

}  // namespace lsm
