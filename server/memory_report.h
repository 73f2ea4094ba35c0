// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "server/allocator.h"
#include "server/machine_memory.h"

namespace server {

class Server;

// What INFO memory and MEMORY STATS both tell, in bytes, measured at one moment. What Redis calls
// the dataset is the hot tier here; its overhead is everything else.
struct MemoryFigures {
  uint64_t used = 0;
  uint64_t peak = 0;
  uint64_t startup = 0;
  uint64_t clients = 0;
  uint64_t backlog = 0;
  uint64_t dataset = 0;
  uint64_t overhead = 0;
  uint64_t keys = 0;
  AllocatorBytes allocator;
  ResidentBytes resident;
  double dataset_percent = 0;
  double peak_percent = 0;
  double allocator_frag_ratio = 0;
  int64_t allocator_frag_bytes = 0;
  double allocator_rss_ratio = 0;
  int64_t allocator_rss_bytes = 0;
  double rss_overhead_ratio = 0;
  int64_t rss_overhead_bytes = 0;
  double fragmentation_ratio = 0;
  int64_t fragmentation_bytes = 0;
};

// Measures.
MemoryFigures ReadMemoryFigures(Server& server);

// MEMORY DOCTOR's report.
std::string MemoryReport(Server& server, const MemoryFigures& figures);

}  // namespace server
