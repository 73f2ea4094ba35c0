// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"

// The parts that RowSorter is made of: rows in memory, rows in a file, and the merge of several.
namespace lsm {

struct SortRow {
  uint8_t shard = 0;
  std::string_view key;
  std::string_view value;
};

// The first 16 bytes of what rows are ordered by: shard, then key. They decide nearly always, and
// spare a look at the row.
struct SortPrefix {
  uint64_t high = 0;
  uint64_t low = 0;
  friend auto operator<=>(const SortPrefix&, const SortPrefix&) = default;
};
SortPrefix PrefixOf(uint8_t shard, std::string_view key);
bool RowLess(const SortRow& a, const SortRow& b);

// A place between rows: before all rows of `shard` with a key of at least `key`.
struct SortBound {
  uint8_t shard = 0;
  std::string key;
  SortRow view() const { return {shard, key, {}}; }
};
// [from, to); nullptr: no limit.
struct SortRange {
  const SortBound* from = nullptr;
  const SortBound* to = nullptr;
};

// Walks rows in their order.
class SortCursor {
 public:
  virtual ~SortCursor() = default;
  // To the next row (at first: the first). False: there is none.
  virtual Result<bool> Next() = 0;
  // What it stands on, until Next().
  const SortRow& row() const { return row_; }
  const SortPrefix& prefix() const { return prefix_; }

 protected:
  SortRow row_;
  SortPrefix prefix_;
};

// Rows in memory: collected in any order, then sorted.
class SortChunk {
 public:
  void Add(uint8_t shard, std::string_view key, std::string_view value);
  void Sort();
  void Clear();  // Keeps the memory.

  size_t rows() const { return refs_.size(); }
  size_t bytes() const { return arena_.size() + refs_.size() * sizeof(Ref); }
  // After Sort().
  SortRow RowAt(size_t i) const;
  std::unique_ptr<SortCursor> Walk(const SortRange& range) const;

 private:
  friend class ChunkCursor;
  struct Ref {
    SortPrefix prefix;
    uint64_t at;  // In the arena.
  };
  size_t LowerBound(const SortBound& bound) const;

  std::string arena_;
  std::vector<Ref> refs_;
};

// Sorted rows in a file that nobody else sees.
class SortRun {
 public:
  // `path` is the file's name for a moment; it goes away with this object or with the process.
  static Result<std::unique_ptr<SortRun>> Create(const std::string& path);
  ~SortRun();
  SortRun(const SortRun&) = delete;
  SortRun& operator=(const SortRun&) = delete;

  // Rows must ascend.
  Status Write(const SortRow& row);
  // After the last row.
  Status Seal();
  // Several at once are fine. Reads in pieces of `buffer_bytes`.
  std::unique_ptr<SortCursor> Walk(const SortRange& range, size_t buffer_bytes) const;

  // Some of its rows' keys, evenly spread over its bytes.
  struct Mark {
    SortBound bound;
    uint64_t offset = 0;
  };
  const std::vector<Mark>& marks() const { return marks_; }
  static constexpr size_t kMarkBytes = size_t{256} << 10;

 private:
  friend class RunCursor;
  SortRun(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status Flush();

  const std::string path_;
  const int fd_;
  std::string buffer_;
  uint64_t flushed_ = 0;
  std::vector<Mark> marks_;
};

// Several walks as one.
class SortMerge {
 public:
  // Requires that none of them has been moved.
  Status Start(std::vector<std::unique_ptr<SortCursor>> cursors);
  bool done() const { return heap_.empty(); }
  const SortRow& row() const { return heap_.front()->row(); }
  Status Next();

 private:
  void SinkFirst();
  static bool Less(const SortCursor& a, const SortCursor& b);

  std::vector<std::unique_ptr<SortCursor>> cursors_;
  std::vector<SortCursor*> heap_;  // The least in front.
};

}  // namespace lsm
