// SPDX-License-Identifier: BSD-3-Clause
// INFO's sections about the data: persistence, cluster, modules, keyspace, store.
// What does not exist here keeps the value that says so.
#include "server/info_sections.h"
#include "server/rdb_saver.h"
#include "server/replication/replica_link.h"
#include "server/replication/replica_report.h"
#include "server/replication/stream.h"
#include "server/server.h"

namespace server {

void InfoPersistence(Server& server, InfoLines& lines) {
  const lsm::StoreStats store = server.store().Stats();
  const bool writable = server.store().Writable();
  lines.Number("loading", 0);
  lines.Number("async_loading", server.replica_link().loading() ? 1 : 0);
  lines.Number("current_cow_peak", 0);
  lines.Number("current_cow_size", 0);
  lines.Number("current_cow_size_age", 0);
  lines.Fixed("current_fork_perc", 0);
  const RdbSaver& saver = server.rdb_saver();
  lines.Number("current_save_keys_processed", saver.keys_done());
  lines.Number("current_save_keys_total", saver.keys_total());
  // Turns, each of which may be many commands.
  lines.Number("rdb_changes_since_last_save", store.committed_seq - saver.last_save_seq());
  lines.Number("rdb_bgsave_in_progress", saver.running() ? 1 : 0);
  lines.Number("rdb_last_save_time", saver.last_save_ms() / 1000);
  lines.Text("rdb_last_bgsave_status", saver.last_failed() ? "err" : "ok");
  lines.Number("rdb_last_bgsave_time_sec", saver.last_duration_s());
  lines.Number("rdb_current_bgsave_time_sec",
               saver.running() ? (server.now_ms() - saver.started_ms()) / 1000 : -1);
  lines.Number("rdb_saves", saver.saves());
  lines.Number("rdb_last_cow_size", 0);
  lines.Number("rdb_last_load_keys_expired", 0);
  lines.Number("rdb_last_load_keys_loaded", 0);
  // The commit log is what an AOF is to Redis.
  lines.Number("aof_enabled", 1);
  lines.Number("aof_rewrite_in_progress", 0);
  lines.Number("aof_rewrite_scheduled", 0);
  lines.Number("aof_last_rewrite_time_sec", -1);
  lines.Number("aof_current_rewrite_time_sec", -1);
  lines.Text("aof_last_bgrewrite_status", "ok");
  lines.Number("aof_rewrites", 0);
  lines.Number("aof_rewrites_consecutive_failures", 0);
  lines.Text("aof_last_write_status", writable ? "ok" : "err");
  lines.Number("aof_last_cow_size", 0);
  lines.Number("module_fork_in_progress", 0);
  lines.Number("module_fork_last_cow_size", 0);
  lines.Number("aof_current_size", store.log_bytes_on_disk);
  lines.Number("aof_base_size", 0);
  lines.Number("aof_pending_rewrite", 0);
  lines.Number("aof_buffer_length", 0);
  lines.Number("aof_pending_bio_fsync", store.committed_seq > store.synced_seq ? 1 : 0);
  lines.Number("aof_delayed_fsync", 0);
}

void InfoModules(Server& /*server*/, InfoLines& /*lines*/) {}

void InfoCluster(Server& /*server*/, InfoLines& lines) {
  lines.Number("cluster_enabled", 0);
}

void InfoKeyspace(Server& server, InfoLines& lines) {
  const lsm::Store& store = server.store();
  for (uint32_t db = 0; db < store.databases(); ++db) {
    const uint64_t keys = store.KeyCount(db);
    if (keys == 0) continue;
    lines.Text(fmt::format("db{}", db),
               fmt::format("keys={},expires={},avg_ttl=0", keys, store.ExpiringCount(db)));
  }
}

void InfoStore(Server& server, InfoLines& lines) {
  const lsm::StoreStats store = server.store().Stats();
  const auto line = [&lines](std::string_view name, uint64_t value) {
    lines.Number(fmt::format("store_{}", name), value);
  };
  line("hot_bytes", store.hot_bytes);
  line("hot_budget_bytes", store.hot_budget_bytes);
  line("hot_entries", store.hot_entries);
  line("hot_pages", store.hot_pages);
  line("hot_hits", store.hot_hits);
  line("hot_misses", store.hot_misses);
  line("key_loads", store.key_loads);
  line("page_loads", store.page_loads);
  line("coalesced_loads", store.coalesced_loads);
  line("spot_loads", store.spot_loads);
  line("loads_pending", store.loads_pending);
  line("evicted_entries", store.evicted_entries);
  line("evicted_pages", store.evicted_pages);
  line("expired_keys", store.expired_keys);
  line("sweeper_lag_ms", store.sweeper_lag_ms);
  line("log_bytes_on_disk", store.log_bytes_on_disk);
  line("log_bytes_appended", store.log_bytes_appended);
  line("log_appends", store.log_appends);
  line("log_fsyncs", store.log_fsyncs);
  line("log_last_fsync_us", store.log_last_fsync_us);
  line("committed_seq", store.committed_seq);
  line("synced_seq", store.synced_seq);
  line("applied_seq", store.applied_seq);
  line("flushed_seq", store.flushed_seq);
  line("backlog_bytes", store.backlog_bytes);
  line("backlog_limit_bytes", store.backlog_limit_bytes);
  line("write_delay_us", store.write_delay_us);
  line("rows_received", store.rows_received);
  line("rows_applied", store.rows_applied);
  line("lsm_bytes_on_disk", store.lsm_bytes_on_disk);
  line("lsm_tables", store.lsm_tables);
  line("lsm_memory_bytes", store.lsm_memory_bytes);
  line("lsm_block_reads", store.lsm_block_reads);
  line("lsm_block_read_bytes", store.lsm_block_read_bytes);
  line("lsm_reopens", store.lsm_reopens);
  line("garbage_pending", store.garbage_pending);
  line("garbage_rows_collected", store.garbage_rows_collected);
  line("replayed_records", store.replayed_records);
  line("replay_ms", store.replay_ms);
  // The server's side of it.
  line("lookahead_requests", server.stats().lookahead_requests);
  line("commits_failed", server.stats().commits_failed);
  line("paced_reads", server.stats().paced_reads);
}

}  // namespace server
