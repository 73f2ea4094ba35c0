// SPDX-License-Identifier: BSD-3-Clause
#include "server/allocator.h"

#include <malloc.h>

#include <cstddef>

#include <fmt/format.h>

#if TIERCEL_JEMALLOC
#include <jemalloc/jemalloc.h>

// Read by jemalloc when the process starts. Few arenas, since what one has freed another cannot
// use; unused pages go back after a second, on a thread of the allocator's own, since they count
// against maxmemory like used ones.
const char* malloc_conf = "narenas:4,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
#endif

namespace server {

#if TIERCEL_JEMALLOC
namespace {

uint64_t ReadCounter(const char* name) {
  size_t value = 0;
  size_t size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

std::string AllocatorName() {
  return fmt::format("jemalloc-{}.{}.{}", JEMALLOC_VERSION_MAJOR, JEMALLOC_VERSION_MINOR,
                     JEMALLOC_VERSION_BUGFIX);
}

AllocatorBytes ReadAllocator() {
  // The counters are those of the last epoch: a new one begins with this.
  uint64_t epoch = 1;
  size_t size = sizeof(epoch);
  mallctl("epoch", &epoch, &size, &epoch, size);
  return {.allocated = ReadCounter("stats.allocated"),
          .active = ReadCounter("stats.active"),
          .resident = ReadCounter("stats.resident")};
}

bool PurgeAllocator() {
  const std::string all = fmt::format("arena.{}.purge", MALLCTL_ARENAS_ALL);
  return mallctl(all.c_str(), nullptr, nullptr, nullptr, 0) == 0;
}

std::string AllocatorReport() {
  std::string report;
  malloc_stats_print(
      [](void* to, const char* text) { static_cast<std::string*>(to)->append(text); }, &report,
      nullptr);
  return report;
}

#else

std::string AllocatorName() {
  return "libc";
}

AllocatorBytes ReadAllocator() {
  const struct mallinfo2 info = mallinfo2();
  return {.allocated = info.uordblks + info.hblkhd,
          .active = info.arena + info.hblkhd,
          .resident = info.arena + info.hblkhd};
}

bool PurgeAllocator() {
  malloc_trim(0);
  return true;
}

std::string AllocatorReport() {
  return {};
}

#endif

}  // namespace server
