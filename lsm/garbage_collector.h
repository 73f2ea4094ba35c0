// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "lsm/applier.h"
#include "lsm/clock.h"
#include "lsm/mutex.h"
#include "lsm/row_format.h"
#include "lsm/shards.h"
#include "lsm/space_keeper.h"

namespace lsm {

// Deletes the rows of collections and keyspaces that are on the garbage list, in slices, on a
// thread of its own, and then lets the space keeper compact what was freed.
//
// It reads the list between two merges of the applier, so a garbage row that it sees has all rows
// of what it names before it in LevelDB, and none will come after: ids and generations are never
// reused. It writes to LevelDB around the commit log. That is safe: it deletes only what nobody can
// reach, the garbage row last; and if a crash loses any of its deletions, it has lost (or keeps)
// the garbage row too, or the log brings it back together with the rows.
class GarbageCollector {
 public:
  struct Options {
    size_t slice_rows = 1000;       // Deleted by one write.
    uint32_t slice_pause_us = 500;  // Sleep after a slice, so that the applier comes first.
    uint32_t poll_ms = 1000;        // How often the list is looked at without Poke().
    bool own_thread = true;         // False: the owner calls RunOnce() (tests).
    std::function<void(char level, const std::string& line)> log_line;
  };

  GarbageCollector(Shards& shards, Applier& applier, SpaceKeeper& space, Options options);
  // Stops after the current slice.
  ~GarbageCollector();
  GarbageCollector(const GarbageCollector&) = delete;
  GarbageCollector& operator=(const GarbageCollector&) = delete;

  // There may be new garbage rows applied. Any thread.
  void Poke();
  // Collects everything that is on the list now. Not with own_thread.
  Status RunOnce();

  // Garbage rows seen at the last look and not yet collected.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t rows_collected() const { return rows_collected_.load(std::memory_order_relaxed); }

 private:
  struct Task {
    uint32_t shard = 0;  // Where its garbage row is.
    Garbage garbage;
  };
  struct Row {
    std::string key;
    std::string value;
    size_t value_bytes = 0;
  };

  void Run();
  Result<std::vector<Task>> ReadList();
  Status CollectAll();
  Status Collect(const Task& task);
  // The rows of one collection; those with a key in its shard are deleted by slices.
  Status CollectRows(CollectionId collection);
  Status CollectGeneration(uint32_t shard, uint32_t generation);
  Status CollectForeignRows(uint32_t shard, uint32_t generation);
  // Writes the deletions of a slice and empties it.
  Status WriteSlice(uint32_t shard, std::vector<Row>* rows);
  Result<std::vector<Row>> ReadSlice(uint32_t shard, std::string_view prefix, std::string_view from,
                                     bool with_values);
  // False: stop.
  bool Pause();

  Shards& shards_;
  Applier& applier_;
  SpaceKeeper& space_;
  const Options options_;
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> rows_collected_{0};

  Mutex mutex_;
  CondVar wake_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool poked_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace lsm
