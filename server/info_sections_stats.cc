// SPDX-License-Identifier: BSD-3-Clause
// INFO's sections of counters: stats, commandstats, errorstats, latencystats.
#include <algorithm>
#include <utility>
#include <vector>

#include "resp/number_format.h"
#include "server/info_sections.h"
#include "server/migrator.h"
#include "server/pubsub.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/tracking.h"

namespace server {
namespace {

using NamedStats = std::pair<std::string, const CommandStats*>;

std::vector<NamedStats> SortedCommands(Server& server) {
  std::vector<NamedStats> commands;
  for (const auto& [spec, stats] : server.stats().commands()) {
    commands.emplace_back(server.commands().FullName(*spec), stats.get());
  }
  std::sort(commands.begin(), commands.end());
  return commands;
}

double PerCall(uint64_t sum, uint64_t calls) {
  return calls == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(calls);
}

void InfoTraffic(const ServerStats& stats, InfoLines& lines) {
  constexpr double kKilobyte = 1024;
  lines.Number("total_net_input_bytes", stats.net_input_bytes);
  lines.Number("total_net_output_bytes", stats.net_output_bytes);
  lines.Number("total_net_repl_input_bytes", stats.net_repl_input_bytes);
  lines.Number("total_net_repl_output_bytes", stats.net_repl_output_bytes);
  lines.Fixed("instantaneous_input_kbps",
              static_cast<double>(stats.input_bytes.PerSecond()) / kKilobyte);
  lines.Fixed("instantaneous_output_kbps",
              static_cast<double>(stats.output_bytes.PerSecond()) / kKilobyte);
  lines.Fixed("instantaneous_input_repl_kbps", 0);
  lines.Fixed("instantaneous_output_repl_kbps", 0);
}

void InfoPubSub(const PubSub& pubsub, InfoLines& lines) {
  lines.Number("pubsub_channels", pubsub.topics(Topic::Kind::kChannel).size());
  lines.Number("pubsub_patterns", pubsub.topics(Topic::Kind::kPattern).size());
  lines.Number("pubsubshard_channels", pubsub.topics(Topic::Kind::kShard).size());
}

void InfoTracking(const Tracking& tracking, InfoLines& lines) {
  lines.Number("tracking_total_keys", tracking.table().keys());
  lines.Number("tracking_total_items", tracking.table().items());
  lines.Number("tracking_total_prefixes", tracking.prefixes());
  // Ours.
  lines.Number("tracking_table_bytes", tracking.table().memory_bytes());
}

void InfoAbsentParts(InfoLines& lines) {
  for (const std::string_view name :
       {"latest_fork_usec", "total_forks", "slave_expires_tracked_keys", "active_defrag_hits",
        "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses",
        "total_active_defrag_time", "current_active_defrag_time"}) {
    lines.Number(name, 0);
  }
}

}  // namespace

void InfoStats(Server& server, InfoLines& lines) {
  const ServerStats& stats = server.stats();
  const lsm::StoreStats store = server.store().Stats();
  lines.Number("total_connections_received", stats.connections_received);
  lines.Number("total_commands_processed", stats.commands_processed);
  lines.Number("instantaneous_ops_per_sec", stats.ops.PerSecond());
  InfoTraffic(stats, lines);
  lines.Number("rejected_connections", stats.rejected_connections);
  lines.Number("sync_full", stats.sync_full);
  lines.Number("sync_partial_ok", stats.sync_partial_ok);
  lines.Number("sync_partial_err", stats.sync_partial_err);
  lines.Number("expired_keys", store.expired_keys);
  lines.Fixed("expired_stale_perc", 0);
  lines.Number("expired_time_cap_reached_count", 0);
  lines.Number("expire_cycle_cpu_milliseconds", 0);
  // Keys that were removed to make room: never. What leaves RAM is in the section Store.
  lines.Number("evicted_keys", 0);
  lines.Number("evicted_clients", 0);
  lines.Number("evicted_scripts", server.scripts().engine().cache().evicted());
  lines.Number("total_eviction_exceeded_time", 0);
  lines.Number("current_eviction_exceeded_time", 0);
  lines.Number("keyspace_hits", server.dispatcher().keyspace_hits());
  lines.Number("keyspace_misses", server.dispatcher().keyspace_misses());
  InfoPubSub(server.pubsub(), lines);
  InfoAbsentParts(lines);
  lines.Number("migrate_cached_sockets", server.migrator().cached_links());
  InfoTracking(server.tracking(), lines);
  lines.Number("unexpected_error_replies", stats.unexpected_error_replies);
  lines.Number("total_error_replies", stats.total_error_replies);
  lines.Number("dump_payload_sanitizations", 0);
  lines.Number("total_reads_processed", stats.reads_processed);
  lines.Number("total_writes_processed", stats.writes_processed);
  lines.Number("io_threaded_reads_processed", 0);
  lines.Number("io_threaded_writes_processed", 0);
  lines.Number("reply_buffer_shrinks", 0);
  lines.Number("reply_buffer_expands", 0);
  lines.Number("client_query_buffer_limit_disconnections", stats.query_buffer_limit_disconnections);
  lines.Number("client_output_buffer_limit_disconnections",
               stats.output_buffer_limit_disconnections);
  lines.Number("eventloop_cycles", stats.eventloop_cycles);
  lines.Number("eventloop_duration_sum", stats.eventloop_duration_us);
  lines.Number("eventloop_duration_cmd_sum", stats.eventloop_cmd_duration_us);
  lines.Number("instantaneous_eventloop_cycles_per_sec", stats.cycles.PerSecond());
  lines.Number("instantaneous_eventloop_duration_usec",
               stats.cycles.PerSecond() == 0
                   ? 0
                   : stats.cycle_time_us.PerSecond() / stats.cycles.PerSecond());
  lines.Number("acl_access_denied_auth", stats.acl_access_denied_auth);
  lines.Number("acl_access_denied_cmd", 0);
  lines.Number("acl_access_denied_key", 0);
  lines.Number("acl_access_denied_channel", 0);
}

void InfoCommandStats(Server& server, InfoLines& lines) {
  for (const auto& [name, stats] : SortedCommands(server)) {
    lines.Text("cmdstat_" + name,
               fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},"
                           "failed_calls={}",
                           stats->calls, stats->usec, PerCall(stats->usec, stats->calls),
                           stats->rejected_calls, stats->failed_calls));
  }
}

void InfoErrorStats(Server& server, InfoLines& lines) {
  for (const auto& [code, count] : server.stats().errors) {
    // What a client made up must not look like another line or field.
    std::string safe = code;
    for (char& c : safe) {
      if (c == '#' || c == ':' || c == '\r' || c == '\n') c = '_';
    }
    lines.Text("errorstat_" + safe, fmt::format("count={}", count));
  }
}

void InfoLatencyStats(Server& server, InfoLines& lines) {
  for (const auto& [name, stats] : SortedCommands(server)) {
    if (stats->latency == nullptr || stats->latency->total() == 0) continue;
    std::string value;
    for (const double percent : server.settings().latency_tracking_info_percentiles) {
      if (!value.empty()) value += ',';
      char label[resp::kMaxDoubleChars];
      const std::string_view shown(label,
                                   static_cast<size_t>(resp::FormatDouble(label, percent) - label));
      value += fmt::format("p{}={:.3f}", shown,
                           static_cast<double>(stats->latency->Percentile(percent)));
    }
    lines.Text("latency_percentiles_usec_" + name, value);
  }
}

}  // namespace server
