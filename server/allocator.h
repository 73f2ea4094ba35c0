// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace server {

// The allocator's own counters, in bytes.
struct AllocatorBytes {
  uint64_t allocated = 0;  // Handed out.
  uint64_t active = 0;     // In pages with at least one allocation.
  uint64_t resident = 0;   // In pages that are mapped, unused ones and metadata included.
};

// "jemalloc-5.3.0", or "libc".
std::string AllocatorName();
// As of now; costs some ten microseconds. Any thread.
AllocatorBytes ReadAllocator();
// Returns unused pages to the system. False: the allocator refused.
bool PurgeAllocator();
// The allocator's report, for MEMORY MALLOC-STATS; empty if it has none.
std::string AllocatorReport();

}  // namespace server
