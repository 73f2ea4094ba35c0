// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
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
//
// Several threads can write, each a stretch of the order of its own (Series).
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

  // The tables of one stretch; used by one thread. Must end before the LevelWriter.
  class Series {
   public:
    explicit Series(LevelWriter& level);
    ~Series();
    Series(const Series&) = delete;
    Series& operator=(const Series&) = delete;

    // Keys must ascend, bytewise.
    Status Add(std::string_view key, std::string_view value);
    // After the last of them.
    Status Finish();

   private:
    Status OpenTable();
    Status CloseTable();

    LevelWriter& level_;
    std::unique_ptr<leveldb::WritableFile> file_;
    std::unique_ptr<leveldb::TableBuilder> builder_;
    uint64_t number_ = 0;
    std::string smallest_;
    std::string key_;
  };

  // After all series: everything is synced; the database can be opened. The keys of one series must
  // not be among those of another.
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

  std::string TablePath(uint64_t number) const;
  std::string VersionEdit() const;

  const std::string path_;
  const Options options_;
  std::unique_ptr<InternalOrder> order_;
  std::unique_ptr<InternalFilter> filter_;
  std::atomic<uint64_t> next_file_;
  std::mutex mutex_;
  std::vector<Table> tables_;  // Guarded by mutex_ while there are series; and so is:
  uint64_t bytes_ = 0;
};

}  // namespace lsm
