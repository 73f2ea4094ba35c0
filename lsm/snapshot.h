// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/disk_reader.h"
#include "lsm/row_format.h"
#include "lsm/row_stream.h"
#include "lsm/shards.h"
#include "lsm/status.h"

namespace lsm {

// A consistent view of the whole store as of one batch. Readable from any thread (each call from
// one thread at a time per argument object); must be destroyed before the store. While it lives,
// LevelDB keeps what it shows. If a shard has to be reopened after an I/O error, the view is lost:
// every call then gives kIoError, and a new snapshot is to be taken.
class Snapshot {
 public:
  // Takes it now. Requires LevelDB to be quiet between two merges: called in an Applier::Barrier.
  static Result<std::unique_ptr<Snapshot>> Take(Shards& shards, uint64_t seq);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // All batches up to this one are in it, none after.
  uint64_t seq() const { return seq_; }

  // The databases as they were, by number; those without a row were never used.
  struct Database {
    uint32_t db = 0;
    DatabaseRow row;
  };
  const std::vector<Database>& databases() const { return databases_; }

  // Calls `visit` for each key of a database in the order of positions, expired ones included; what
  // it is given is valid during the call. Stops at its first error, which is returned. `visit` may
  // call other functions of this snapshot.
  using KeyVisitor = std::function<Status(std::string_view key, const MetaView& meta)>;
  Status ForEachKey(uint32_t db, const KeyVisitor& visit) const;

  // The same for one key; false: it was not there.
  Result<bool> VisitKey(uint32_t db, std::string_view key, const KeyVisitor& visit) const;

  // The same for the rows of a collection: all, or those whose subkeys begin with `prefix`.
  using RowVisitor = std::function<Status(std::string_view subkey, std::string_view value)>;
  Status ForEachRow(CollectionId collection, const RowVisitor& visit) const {
    return ForEachRow(collection, {}, visit);
  }
  Status ForEachRow(CollectionId collection, std::string_view prefix,
                    const RowVisitor& visit) const;

  // The first rows of a walk over a collection: one at least, if there is any, and no more than it
  // takes to reach `max_bytes`.
  Status ReadRows(CollectionId collection, const RowWalk& walk, size_t max_bytes,
                  RowSlice* slice) const;

  // A store row by its whole name, and all whose names begin so.
  Result<std::optional<std::string>> ReadStoreRow(std::string_view name) const;
  Result<std::vector<DiskReader::StoreRow>> ReadStoreRows(std::string_view prefix) const;

 private:
  struct View {
    const leveldb::Snapshot* snapshot = nullptr;
    uint64_t epoch = 0;
  };
  Snapshot(Shards& shards, uint64_t seq) : shards_(shards), seq_(seq) {}

  using RawVisitor = std::function<Status(std::string_view key, std::string_view value)>;
  Status ForEachRaw(uint32_t shard, std::string_view prefix, const RawVisitor& visit) const;

  Shards& shards_;
  const uint64_t seq_;
  std::vector<View> views_;
  std::vector<Database> databases_;
};

}  // namespace lsm
