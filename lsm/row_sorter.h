// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"

namespace lsm {

// Puts rows in order, however many there are: collects them in memory up to a limit, sorts, writes
// a run to a file, and merges the runs at the end. Files are made in a directory of the caller's
// and removed at the end.
class RowSorter {
 public:
  RowSorter(std::string directory, size_t memory_bytes);
  ~RowSorter();
  RowSorter(const RowSorter&) = delete;
  RowSorter& operator=(const RowSorter&) = delete;

  Status Add(uint8_t shard, std::string_view key, std::string_view value);
  uint64_t rows() const { return rows_; }
  size_t runs() const { return runs_.size(); }

  // Gives out all rows by shard and key; rows of equal keys next to each other. Once, at the end.
  using Visit = std::function<Status(uint8_t shard, std::string_view key, std::string_view value)>;
  Status Finish(const Visit& visit);

 private:
  // Where a row lies in the arena, and the first 16 bytes of what it is sorted by.
  struct Ref {
    uint64_t high;
    uint64_t low;
    uint64_t at;
  };
  class Run;

  void Sort();
  Status Spill();
  Status Merge(const Visit& visit);

  const std::string directory_;
  const size_t memory_bytes_;
  std::string arena_;
  std::vector<Ref> refs_;
  std::vector<std::unique_ptr<Run>> runs_;
  uint64_t rows_ = 0;
};

}  // namespace lsm
