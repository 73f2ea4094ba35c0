// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lsm/file_system.h"
#include "lsm/log_record.h"
#include "lsm/status.h"

namespace lsm {

// A segment file of the open log. The fields behind `file` are guarded by the log's mutex.
struct Segment {
  SegmentHeader header;
  std::string path;
  std::unique_ptr<File> file;

  uint64_t capacity = 0;
  uint64_t end = kSegmentHeaderSize;         // Where the next record goes.
  uint64_t synced_end = kSegmentHeaderSize;  // Up to here it is synced.
  uint64_t first_seq = 0;                    // 0: no records.
  uint64_t last_seq = 0;
  int failed_writes = 0;  // In a row.
};

// Makes segment files and takes them back. One thread at a time.
class SegmentPool {
 public:
  SegmentPool(FileSystem& file_system, std::string directory, uint32_t max_spares,
              std::function<uint64_t()> random)
      : file_system_(file_system),
        directory_(std::move(directory)),
        max_spares_(max_spares),
        random_(std::move(random)) {}

  // Finds the spares in the directory; what is too many is removed.
  Status Open();

  // A segment ready to be written: `bytes` of space allocated, its header and its name synced.
  Result<std::shared_ptr<Segment>> Prepare(uint64_t number, uint64_t bytes);

  // The segment's file becomes a spare, or is removed if there are enough. `number` names the
  // file SegmentName(number); it may still be open.
  Status Retire(uint64_t number);

  // Removes a segment's file that must not be used any more.
  Status Discard(uint64_t number);

  // Removes the files of all spares.
  Status RemoveSpares();

  // On return retired segments stay so after a power cut, and only now they may be used again: else
  // one could come back under its old name with its new header.
  Status Sync();

  uint64_t spare_count() const { return spare_count_.load(std::memory_order_relaxed); }
  uint64_t spare_bytes() const { return spare_bytes_.load(std::memory_order_relaxed); }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

 private:
  struct Spare {
    std::string name;
    uint64_t size = 0;
  };
  void AddSpare(std::string name, uint64_t size);
  Spare TakeSpare();

  FileSystem& file_system_;
  const std::string directory_;
  const uint32_t max_spares_;
  const std::function<uint64_t()> random_;
  std::vector<Spare> spares_;
  std::vector<Spare> retired_;  // Spares once Sync() is done.
  std::atomic<uint64_t> spare_count_{0};
  std::atomic<uint64_t> spare_bytes_{0};
};

}  // namespace lsm
