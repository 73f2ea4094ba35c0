// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include <leveldb/env.h>

#include "lsm/file_system.h"
#include "lsm/level_env.h"

namespace lsm {

leveldb::Status ToLevelStatus(const Status& status);

// Read-ahead for the one thread that compacts: it reads tables front to back, block by block, while
// all other threads read here and there. A file's window is made when two reads follow each other,
// and all windows go when the piece of work is done. Enter, Leave and Read: compaction thread only.
class Readahead {
 public:
  explicit Readahead(size_t window_bytes) : window_bytes_(window_bytes) {}

  void Enter();
  void Leave();

  // Whether the calling thread is the one between Enter and Leave.
  bool IsMine() const;
  uint64_t NewFileId() { return next_id_.fetch_add(1, std::memory_order_relaxed); }

  // Reads like File::ReadAt.
  Result<size_t> Read(File& file, uint64_t file_id, uint64_t offset, size_t size, char* buffer);

 private:
  struct Window {
    uint64_t next_offset = 0;  // Where the last read ended.
    uint64_t begin = 0;
    std::string bytes;
  };

  const size_t window_bytes_;
  std::atomic<uint64_t> next_id_{1};
  std::unordered_map<uint64_t, Window> windows_;
};

std::unique_ptr<leveldb::SequentialFile> NewSequentialFileOn(std::unique_ptr<File> file);
std::unique_ptr<leveldb::SequentialFile> NewEmptySequentialFile();
// Counts in `reads`, unless it is null.
std::unique_ptr<leveldb::RandomAccessFile> NewTableFileOn(std::unique_ptr<File> file,
                                                          Readahead* readahead, TableReads* reads);

// Buffers writes behind `offset`. Sync also syncs `directory`, unless it is empty.
std::unique_ptr<leveldb::WritableFile> NewWritableFileOn(std::unique_ptr<File> file,
                                                         uint64_t offset, FileSystem& file_system,
                                                         std::string directory);

// Takes all, stores nothing.
std::unique_ptr<leveldb::WritableFile> NewStorelessFile();

}  // namespace lsm
