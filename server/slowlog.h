// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"

namespace server {

// The commands that took long to run, newest first, as SLOWLOG shows them. Waiting for loads or for
// the disk does not count, only the time in which a command held the loop. Loop thread only.
class SlowLog {
 public:
  struct Entry {
    uint64_t id = 0;
    int64_t time_s = 0;
    int64_t duration_us = 0;
    std::vector<std::string> args;  // Trimmed.
    std::string peer;
    std::string client_name;
  };

  // Longer argument lists and arguments are cut, with a remark of how much is missing.
  static constexpr size_t kMaxArgs = 32;
  static constexpr size_t kMaxArgBytes = 128;

  // Keeps at most `max_len` entries; 0: none.
  void Add(int64_t now_ms, int64_t duration_us, datatypes::Args args, std::string_view peer,
           std::string_view client_name, size_t max_len);
  void Clear() { entries_.clear(); }
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  std::deque<Entry> entries_;
  uint64_t next_id_ = 0;
};

}  // namespace server
