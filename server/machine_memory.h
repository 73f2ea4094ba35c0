// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace server {

// Memory of the machine and of this process, from /proc and /sys. `root` is put before each path,
// so that a test can show another machine.

// Bytes of RAM; 0: unknown.
uint64_t TotalMemoryBytes(const std::string& root = "");
// The least limit of the process's control group and the groups above it, version 1 or 2; 0: none.
uint64_t CgroupLimitBytes(const std::string& root = "");
// What maxmemory 0 stands for: half of the machine's memory or of its control group's, whichever is
// less; 1 GiB if neither is known.
uint64_t DefaultMaxMemory(const std::string& root = "");

struct ResidentBytes {
  uint64_t total = 0;
  uint64_t anonymous = 0;  // Not backed by files: what the process itself has allocated.
};
// Of this process, by /proc/self/statm: shared pages count as backed by files.
ResidentBytes ReadResidentBytes(const std::string& root = "");

}  // namespace server
