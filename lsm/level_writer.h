// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"

namespace leveldb {
class FilterPolicy;
class TableBuilder;
class WritableFile;
}  // namespace leveldb

namespace lsm {

// Writes a whole LevelDB database from rows in ascending order: table files with LevelDB's public
// TableBuilder, and the MANIFEST that lists them. Nothing goes through a memtable, a log or a
// compaction, so each byte is written once.
//
// LevelDB has no call to take in a finished table, and RepairDB would read everything again and
// pile it up in level 0. So the MANIFEST is written here: one record, the version edit that says
// which tables there are (FORMAT.md). All are in one level, the first whose size limit holds them:
// an instance that is opened finds nothing to compact.
class LevelWriter {
 public:
  struct Options {
    size_t block_bytes = 4096;
    size_t table_bytes = size_t{16} << 20;
    int bloom_bits_per_key = 10;
    bool compress = true;
  };

  // `path` must be an existing, empty directory.
  LevelWriter(std::string path, const Options& options);
  ~LevelWriter();
  LevelWriter(const LevelWriter&) = delete;
  LevelWriter& operator=(const LevelWriter&) = delete;

  // Keys must ascend, bytewise.
  Status Add(std::string_view key, std::string_view value);
  // Everything is synced; the database can be opened.
  Status Finish();

  uint64_t bytes() const { return bytes_; }

 private:
  class InternalOrder;
  class InternalFilter;
  struct Table {
    uint64_t number = 0;
    uint64_t bytes = 0;
    std::string smallest;
    std::string largest;
  };

  Status OpenTable();
  Status CloseTable();
  std::string VersionEdit() const;

  const std::string path_;
  const Options options_;
  std::unique_ptr<InternalOrder> order_;
  std::unique_ptr<InternalFilter> filter_;
  std::unique_ptr<leveldb::WritableFile> file_;
  std::unique_ptr<leveldb::TableBuilder> builder_;
  std::vector<Table> tables_;
  std::string key_;
  uint64_t next_file_;
  uint64_t bytes_ = 0;
};

}  // namespace lsm
