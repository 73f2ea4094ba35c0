// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lsm/sorted_rows.h"
#include "lsm/status.h"

namespace lsm {

// Puts rows in order, however many there are. Rows are collected in chunks of memory; a thread of
// its own sorts each full one while the next is filled, and when memory runs short it merges
// some of them into a run, a file in a directory of the caller's. In the end, stretches of the
// order can be walked by several threads at once, each merging what is in memory and in runs.
//
// One thread adds; the rest says so itself.
class RowSorter {
 public:
  RowSorter(std::string directory, size_t memory_bytes);
  ~RowSorter();
  RowSorter(const RowSorter&) = delete;
  RowSorter& operator=(const RowSorter&) = delete;

  Status Add(uint8_t shard, std::string_view key, std::string_view value);
  uint64_t rows() const { return rows_; }
  // Of their keys and values.
  uint64_t bytes() const { return bytes_; }

  // After the last row: everything is sorted. No Add() may follow.
  Status Seal();
  // After Seal(). Files that there are.
  size_t runs() const;
  // After Seal(): places that cut the order into at most `parts` stretches of about the same bytes.
  std::vector<SortBound> Divide(size_t parts) const;
  // After Seal(), from any thread: gives out the rows between two such places by shard and key,
  // rows of equal keys next to each other.
  using Visit = std::function<Status(uint8_t shard, std::string_view key, std::string_view value)>;
  Status Walk(const SortRange& range, const Visit& visit) const;

 private:
  using Chunks = std::vector<std::unique_ptr<SortChunk>>;
  using Runs = std::vector<std::unique_ptr<SortRun>>;

  Status HandOver();
  void Work();
  Status Spill(const Chunks& chunks);
  Status MergeRuns(size_t level);
  Result<std::unique_ptr<SortRun>> WriteRun(std::vector<std::unique_ptr<SortCursor>> cursors);

  const std::string directory_;
  const size_t chunk_bytes_;
  uint64_t rows_ = 0;
  uint64_t bytes_ = 0;
  std::unique_ptr<SortChunk> filling_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Chunks full_;    // Guarded by mutex_, all of these: to be sorted.
  Chunks sorted_;  // The thread's, but for its size while it runs.
  Chunks free_;
  size_t chunks_ = 0;  // That there are, filling_ among them.
  bool sealed_ = false;
  Status status_;

  // The thread's, until it has ended. Those of level n were merged from many of level n - 1.
  std::vector<Runs> levels_;
  uint64_t next_run_ = 0;
};

}  // namespace lsm
