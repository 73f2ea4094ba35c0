// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lsm/file_system.h"
#include "lsm/status.h"

namespace lsm {

struct CheckOptions {
  std::string dir;
  std::string log_directory = {};  // Empty: dir + "/log".
  FileSystem* files = &PosixFileSystem();
  size_t max_problems = 100;  // More are counted and not described.
};

// What was found in a store.
struct CheckReport {
  std::vector<std::string> problems;  // What must not be, each with the row or file concerned.
  uint64_t problem_count = 0;

  uint32_t shards = 0;
  uint64_t tables = 0;
  uint64_t bytes_on_disk = 0;
  uint64_t log_records = 0;
  uint64_t unapplied_records = 0;  // Of these, such as LevelDB has not got; taken into account.
  bool log_torn_tail = false;      // Normal after a crash.
  uint64_t databases = 0;
  uint64_t keys = 0;
  uint64_t expiring_keys = 0;
  uint64_t collections = 0;
  uint64_t rows = 0;            // Of collections.
  uint64_t ttl_rows = 0;        // Spare ones included.
  uint64_t spare_ttl_rows = 0;  // No meta leads to them; the sweeper drops them when they are due.
  uint64_t garbage = 0;         // Not yet collected.
  uint64_t garbage_keys = 0;    // Keys of keyspaces that are garbage.

  bool ok() const { return problem_count == 0; }
};

// Checks a store that nobody has open, without changing a byte of it: the checksums of the commit
// log and of every block of every table; that every row can be decoded; that metas, rows of
// collections, ttl rows, garbage rows and the counts agree. What the log holds beyond LevelDB is
// applied to a view in RAM first. An error: there is no store, it is in use, or it cannot be read.
Result<CheckReport> CheckStore(const CheckOptions& options);

}  // namespace lsm
