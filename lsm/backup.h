// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "lsm/status.h"

namespace lsm {

class Store;

struct BackupReport {
  uint64_t tables_linked = 0;
  uint64_t tables_copied = 0;  // Where the file system has no hard links, or is another one.
  uint64_t log_bytes = 0;
  uint64_t bytes = 0;  // All of it.
};

// Makes the directory `to`, which must not exist, a copy of the open store's files as of a moment
// during the call: a server that is started on it has all that was committed before the call. Table
// files never change, so they get a second name (a hard link); the MANIFESTs and the commit log are
// copied. The store goes on meanwhile, but its log grows. On failure there is no `to`.
//
// How the parts fit together: the log lets go of nothing while this runs. First, of each shard, the
// MANIFEST is read and the tables that it lists are linked, again if LevelDB has removed one in
// between; then the log is copied, from the oldest segment to the newest there was. So the log
// reaches from before what the tables have to after it, and opening the copy is a recovery as after
// a crash, which brings all shards to the same point.
//
// Any thread but the loop's, since it does not return quickly; the store must not be closed before
// it returns.
Result<BackupReport> BackUpStore(Store& store, const std::string& to);

}  // namespace lsm
