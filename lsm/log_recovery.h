// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/file_system.h"
#include "lsm/status.h"

namespace lsm {

enum class DamagePolicy {
  kRefuse,
  kTruncate,  // Cut the log at the damage; all that came after is lost.
};

// Gets each record's sequence number and payload (see RowReader), which is valid during the call.
// An error stops the recovery and is its result.
using ReplayFunction = std::function<Status(uint64_t seq, std::string_view payload)>;

// What was found in a log's directory.
struct LogReport {
  struct SegmentReport {
    std::string name;
    uint64_t number = 0;
    uint64_t size = 0;
    uint64_t end = 0;        // Where its last valid record ends.
    uint64_t first_seq = 0;  // 0: no records.
    uint64_t last_seq = 0;
  };
  std::vector<SegmentReport> segments;

  uint64_t records = 0;   // Valid ones that count, of any sequence number.
  uint64_t replayed = 0;  // Of these, after the applied sequence number.
  uint64_t bytes = 0;     // Read.
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;

  // A tail that was being written when the process or the machine stopped: normal, is cut.
  bool torn_tail = false;
  // Damage of what had been synced, with file, offset and what can be done; empty if none.
  std::string damage;
  // Where the tail is torn or the damage begins.
  std::string cut_file;
  uint64_t cut_offset = 0;
};

// Checks every record of the log without changing anything. Errors are for what could not be
// read at all; damage is in the report. `applied_seq` is the least that LevelDB holds, or 0 if not
// known: then the log may begin with any record.
Result<LogReport> VerifyLog(FileSystem& file_system, const std::string& directory,
                            uint64_t applied_seq = 0);

}  // namespace lsm
