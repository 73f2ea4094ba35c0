// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "lsm/applier.h"
#include "lsm/commit_log.h"
#include "lsm/row_batch.h"
#include "lsm/shards.h"
#include "lsm/status.h"

namespace lsm {

// The parts of an opened store, with the log's records that LevelDB had not got handed to the
// applier.
struct RecoveredStore {
  std::unique_ptr<Shards> shards;
  std::unique_ptr<Applier> applier;  // Destroyed first.
  std::unique_ptr<CommitLog> log;
  uint64_t committed_seq = 0;  // The last batch there is; the next one is committed_seq + 1.
  uint64_t replayed_records = 0;
  uint64_t replay_ms = 0;
};

struct RecoveryOptions {
  Shards::Options shards;
  LogOptions log;
  std::string log_directory;
  Applier::Options applier;  // Its read_log, synced_seq and request_sync are filled in.
  // Called for each operation of each replayed batch, in order, so that its keys can enter the hot
  // tier. The row's state is its last operation's.
  std::function<Status(uint64_t seq, const RowOperation& operation)> on_operation;
};

// Opens LevelDB, then the commit log, and replays the log's records after what the shard that is
// furthest behind has applied. Operations that a shard has already are applied again: a row's last
// operation wins, so that changes nothing. kCorruption if the log does not reach back that far.
Result<RecoveredStore> Recover(RecoveryOptions options);

}  // namespace lsm
