// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>

#include "lsm/disk_reader.h"

namespace lsm {

// Which keys are due, in the order of their times, without sampling and with little RAM: the ttl
// rows of the near future stand in an ordered window, the rest is in LevelDB and read when the
// window runs low.
//
// The window holds every ttl row below the horizon. A refill reads LevelDB from the horizon on,
// while the loop goes on; rows put or deleted meanwhile, or earlier and not yet applied, may or may
// not be in what it reads. So every operation at or above the horizon, and every deletion, is kept
// (pending) until it is applied, and while a refill is under way until that is taken in: the last
// pending operation on a row decides, and only for rows without one does LevelDB. What was applied
// before the refill began, and is purged, the refill has seen.
//
// A row can be given that is no longer live (e.g. of a keyspace that was flushed): the key's meta
// decides. Loop thread only.
class TtlIndex {
 public:
  explicit TtlIndex(size_t window_rows = 65536) : window_limit_(window_rows) {}

  // A turn has put or deleted this row; `seq` is the number of its batch, which never decreases.
  void OnTtlRowPut(int64_t expire_ms, uint32_t generation, std::string_view key, uint64_t seq);
  void OnTtlRowDeleted(int64_t expire_ms, uint32_t generation, std::string_view key, uint64_t seq);
  // LevelDB holds all batches up to `seq`.
  void OnApplied(uint64_t seq);

  // Takes out up to `max` rows with expire_ms <= now_ms, earliest first. The caller deletes each
  // row (and its key, if it is due); a row that it only drops comes back after a restart. Fewer
  // than are due may be given when a refill is needed first.
  std::vector<TtlRow> PopDue(int64_t now_ms, size_t max);
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // The earliest time at which something may be due; kNever.
  int64_t NextDueMs() const;

  // What to read, when the window runs low: StartRefill, then DiskReader::ScanTtlRows(from, limit)
  // on any thread, then FinishRefill with the answer, or FailRefill. One at a time.
  struct Refill {
    TtlRow from;
    size_t limit = 0;
  };
  std::optional<Refill> StartRefill();
  void FinishRefill(TtlScan scan);
  void FailRefill();
  bool refilling() const { return refill_limit_ != 0; }

  size_t window_rows() const { return window_.size(); }
  size_t pending_rows() const { return pending_.size(); }
  // True when the window holds all rows there are.
  bool complete() const { return complete_; }

 private:
  struct Pending {
    uint64_t seq = 0;
    bool put = false;
  };
  using PendingMap = std::map<TtlRow, Pending>;

  bool BelowHorizon(const TtlRow& row) const { return complete_ || row < horizon_; }
  void Remember(TtlRow row, uint64_t seq, bool put);
  void ShrinkWindow();
  void Purge();

  const size_t window_limit_;
  absl::btree_map<TtlRow, uint64_t> window_;  // With the batch that put the row; 0: from LevelDB.
  bool complete_ = false;
  TtlRow horizon_;  // Unless complete_: the window holds all rows less than this.

  PendingMap pending_;
  std::deque<std::pair<uint64_t, PendingMap::iterator>> pending_order_;
  uint64_t applied_seq_ = 0;
  size_t refill_limit_ = 0;          // Of the refill under way; 0: none.
  uint64_t refill_applied_seq_ = 0;  // What was applied when it began.
};

}  // namespace lsm
