// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "lsm/disk_reader.h"
#include "lsm/loader_pool.h"
#include "lsm/row_format.h"
#include "lsm/status.h"
#include "lsm/store.h"

namespace lsm {

// Which key a load is for.
struct KeyName {
  uint64_t hash = 0;  // The hot tier's, of generation and key.
  uint32_t generation = 0;
  std::string_view key;
  bool operator==(const KeyName&) const = default;
};

// What somebody waits for within a collection.
struct RowsWanted {
  enum class What : uint8_t { kRow, kRank, kAll, kAt, kForward, kBackward };
  What what = What::kRow;
  std::string subkey;  // kRow, kRank; kForward, kBackward: where from.
  uint64_t rows = 0;   // kAll: only while the collection has no more. kForward, kBackward: steps.
  uint64_t rank = 0;   // kAt.
  bool from_end = false;  // kBackward: there is no `subkey`, the walk begins at the end.
  std::optional<std::string> bound = std::nullopt;  // kForward, kBackward: where it ends.
};

// Who takes in what was loaded. Loop thread.
class LoadSink {
 public:
  virtual ~LoadSink() = default;
  // The key's meta as it is on disk; none: the key is absent.
  virtual void OnKeyLoaded(const KeyName& name, std::optional<StoredMeta> meta) = 0;
  virtual Status OnRunLoaded(const KeyName& name, const LoadedRun& run) = 0;
  // What is to be loaded next for who wants that; none: nothing is missing.
  virtual std::optional<LoadRequest> StillMissing(const KeyName& name, CollectionId collection,
                                                  const RowsWanted& wanted) = 0;
};

// The loads under way: one for each missing key or run of rows, however many wait for it. Requests
// of one turn gather here and go to the worker threads together (Submit).
//
// A key's load is stale when the key became resident meanwhile, was changed, applied and evicted
// again: the read may have come before the change. So whoever evicts an entry tells OnForgotten,
// and a load of that key is done again. (Runs of rows guard themselves: see lsm/page_source.h.)
//
// Loop thread only.
class LoadBoard {
 public:
  // `may_read_rows` false: loads of rows are held back until ReleaseRows() (see StoreImpl::Open).
  LoadBoard(LoaderPool& pool, DiskReader& reader, LoadSink& sink);
  ~LoadBoard();
  LoadBoard(const LoadBoard&) = delete;
  LoadBoard& operator=(const LoadBoard&) = delete;

  void JoinKey(const KeyName& name, LoadWaiter& waiter);
  void JoinRows(const KeyName& name, LoadRequest request, RowsWanted wanted, LoadWaiter& waiter);
  void Abandon(LoadWaiter& waiter);
  void OnForgotten(const KeyName& name);

  // Other work that runs on the pool and that a waiter may wait for: counts it in, and tells it.
  static void Begin(LoadWaiter& waiter);
  void Done(LoadWaiter& waiter, const Status& status);
  void Add(std::unique_ptr<LoadJob> job) { queue_.push_back(std::move(job)); }

  void Submit();
  void HoldRows(bool hold);

  size_t pending() const { return keys_.size() + rows_pending_ + other_pending_; }
  uint64_t key_loads() const { return key_loads_; }
  uint64_t row_loads() const { return row_loads_; }
  uint64_t coalesced() const { return coalesced_; }
  void ResetStats() { key_loads_ = row_loads_ = coalesced_ = 0; }

 private:
  class KeyJob;
  class RowsJob;
  struct RowsWait {
    LoadWaiter* waiter = nullptr;
    RowsWanted wanted;
  };
  struct NameHash {
    size_t operator()(const KeyName& name) const { return name.hash; }
  };

  void FinishKey(KeyJob& job);
  void FinishRows(RowsJob& job);
  // Tells all; who is abandoned by one of those told is skipped.
  void Notify(std::vector<LoadWaiter*> waiters, const Status& status);

  LoaderPool& pool_;
  DiskReader& reader_;
  LoadSink& sink_;
  absl::flat_hash_map<KeyName, KeyJob*, NameHash> keys_;
  absl::flat_hash_map<std::string, RowsJob*> rows_;  // By RowsName(): a long string has thousands.
  size_t rows_pending_ = 0;
  size_t other_pending_ = 0;
  std::vector<std::unique_ptr<LoadJob>> queue_;
  std::vector<std::unique_ptr<LoadJob>> held_;
  bool hold_rows_ = false;
  std::vector<std::vector<LoadWaiter*>*> notifying_;
  uint64_t key_loads_ = 0;
  uint64_t row_loads_ = 0;
  uint64_t coalesced_ = 0;
};

}  // namespace lsm
