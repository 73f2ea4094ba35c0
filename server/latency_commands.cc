// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "server/admin_commands.h"
#include "server/instruments.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::CommandTable;
using datatypes::Result;

// LATENCY LATEST
Result<void> LatencyLatest(CommandContext& ctx) {
  const auto& events = ServerOf(ctx).instruments().latency.events();
  ctx.reply.Array(events.size());
  for (const auto& [name, event] : events) {
    ctx.reply.Array(4);
    ctx.reply.Bulk(name);
    ctx.reply.Integer(event.latest().time_s);
    ctx.reply.Integer(event.latest().ms);
    ctx.reply.Integer(event.worst_ms());
  }
  return {};
}

// LATENCY HISTORY event
Result<void> LatencyHistory(CommandContext& ctx) {
  const auto& events = ServerOf(ctx).instruments().latency.events();
  const auto found = events.find(std::string(ctx.args[2]));
  if (found == events.end()) {
    ctx.reply.Array(0);
    return {};
  }
  const auto history = found->second.History();
  ctx.reply.Array(history.size());
  for (const LatencyMonitor::Sample& sample : history) {
    ctx.reply.Array(2);
    ctx.reply.Integer(sample.time_s);
    ctx.reply.Integer(sample.ms);
  }
  return {};
}

// LATENCY GRAPH event
Result<void> LatencyGraphCommand(CommandContext& ctx) {
  const auto& events = ServerOf(ctx).instruments().latency.events();
  const auto found = events.find(std::string(ctx.args[2]));
  if (found == events.end()) {
    return datatypes::Fail(fmt::format("ERR No samples available for event '{}'", ctx.args[2]));
  }
  ctx.reply.Verbatim(
      "txt", LatencyGraph(found->first, found->second, ServerOf(ctx).clock().NowMs() / 1000));
  return {};
}

// LATENCY DOCTOR
Result<void> LatencyDoctor(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  ctx.reply.Verbatim("txt", LatencyReport(server.instruments().latency,
                                          server.settings().latency_monitor_threshold_ms,
                                          server.settings().slowlog_log_slower_than_us));
  return {};
}

// LATENCY RESET [event ...]
Result<void> LatencyReset(CommandContext& ctx) {
  LatencyMonitor& monitor = ServerOf(ctx).instruments().latency;
  size_t forgotten = 0;
  if (ctx.args.size() == 2) {
    forgotten = monitor.ForgetAll();
  } else {
    for (const std::string_view event : ctx.args.subspan(2)) {
      forgotten += monitor.Forget(event) ? 1 : 0;
    }
  }
  ctx.reply.Integer(static_cast<int64_t>(forgotten));
  return {};
}

// ---- LATENCY HISTOGRAM -----------------------------------------------------------------------

using NamedStats = std::pair<std::string_view, const CommandStats*>;

// Counts up to bounds that double, from about a microsecond on. They are the upper ends of buckets
// with two significant digits that begin at 1024, 2048 … ns, in whole microseconds, as Redis shows
// them.
void WriteHistogram(resp::Writer& reply, const LatencyHistogram& histogram) {
  const auto at = reply.Defer();
  size_t buckets = 0;
  uint64_t counted = 0;
  for (int i = 0; i < 48 && counted < histogram.total(); ++i) {
    const uint64_t bound_us = ((uint64_t{1032} << i) - 1) / 1000;
    const uint64_t up_to = histogram.CountUpTo(bound_us);
    if (up_to == counted) continue;
    counted = up_to;
    ++buckets;
    reply.Integer(static_cast<int64_t>(bound_us));
    reply.Integer(static_cast<int64_t>(counted));
  }
  reply.SetMapLength(at, buckets);
}

void Collect(Server& server, const CommandSpec& spec, std::vector<NamedStats>& found) {
  const auto& commands = server.stats().commands();
  if (const auto stats = commands.find(&spec);
      stats != commands.end() && stats->second->latency != nullptr) {
    found.emplace_back(server.commands().FullName(spec), stats->second.get());
  }
  for (const CommandSpec& subcommand : spec.subcommands) Collect(server, subcommand, found);
}

const CommandSpec* FindByFullName(const CommandTable& table, std::string_view name) {
  const size_t bar = name.find('|');
  const CommandSpec* spec = table.Find(name.substr(0, bar));
  if (spec == nullptr || bar == std::string_view::npos) return spec;
  return CommandTable::FindSubcommand(*spec, name.substr(bar + 1));
}

// LATENCY HISTOGRAM [command ...]
Result<void> LatencyHistogramCommand(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  std::vector<NamedStats> found;
  if (ctx.args.size() == 2) {
    for (const CommandSpec* spec : server.commands().commands()) Collect(server, *spec, found);
    std::sort(found.begin(), found.end());
  } else {
    for (const std::string_view name : ctx.args.subspan(2)) {
      const CommandSpec* spec = FindByFullName(server.commands(), name);
      if (spec != nullptr) Collect(server, *spec, found);
    }
  }
  ctx.reply.Map(found.size());
  for (const auto& [name, stats] : found) {
    ctx.reply.Bulk(name);
    ctx.reply.Map(2);
    ctx.reply.Bulk("calls");
    ctx.reply.Integer(static_cast<int64_t>(stats->latency->total()));
    ctx.reply.Bulk("histogram_usec");
    WriteHistogram(ctx.reply, *stats->latency);
  }
  return {};
}

// LATENCY HELP
Result<void> LatencyHelp(CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx,
      {
          "DOCTOR",
          "    Return a human readable latency analysis report.",
          "GRAPH <event>",
          "    Return an ASCII latency graph for the <event> class.",
          "HISTORY <event>",
          "    Return time-latency samples for the <event> class.",
          "LATEST",
          "    Return the latest latency samples for all events.",
          "RESET [<event> ...]",
          "    Reset latency data of one or more <event> classes.",
          "    (default: reset all data for all event classes)",
          "HISTOGRAM [COMMAND ...]",
          "    Return a cumulative distribution of latencies in the format of a histogram for the "
          "specified command names.",
          "    If no commands are specified then all histograms are replied.",
      });
  return {};
}

constexpr uint32_t kFlags =
    datatypes::kAdmin | datatypes::kNoScript | datatypes::kLoading | datatypes::kStale;
constexpr std::string_view kReportTips =
    "nondeterministic_output request_policy:all_nodes response_policy:special";

constexpr CommandSpec kLatencySubcommands[] = {
    {.name = "doctor",
     .handler = LatencyDoctor,
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .summary = "Reports on latency spikes in words.",
     .complexity = "O(1)",
     .tips = kReportTips},
    {.name = "graph",
     .handler = LatencyGraphCommand,
     .arity = 3,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .summary = "Draws the latency samples of an event in ASCII.",
     .complexity = "O(1)",
     .syntax = "event",
     .tips = kReportTips},
    {.name = "help",
     .handler = LatencyHelp,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .group = "server",
     .since = "2.8.13",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "histogram",
     .handler = LatencyHistogramCommand,
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "7.0.0",
     .summary = "Returns the distribution of latencies of some or all commands.",
     .complexity =
         "O(N) where N is the number of commands with latency information being retrieved.",
     .syntax = "[command [command ...]]",
     .tips = kReportTips},
    {.name = "history",
     .handler = LatencyHistory,
     .arity = 3,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns the latency samples of an event.",
     .complexity = "O(1)",
     .syntax = "event",
     .tips = kReportTips},
    {.name = "latest",
     .handler = LatencyLatest,
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns the latest latency sample of each event.",
     .complexity = "O(1)",
     .tips = kReportTips},
    {.name = "reset",
     .handler = LatencyReset,
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .summary = "Forgets the latency samples of some or all events.",
     .complexity = "O(1)",
     .syntax = "[event [event ...]]",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandSpec kLatencyCommands[] = {
    {.name = "latency",
     .arity = -2,
     .subcommands = kLatencySubcommands,
     .group = "server",
     .since = "2.8.13",
     .summary = "A container for latency diagnostics.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> LatencyCommands() {
  return kLatencyCommands;
}

}  // namespace server
