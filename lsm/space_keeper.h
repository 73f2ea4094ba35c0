// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "lsm/mutex.h"
#include "lsm/shards.h"

namespace lsm {

// Gives the space of deleted rows back. LevelDB drops a row and its tombstone only when a
// compaction happens to meet both, which may be never once the writes have stopped. So deletions
// are counted by key range, and a range whose deleted part has grown beyond a quarter of it is
// compacted, on a thread of low priority. A compaction of a range thus costs at most a few times
// what it frees.
//
// The counts are kept in a store row, written around the commit log: they are an estimate.
class SpaceKeeper {
 public:
  struct Options {
    double garbage_ratio = 0.25;
    uint64_t min_garbage_bytes = uint64_t{1} << 20;
    uint32_t interval_ms = 5000;  // How often ranges are weighed.
    bool own_thread = true;       // False: the owner calls RunOnce() (tests).
    std::function<void(char level, const std::string& line)> log_line;
  };

  SpaceKeeper(Shards& shards, Options options);
  ~SpaceKeeper();
  SpaceKeeper(const SpaceKeeper&) = delete;
  SpaceKeeper& operator=(const SpaceKeeper&) = delete;

  // A row was deleted in LevelDB; `bytes`: its size if known, else 0. Any thread; cheap.
  void OnDelete(uint32_t shard, std::string_view row_key, uint64_t bytes);

  // Weighs all ranges and compacts those that deserve it. Not with own_thread. Returns how many.
  size_t RunOnce();

  uint64_t compactions() const { return compactions_.load(std::memory_order_relaxed); }

 private:
  struct Counts {
    uint64_t rows = 0;
    uint64_t known_rows = 0;   // Of these, rows with a known size …
    uint64_t known_bytes = 0;  // … and that size.
  };
  using RangeId = std::pair<uint32_t, std::string>;  // Shard, first bytes of the keys.
  using Ranges = std::map<RangeId, Counts>;
  struct Weighed {
    RangeId id;
    uint64_t garbage_bytes = 0;
    uint64_t range_bytes = 0;
  };

  void Run();
  Weighed Weigh(const RangeId& id, const Counts& counts) const;
  uint64_t MeanRowBytes(const RangeId& id) const;
  std::vector<Weighed> Choose(const Ranges& ranges) const;
  // Returns how many of them, from the first on, are done.
  size_t Compact(const std::vector<Weighed>& chosen);
  bool stopping();
  void Load();
  void Save();

  Shards& shards_;
  const Options options_;
  std::atomic<uint64_t> compactions_{0};

  Mutex mutex_;
  CondVar wake_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  Ranges ranges_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;  // Since the ranges were weighed.
  std::thread thread_;
};

}  // namespace lsm
