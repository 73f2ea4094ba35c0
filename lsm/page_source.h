// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/cache_node.h"
#include "lsm/status.h"

// What a collection in RAM needs from the world: rows from disk (LoadRequest, LoadedRun,
// PageSource), the open batch (RowSink), and the replacement policy (PageListener).
//
// Why a late load can never bring stale rows. A request may be executed on a worker thread and come
// back turns later. In between, a part of its range can have been loaded otherwise, changed,
// applied to LevelDB and evicted again; a run read before that apply must not be believed. Three
// facts:
//  1. A request is issued only for a range that is not resident, and what is not resident is on
//     disk as it is in truth (a changed page stays resident until applied).
//  2. Hence the run is right in every part that was not changed since the request was issued.
//  3. Every page, resident or not, remembers in `changed_seq` the batch of the last change in its
//     range; where pages are joined, the later one counts.
// So a request carries `issued_seq`, the number of the batch open when it was issued, and Install()
// takes from a run only the parts that are not resident and whose page has changed_seq <
// issued_seq. The rest is dropped, and the next Check() asks again. A change in the same turn as
// the request is treated as later, which is safe. A collection that is dropped from RAM and opened
// again forgets its pages, so it opens with changed_seq = open batch - 1: all it had changed was
// applied, so belongs to an earlier batch, and runs requested by its former self before the open
// batch are refused. Batch numbers must therefore never go down while the process lives.

namespace lsm {

using CollectionId = uint64_t;

enum class LoadMode : uint8_t {
  // Rows from `from` on, up to `to` or until `max_bytes` are reached. Covers [from, end).
  kForward,
  // Rows from just below `to` downwards, at least `from`. Covers [begin, to).
  kBackward,
  // Counts `skip_rows` rows from `from`, then goes on as kForward from the next one.
  kSkip,
  // Counts the rows in [from, target), then goes on as kForward from `target`. When these rows are
  // few enough for `max_bytes`, they are part of the run.
  kSeek,
  // Rows are only counted: at most `max_rows` from `from` on, in parts of about kRowsPerPart.
  kCount,
};

constexpr uint64_t kRowsPerPart = 2048;

// What is missing of a collection, and how to read it. Executed by ReadRun (lsm/run_reader.h) on
// any thread. Requests that are equal but for `issued_seq` need one execution: the oldest's answer
// will do, or be refused and asked for again.
struct LoadRequest {
  CollectionId collection = 0;
  LoadMode mode = LoadMode::kForward;
  std::string from;               // First subkey of the range, inclusive.
  std::optional<std::string> to;  // Its end, exclusive; none: the end of the collection.
  std::string target;             // kSeek.
  uint64_t skip_rows = 0;         // kSkip.
  uint64_t max_rows = 0;          // kCount.
  size_t max_bytes = 0;           // Packed; at least one row is returned if there is one.
  uint64_t issued_seq = 0;        // See above.

  // Whether the same rows would be read.
  bool SameRows(const LoadRequest& other) const {
    return collection == other.collection && mode == other.mode && from == other.from &&
           to == other.to && target == other.target && skip_rows == other.skip_rows &&
           max_rows == other.max_rows && max_bytes == other.max_bytes;
  }
};

// A request's answer: all rows in [begin, end), packed as in a leaf (varint key length, varint
// value length, key, value), or for kCount where the parts of [begin, end) start and their row
// counts.
struct LoadedRun {
  struct Part {
    std::string from;
    uint64_t rows = 0;
  };

  LoadRequest request;
  std::string begin;
  std::optional<std::string> end;  // Exclusive; none: the end of the collection.
  std::string rows;                // Packed.
  uint64_t row_count = 0;
  std::optional<uint64_t> rows_before;  // Rows in [request.from, begin), when they were counted.
  std::vector<Part> parts;              // kCount; the first starts at `begin`.
};

// Reads runs on the spot, blocking the caller: for what a command meets that was not loaded for it.
class PageSource {
 public:
  virtual ~PageSource() = default;
  virtual Result<LoadedRun> LoadRun(const LoadRequest& request) = 0;
};

class Collection;

// The open batch. Rows are named by their collection, which has made the change by then or is about
// to, and without prefix; views are only valid during the call.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // The number of the batch that the next operation becomes part of. Never 0, never decreases.
  virtual uint64_t sequence() const = 0;
  virtual void PutRow(const Collection& collection, std::string_view subkey,
                      std::string_view value) = 0;
  virtual void DeleteRow(const Collection& collection, std::string_view subkey) = 0;
};

// The replacement policy's view of pages of large collections. Called in the midst of a change of
// the collection: must not call back into it.
class PageListener {
 public:
  virtual ~PageListener() = default;
  virtual void PageIn(CacheNode* page) = 0;   // Now resident; charge_bytes is set.
  virtual void PageOut(CacheNode* page) = 0;  // No longer resident, evicted or gone: unlink it.
  // charge_bytes was changed from `old_bytes`.
  virtual void PageResized(CacheNode* page, uint32_t old_bytes) = 0;
};

// One for all collections of a store; outlives them.
struct CollectionEnv {
  RowSink* rows = nullptr;
  PageSource* source = nullptr;
  PageListener* listener = nullptr;
  uint64_t sync_loads = 0;  // Loads on the spot, for INFO.
};

}  // namespace lsm
