// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/entry.h"
#include "lsm/level_writer.h"
#include "lsm/row_format.h"
#include "lsm/row_sorter.h"
#include "lsm/status.h"

namespace lsm {

// Builds a whole store offline, from keys in any order: sorts their rows (RowSorter) and writes
// them as tables (LevelWriter). All or nothing: until Finish() has succeeded there is only a
// directory beside the store's, which is removed.
class StoreWriter {
 public:
  struct Options {
    std::string dir;  // Must not exist, or be empty.
    uint32_t shards = 1;
    size_t memory_bytes = size_t{384} << 20;  // For sorting.
    LevelWriter::Options tables;
  };
  // kInvalid if there is something in `dir`.
  static Result<std::unique_ptr<StoreWriter>> Create(const Options& options);
  ~StoreWriter();
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  // A collection for the rows of `key`, whose meta comes afterwards.
  CollectionId NewCollection(std::string_view key);
  Status PutRow(CollectionId collection, std::string_view subkey, std::string_view value);
  // `head.ttl_row_ms` is filled in here.
  Status PutKey(uint32_t db, std::string_view key, MetaHead head, std::string_view payload);
  // As Store::PutSystem has it.
  Status PutSystem(std::string_view name, std::string_view value);

  uint64_t rows() const { return sorter_ == nullptr ? 0 : sorter_->rows(); }
  // Sorts, writes with several threads, and gives the directory its name. kCorruption if a row came
  // twice; the message names it. `progress` is called now and then with the rows written, by the
  // calling thread; if it answers false, all is given up.
  using Progress = std::function<bool(uint64_t rows)>;
  Status Finish(const Progress& progress);
  uint64_t table_bytes() const { return table_bytes_; }

 private:
  struct Database {
    uint32_t generation = 0;
    uint64_t keys = 0;
    uint64_t expiring = 0;
  };

  explicit StoreWriter(const Options& options);
  uint8_t ShardOf(std::string_view key) const;
  Status PutStoreRows();
  using Levels = std::vector<std::unique_ptr<LevelWriter>>;
  Status WriteTables(Levels& shards, const Progress& progress);
  // One stretch of the rows.
  Status WriteStretch(const SortRange& range, Levels& shards, std::atomic<uint64_t>* rows) const;
  static Status Twice(std::string_view row_key);

  const Options options_;
  const std::string building_;  // Where it stands until it is finished.
  const uint64_t hash_seed_;
  std::unique_ptr<RowSorter> sorter_;
  std::map<uint32_t, Database> databases_;
  CountersRow counters_;
  uint64_t table_bytes_ = 0;
  bool finished_ = false;
  std::atomic<bool> stop_ = false;  // A thread has failed: the others need not go on.
  std::string key_;
};

}  // namespace lsm
