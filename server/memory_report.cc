// SPDX-License-Identifier: BSD-3-Clause
#include "server/memory_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/connections.h"
#include "server/human_bytes.h"
#include "server/instruments.h"
#include "server/server.h"

namespace server {
namespace {

double Ratio(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

int64_t Difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

}  // namespace

MemoryFigures ReadMemoryFigures(Server& server) {
  MemoryAccounting& memory = server.instruments().memory;
  memory.Measure();
  const lsm::StoreStats store = server.store().Stats();
  MemoryFigures figures;
  figures.allocator = memory.allocator();
  figures.resident = memory.resident();
  figures.used = memory.used_bytes();
  figures.peak = std::max(server.stats().peak_memory, figures.used);
  figures.startup = memory.startup_bytes();
  figures.clients = server.connections().buffer_bytes();
  figures.backlog = store.backlog_bytes;
  figures.dataset = std::min(store.hot_bytes, figures.used);
  figures.overhead = figures.used - figures.dataset;
  for (uint32_t db = 0; db < server.store().databases(); ++db) {
    figures.keys += server.store().KeyCount(db);
  }
  const uint64_t net = figures.used - std::min(figures.used, figures.startup);
  figures.dataset_percent = std::min(100.0, 100 * Ratio(figures.dataset, net));
  figures.peak_percent = 100 * Ratio(figures.used, figures.peak);
  const AllocatorBytes& allocator = figures.allocator;
  figures.allocator_frag_ratio = Ratio(allocator.active, allocator.allocated);
  figures.allocator_frag_bytes = Difference(allocator.active, allocator.allocated);
  figures.allocator_rss_ratio = Ratio(allocator.resident, allocator.active);
  figures.allocator_rss_bytes = Difference(allocator.resident, allocator.active);
  figures.rss_overhead_ratio = Ratio(figures.resident.total, allocator.resident);
  figures.rss_overhead_bytes = Difference(figures.resident.total, allocator.resident);
  figures.fragmentation_ratio = Ratio(figures.resident.total, figures.used);
  figures.fragmentation_bytes = Difference(figures.resident.total, figures.used);
  return figures;
}

std::string MemoryReport(Server& server, const MemoryFigures& figures) {
  constexpr uint64_t kTooLittleToTell = 5 << 20;
  if (figures.used < kTooLittleToTell) {
    return "The server holds so little that its memory tells nothing yet.\n";
  }
  const uint64_t maxmemory = server.effective_maxmemory();
  const MemoryAccounting& memory = server.instruments().memory;
  std::string found;
  if (figures.peak_percent < 100 / 1.5) {
    found += fmt::format(
        "- Peak: at its peak the server used {}, now {}. Pages that the allocator still keeps make "
        "the resident size look large; MEMORY PURGE returns them.\n",
        HumanBytes(figures.peak), HumanBytes(figures.used));
  }
  if (figures.allocator_frag_ratio > 1.25 && figures.allocator_frag_bytes > (10 << 20)) {
    found += fmt::format(
        "- Fragmentation: {} lie unused between allocations (ratio {:.2f}). Values of changing "
        "sizes cause it; it falls as entries are evicted and read again.\n",
        HumanBytes(static_cast<uint64_t>(figures.allocator_frag_bytes)),
        figures.allocator_frag_ratio);
  }
  if (memory.reserved_bytes() > maxmemory / 2) {
    found += fmt::format(
        "- Overhead: {} of {} (maxmemory) go to memtables, caches, the backlog and clients; the "
        "hot "
        "tier has only {}. Raise maxmemory, or lower lsm-memtable-size, backlog-limit or the "
        "clients' output limits.\n",
        HumanBytes(memory.reserved_bytes()), HumanBytes(maxmemory),
        HumanBytes(memory.hot_budget_bytes()));
  }
  constexpr uint64_t kMuchPerClient = 200 << 10;
  const size_t clients = server.connections().size();
  if (clients > 0 && figures.clients / clients > kMuchPerClient) {
    found += fmt::format(
        "- Clients: their buffers take {}, {} each. CLIENT LIST shows which ones do not read their "
        "replies.\n",
        HumanBytes(figures.clients), HumanBytes(figures.clients / clients));
  }
  if (figures.resident.anonymous > maxmemory + maxmemory / 4) {
    found += fmt::format("- Limit: {} of anonymous memory are in use, with a maxmemory of {}.\n",
                         HumanBytes(figures.resident.anonymous), HumanBytes(maxmemory));
  }
  if (found.empty()) return "No memory problem was found.\n";
  return "These things about the server's memory are worth a look:\n\n" + found;
}

}  // namespace server
