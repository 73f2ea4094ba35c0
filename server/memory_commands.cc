// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "server/admin_commands.h"
#include "server/instruments.h"
#include "server/memory_report.h"
#include "server/replication/stream.h"
#include "server/scripts.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Error;
using datatypes::Fail;
using datatypes::Result;

// What a collection takes, or would if it were all in RAM: of one that is not, `samples` rows are
// looked at (and loaded), and their average stands for all.
Result<uint64_t> CollectionBytes(lsm::Collection& collection, uint64_t samples) {
  if (collection.fully_resident()) return collection.memory_bytes();
  constexpr uint64_t kRowHeaderBytes = 4;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  lsm::CollectionCursor cursor = collection.SeekFirst();
  for (; cursor.valid() && rows < samples; cursor.Next()) {
    ++rows;
    bytes += cursor.subkey().size() + cursor.value().size() + kRowHeaderBytes;
  }
  if (!cursor.status().ok()) return tl::unexpected(Error(cursor.status()));
  if (rows == 0) return collection.overhead_bytes();
  const double average = static_cast<double>(bytes) / static_cast<double>(rows);
  return collection.overhead_bytes() +
         static_cast<uint64_t>(average * static_cast<double>(collection.count()));
}

// MEMORY USAGE key [SAMPLES count]
Result<void> MemoryUsage(CommandContext& ctx) {
  uint64_t samples = 5;
  datatypes::OptionReader options(ctx.args, 3);
  while (!options.done()) {
    if (!options.Take("SAMPLES", 1)) return Fail(datatypes::kSyntaxError);
    ASSIGN_OR_RETURN(const int64_t wanted,
                     datatypes::ParseIntegerFrom(options.operand(), 0, datatypes::kSyntaxError));
    samples = wanted == 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(wanted);
  }
  ASSIGN_OR_RETURN(lsm::Entry * entry, ctx.keyspace.Peek(ctx.args[2]));
  if (entry == nullptr) {
    ctx.reply.Null();
    return {};
  }
  uint64_t bytes = entry->allocated_bytes();
  if (entry->has_collection()) {
    ASSIGN_OR_RETURN(const uint64_t more, CollectionBytes(entry->collection(), samples));
    bytes += more;
  }
  ctx.reply.Integer(static_cast<int64_t>(bytes));
  return {};
}

class StatsWriter {
 public:
  explicit StatsWriter(resp::Writer& reply) : reply_(reply), at_(reply.Defer()) {}
  void Integer(std::string_view name, uint64_t value) {
    Name(name);
    reply_.Integer(static_cast<int64_t>(value));
  }
  void Signed(std::string_view name, int64_t value) {
    Name(name);
    reply_.Integer(value);
  }
  void Double(std::string_view name, double value) {
    Name(name);
    reply_.Double(value);
  }
  void Name(std::string_view name) {
    reply_.Bulk(name);
    ++fields_;
  }
  void End() { reply_.SetMapLength(at_, fields_); }

 private:
  resp::Writer& reply_;
  resp::Writer::Deferred at_;
  size_t fields_ = 0;
};

// MEMORY STATS
Result<void> MemoryStats(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  const MemoryFigures figures = ReadMemoryFigures(server);
  StatsWriter stats(ctx.reply);
  stats.Integer("peak.allocated", figures.peak);
  stats.Integer("total.allocated", figures.used);
  stats.Integer("startup.allocated", figures.startup);
  stats.Integer("replication.backlog", server.replication_stream().memory_bytes());
  // What they have not taken lies in the backlog, which all of them read.
  stats.Integer("clients.slaves", 0);
  stats.Integer("clients.normal", figures.clients);
  stats.Integer("cluster.links", 0);
  stats.Integer("aof.buffer", figures.backlog);
  Scripts& scripts = server.scripts();
  stats.Integer("lua.caches", scripts.engine().cache().bytes());
  stats.Integer("functions.caches", scripts.functions().functions().memory_bytes());
  const lsm::Store& store = server.store();
  for (uint32_t db = 0; db < store.databases(); ++db) {
    if (store.KeyCount(db) == 0) continue;
    stats.Name(fmt::format("db.{}", db));
    // Tables of keys belong to the hot tier, which all databases share: they are counted there.
    ctx.reply.Map(2);
    ctx.reply.Bulk("overhead.hashtable.main");
    ctx.reply.Integer(0);
    ctx.reply.Bulk("overhead.hashtable.expires");
    ctx.reply.Integer(0);
  }
  stats.Integer("overhead.total", figures.overhead);
  stats.Integer("keys.count", figures.keys);
  stats.Integer("keys.bytes-per-key", figures.keys == 0 ? 0 : figures.dataset / figures.keys);
  stats.Integer("dataset.bytes", figures.dataset);
  stats.Double("dataset.percentage", figures.dataset_percent);
  stats.Double("peak.percentage", figures.peak_percent);
  stats.Integer("allocator.allocated", figures.allocator.allocated);
  stats.Integer("allocator.active", figures.allocator.active);
  stats.Integer("allocator.resident", figures.allocator.resident);
  stats.Double("allocator-fragmentation.ratio", figures.allocator_frag_ratio);
  stats.Signed("allocator-fragmentation.bytes", figures.allocator_frag_bytes);
  stats.Double("allocator-rss.ratio", figures.allocator_rss_ratio);
  stats.Signed("allocator-rss.bytes", figures.allocator_rss_bytes);
  stats.Double("rss-overhead.ratio", figures.rss_overhead_ratio);
  stats.Signed("rss-overhead.bytes", figures.rss_overhead_bytes);
  stats.Double("fragmentation", figures.fragmentation_ratio);
  stats.Signed("fragmentation.bytes", figures.fragmentation_bytes);
  stats.End();
  return {};
}

// MEMORY DOCTOR
Result<void> MemoryDoctor(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  ctx.reply.Verbatim("txt", MemoryReport(server, ReadMemoryFigures(server)));
  return {};
}

// MEMORY PURGE
Result<void> MemoryPurge(CommandContext& ctx) {
  if (!PurgeAllocator()) return Fail("ERR Error purging dirty pages");
  ctx.reply.SimpleString("OK");
  return {};
}

// MEMORY MALLOC-STATS
Result<void> MemoryMallocStats(CommandContext& ctx) {
  const std::string report = AllocatorReport();
  ctx.reply.Verbatim("txt",
                     report.empty() ? "Stats not supported for the current allocator" : report);
  return {};
}

// MEMORY HELP
Result<void> MemoryHelp(CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx, {
               "DOCTOR",
               "    Return memory problems reports.",
               "MALLOC-STATS",
               "    Return internal statistics report from the memory allocator.",
               "PURGE",
               "    Attempt to purge dirty pages for reclamation by the allocator.",
               "STATS",
               "    Return information about the memory usage of the server.",
               "USAGE <key> [SAMPLES <count>]",
               "    Return memory in bytes used by <key> and its value. Nested values are",
               "    sampled up to <count> times (default: 5, 0 means sample all).",
           });
  return {};
}

constexpr std::string_view kReportTips =
    "nondeterministic_output request_policy:all_shards response_policy:special";
constexpr std::string_view kAllocatorCost =
    "Depends on how much memory is allocated, could be slow";

constexpr CommandSpec kMemorySubcommands[] = {
    {.name = "doctor",
     .handler = MemoryDoctor,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Reports on memory problems in words.",
     .complexity = "O(1)",
     .tips = kReportTips},
    {.name = "help",
     .handler = MemoryHelp,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .group = "server",
     .since = "4.0.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "malloc-stats",
     .handler = MemoryMallocStats,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Returns the allocator's own report.",
     .complexity = kAllocatorCost,
     .tips = kReportTips},
    {.name = "purge",
     .handler = MemoryPurge,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Has the allocator return unused pages to the system.",
     .complexity = kAllocatorCost,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "stats",
     .handler = MemoryStats,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Returns where memory goes, in figures.",
     .complexity = "O(1)",
     .tips = kReportTips},
    {.name = "usage",
     .handler = MemoryUsage,
     .arity = -3,
     .flags = datatypes::kReadonly | datatypes::kPeeks,
     .keys = datatypes::OneKey(2, datatypes::kRO),
     .group = "server",
     .since = "4.0.0",
     .summary = "Estimates the memory that a key takes.",
     .complexity = "O(N) where N is the number of samples.",
     .syntax = "key [SAMPLES count]"},
};

constexpr CommandSpec kMemoryCommands[] = {
    {.name = "memory",
     .arity = -2,
     .subcommands = kMemorySubcommands,
     .group = "server",
     .since = "4.0.0",
     .summary = "A container for memory diagnostics.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> MemoryCommands() {
  return kMemoryCommands;
}

}  // namespace server
