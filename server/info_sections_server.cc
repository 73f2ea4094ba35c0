// SPDX-License-Identifier: BSD-3-Clause
// INFO's sections about the process and its clients: server, clients, memory, cpu.
#include <unistd.h>

#include <algorithm>
#include <string>

#include <sys/resource.h>
#include <sys/utsname.h>

#include "server/connections.h"
#include "server/info_sections.h"
#include "server/instruments.h"
#include "server/memory_report.h"
#include "server/monitors.h"
#include "server/replication/stream.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/tracking.h"
#include "server/version.h"

namespace server {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::string_view SupervisionName(Supervision supervision) {
  switch (supervision) {
    case Supervision::kNo:
      return "no";
    case Supervision::kUpstart:
      return "upstart";
    case Supervision::kSystemd:
      return "systemd";
    case Supervision::kAuto:
      return "unknown";
  }
  return "no";
}

// The sockets that are listened on: "listener0:name=tcp,bind=*,bind=-::*,port=6379".
void InfoListeners(Server& server, InfoLines& lines) {
  int number = 0;
  const Settings& settings = server.settings();
  if (server.bound_port() != 0) {
    std::string value = "name=tcp";
    for (const std::string& address : settings.bind) value += ",bind=" + address;
    value += fmt::format(",port={}", server.bound_port());
    lines.Text(fmt::format("listener{}", number++), value);
  }
  if (!settings.unixsocket.empty()) {
    lines.Text(fmt::format("listener{}", number++), "name=unix,bind=" + settings.unixsocket);
  }
}

}  // namespace

void InfoServer(Server& server, InfoLines& lines) {
  const Settings& settings = server.settings();
  const int64_t now_ms = server.clock().NowMs();
  const int64_t uptime_s = (now_ms - server.start_time_ms()) / 1000;
  utsname system{};
  uname(&system);
  lines.Text("redis_version", kRedisVersion);
  lines.Text("tiercel_version", kTiercelVersion);
  lines.Text("redis_git_sha1", "00000000");
  lines.Number("redis_git_dirty", 0);
  lines.Text("redis_build_id", "0");
  lines.Text("redis_mode", "standalone");
  lines.Text("os", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  lines.Number("arch_bits", sizeof(void*) * 8);
  lines.Text("monotonic_clock", "POSIX clock_gettime");
  lines.Text("multiplexing_api", "epoll");
  lines.Text("atomicvar_api", "c11-builtin");
#ifdef __clang__
  lines.Text("gcc_version", "0.0.0");
#else
  lines.Text("gcc_version", fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__));
#endif
  lines.Number("process_id", getpid());
  lines.Text("process_supervised", SupervisionName(settings.supervised));
  lines.Text("run_id", server.run_id());
  lines.Number("tcp_port", server.bound_port());
  lines.Number("server_time_usec", now_ms * 1000);
  lines.Number("uptime_in_seconds", uptime_s);
  lines.Number("uptime_in_days", uptime_s / (24 * 3600));
  lines.Number("hz", settings.hz);
  lines.Number("configured_hz", settings.hz);
  lines.Number("lru_clock", (now_ms / 1000) & 0xFFFFFF);
  lines.Text("executable", server.environment().executable);
  lines.Text("config_file", server.environment().config_file);
  lines.Number("io_threads_active", 0);
  InfoListeners(server, lines);
}

void InfoClients(Server& server, InfoLines& lines) {
  const ServerStats& stats = server.stats();
  const size_t blocked = server.dispatcher().blocked_sessions();
  lines.Number("connected_clients", server.connections().size());
  lines.Number("cluster_connections", 0);
  lines.Number("maxclients", server.settings().maxclients);
  lines.Number("client_recent_max_input_buffer", stats.max_input_buffer);
  lines.Number("client_recent_max_output_buffer", stats.max_output_buffer);
  lines.Number("blocked_clients", blocked);
  lines.Number("tracking_clients", server.tracking().clients());
  lines.Number("clients_in_timeout_table", blocked);
  lines.Number("total_blocking_keys", server.dispatcher().awaited_keys());
  lines.Number("total_blocking_keys_on_nokey", server.dispatcher().awaited_deletions());
  // Ours: those whose command waits for data from disk, or for its turn.
  lines.Number("parked_clients", server.dispatcher().parked_sessions() - blocked);
  lines.Number("monitor_clients", server.monitors().size());
}

namespace {

void InfoScripts(Scripts& scripts, InfoLines& lines) {
  scripting::ScriptEngine& engine = scripts.engine();
  const scripting::FunctionSet& functions = scripts.functions().functions();
  const size_t heap = engine.vm().memory_used();
  const size_t sources = engine.cache().bytes();
  const size_t function_heap = scripts.functions().vm().memory_used();
  lines.Bytes("used_memory_lua", heap);  // Deprecated in Redis 7, and still read.
  lines.Number("used_memory_vm_eval", heap);
  lines.Number("used_memory_scripts_eval", sources);
  lines.Number("number_of_cached_scripts", engine.cache().size());
  lines.Number("number_of_functions", functions.function_count());
  lines.Number("number_of_libraries", functions.libraries().size());
  lines.Number("used_memory_vm_functions", function_heap);
  lines.Bytes("used_memory_vm_total", heap + function_heap);
  lines.Number("used_memory_functions", functions.memory_bytes());
  lines.Bytes("used_memory_scripts", sources + functions.memory_bytes());
}

}  // namespace

void InfoMemory(Server& server, InfoLines& lines) {
  const MemoryFigures figures = ReadMemoryFigures(server);
  const MemoryAccounting& memory = server.instruments().memory;
  lines.Bytes("used_memory", figures.used);
  lines.Bytes("used_memory_rss", figures.resident.total);
  lines.Bytes("used_memory_peak", figures.peak);
  lines.Percent("used_memory_peak_perc", figures.peak_percent);
  lines.Number("used_memory_overhead", figures.overhead);
  lines.Number("used_memory_startup", figures.startup);
  lines.Number("used_memory_dataset", figures.dataset);
  lines.Percent("used_memory_dataset_perc", figures.dataset_percent);
  lines.Number("allocator_allocated", figures.allocator.allocated);
  lines.Number("allocator_active", figures.allocator.active);
  lines.Number("allocator_resident", figures.allocator.resident);
  lines.Bytes("total_system_memory", TotalMemoryBytes());
  InfoScripts(server.scripts(), lines);
  lines.Bytes("maxmemory", server.effective_maxmemory());
  lines.Text("maxmemory_policy", "noeviction");
  lines.Fixed("allocator_frag_ratio", figures.allocator_frag_ratio);
  lines.Number("allocator_frag_bytes", figures.allocator_frag_bytes);
  lines.Fixed("allocator_rss_ratio", figures.allocator_rss_ratio);
  lines.Number("allocator_rss_bytes", figures.allocator_rss_bytes);
  lines.Fixed("rss_overhead_ratio", figures.rss_overhead_ratio);
  lines.Number("rss_overhead_bytes", figures.rss_overhead_bytes);
  lines.Fixed("mem_fragmentation_ratio", figures.fragmentation_ratio);
  lines.Number("mem_fragmentation_bytes", figures.fragmentation_bytes);
  lines.Number("mem_not_counted_for_evict", 0);
  lines.Number("mem_replication_backlog", server.replication_stream().memory_bytes());
  lines.Number("mem_total_replication_buffers", server.replication_stream().memory_bytes());
  lines.Number("mem_clients_slaves", 0);
  lines.Number("mem_clients_normal", figures.clients);
  lines.Number("mem_cluster_links", 0);
  lines.Number("mem_aof_buffer", figures.backlog);
  lines.Text("mem_allocator", AllocatorName());
  lines.Number("active_defrag_running", 0);
  lines.Number("lazyfree_pending_objects", 0);
  lines.Number("lazyfreed_objects", 0);
  // Ours.
  lines.Number("used_memory_rss_anonymous", figures.resident.anonymous);
  lines.Number("used_memory_reserved", memory.reserved_bytes());
}

void InfoCpu(Server& /*server*/, InfoLines& lines) {
  rusage self{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  constexpr int kDigits = 6;
  lines.Fixed("used_cpu_sys", Seconds(self.ru_stime), kDigits);
  lines.Fixed("used_cpu_user", Seconds(self.ru_utime), kDigits);
  lines.Fixed("used_cpu_sys_children", Seconds(children.ru_stime), kDigits);
  lines.Fixed("used_cpu_user_children", Seconds(children.ru_utime), kDigits);
  lines.Fixed("used_cpu_sys_main_thread", Seconds(thread.ru_stime), kDigits);
  lines.Fixed("used_cpu_user_main_thread", Seconds(thread.ru_utime), kDigits);
}

}  // namespace server
