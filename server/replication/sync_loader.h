// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lsm/entry.h"
#include "lsm/replica_store.h"
#include "lsm/status.h"
#include "lsm/store.h"
#include "server/replication/sync_batch.h"

namespace server {

class Server;

// Puts a full sync into the store's staged databases, a slice at a time, so that the loop never
// stands still; the old data stay what clients see. Memory and disk take it as they take commands:
// a slice ends when the open turn is large, and waits while writers are paced or nothing can be
// written. Loop thread only.
class SyncLoader {
 public:
  // Begins with empty staged databases.
  explicit SyncLoader(Server& server);
  // What was staged and not shown is dropped.
  ~SyncLoader();
  SyncLoader(const SyncLoader&) = delete;
  SyncLoader& operator=(const SyncLoader&) = delete;

  // Applies as much of `batch` as there is time for. An error ends the sync: what the primary sent
  // cannot be stored. `*wait_ms`: when to go on; 0: in the next iteration.
  lsm::Status Apply(SyncBatch& batch, int64_t until_us, int64_t* wait_ms);
  // All batches are applied: the staged databases and libraries take the place of the old ones, in
  // the open turn.
  lsm::Status Show();

  uint64_t keys() const { return keys_; }

 private:
  lsm::Status ApplyStep(const SyncBatch::Step& step);
  lsm::Status BeginKey(const SyncBatch::Step& step);
  lsm::Status PutRow(const SyncBatch::Step& step);
  lsm::Status EndKey(const SyncBatch::Step& step);
  // The key at hand, which may have been evicted or moved since the last slice.
  lsm::Result<lsm::Entry*> Current();

  Server& server_;
  lsm::Store& store_;
  lsm::ReplicaStore& staging_;
  bool shown_ = false;
  uint64_t keys_ = 0;
  int64_t pace_debt_us_ = 0;
  std::vector<std::string> functions_;
  size_t function_bytes_ = 0;
  // The key at hand.
  std::string key_;
  uint32_t db_ = 0;  // Staged.
  datatypes::Type type_ = datatypes::kNone;
  int64_t expire_at_ms_ = lsm::kNoExpiry;
  bool created_ = false;
  lsm::Entry* entry_ = nullptr;  // Good within a slice.
};

}  // namespace server
