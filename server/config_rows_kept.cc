// SPDX-License-Identifier: BSD-3-Clause
//
// Parameters of Redis 7.2 that have no meaning here (yet): accepted with Redis' range checks, kept,
// shown and rewritten, so that a redis.conf or a tool that sets them works. `doc` says why they do
// nothing. Ranges and defaults are Redis 7.2's (src/config.c).
#include <climits>

#include "server/config_row.h"
#include "server/config_values.h"

namespace server {

namespace {

constexpr std::string_view kSanitizeDumpPayload[] = {"no", "yes", "clients"};
constexpr std::string_view kOomScoreAdj[] = {"no", "yes", "relative", "absolute"};
constexpr std::string_view kShutdownOnSigint[] = {"default", "save", "nosave", "now", "force"};
constexpr std::string_view kPropagationErrorBehavior[] = {"ignore", "panic", "panic-on-replicas"};
constexpr std::string_view kEnableModuleCommand[] = {"no", "yes", "local"};
constexpr std::string_view kAclPubsubDefault[] = {"allchannels", "resetchannels"};
constexpr std::string_view kReplDisklessLoad[] = {"disabled", "on-empty-db", "swapdb"};
constexpr std::string_view kClusterPreferredEndpointType[] = {"ip", "hostname", "unknown-endpoint"};
constexpr std::string_view kTlsAuthClients[] = {"no", "yes", "optional"};

// One parameter a line: a table.
// clang-format off
constexpr ConfigRow kRows[] = {
    {.name = "appendonly", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "The commit log takes the append-only file's place. It is always on."},
    {.name = "save", .kind = ConfigKind::kSpecial, .flags = kMultiArg, .default_text = "3600 1 300 100 60 10000", .canonical = CanonicalSave, .doc = "There are no forked snapshots: the store is the file."},
    {.name = "rdb-del-sync-files", .kind = ConfigKind::kBool, .default_text = "no", .doc = "There are no forked snapshots: the store is the file."},
    {.name = "stop-writes-on-bgsave-error", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "There are no forked snapshots: the store is the file."},
    {.name = "rdb-save-incremental-fsync", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "There are no forked snapshots: the store is the file."},
    {.name = "rdb-key-save-delay", .kind = ConfigKind::kInteger, .flags = kHidden, .min = INT_MIN, .max = INT_MAX, .default_text = "0", .doc = "There are no forked snapshots: the store is the file."},
    {.name = "key-load-delay", .kind = ConfigKind::kInteger, .flags = kHidden, .min = INT_MIN, .max = INT_MAX, .default_text = "0", .doc = "There are no forked snapshots: the store is the file."},
    {.name = "loading-process-events-interval-bytes", .kind = ConfigKind::kMemory, .flags = kHidden, .min = 1024, .max = INT_MAX, .default_text = "2097152", .doc = "There are no forked snapshots: the store is the file."},
    {.name = "sanitize-dump-payload", .kind = ConfigKind::kEnum, .choices = kSanitizeDumpPayload, .default_text = "no", .doc = "Payloads are always checked whole."},
    {.name = "appendfilename", .kind = ConfigKind::kSpecial, .flags = kImmutable, .default_text = "appendonly.aof", .canonical = CanonicalFileName, .doc = "The commit log takes the append-only file's place."},
    {.name = "appenddirname", .kind = ConfigKind::kSpecial, .flags = kImmutable, .default_text = "appendonlydir", .canonical = CanonicalFileName, .doc = "The commit log takes the append-only file's place."},
    {.name = "aof-rewrite-incremental-fsync", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "The commit log takes the append-only file's place."},
    {.name = "no-appendfsync-on-rewrite", .kind = ConfigKind::kBool, .default_text = "no", .doc = "The commit log takes the append-only file's place."},
    {.name = "aof-load-truncated", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "The commit log takes the append-only file's place."},
    {.name = "aof-use-rdb-preamble", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "The commit log takes the append-only file's place."},
    {.name = "aof-timestamp-enabled", .kind = ConfigKind::kBool, .default_text = "no", .doc = "The commit log takes the append-only file's place."},
    {.name = "aof-disable-auto-gc", .kind = ConfigKind::kBool, .default_text = "no", .doc = "The commit log takes the append-only file's place."},
    {.name = "auto-aof-rewrite-percentage", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "100", .doc = "The commit log takes the append-only file's place."},
    {.name = "auto-aof-rewrite-min-size", .kind = ConfigKind::kMemory, .default_text = "67108864", .doc = "The commit log takes the append-only file's place."},
    {.name = "lazyfree-lazy-eviction", .kind = ConfigKind::kBool, .default_text = "no", .doc = "DEL, FLUSH and expiry never block here."},
    {.name = "lazyfree-lazy-expire", .kind = ConfigKind::kBool, .default_text = "no", .doc = "DEL, FLUSH and expiry never block here."},
    {.name = "lazyfree-lazy-server-del", .kind = ConfigKind::kBool, .default_text = "no", .doc = "DEL, FLUSH and expiry never block here."},
    {.name = "lazyfree-lazy-user-del", .kind = ConfigKind::kBool, .default_text = "no", .doc = "DEL, FLUSH and expiry never block here."},
    {.name = "lazyfree-lazy-user-flush", .kind = ConfigKind::kBool, .default_text = "no", .doc = "DEL, FLUSH and expiry never block here."},
    {.name = "maxmemory-clients", .kind = ConfigKind::kMemoryOrPercent, .min = -100, .default_text = "0", .doc = "Clients are not evicted for their memory yet: client-output-buffer-limit and client-query-buffer-limit bound each of them."},
    {.name = "maxmemory-samples", .kind = ConfigKind::kInteger, .min = 1, .max = INT_MAX, .default_text = "5", .doc = "The hot tier does not sample."},
    {.name = "maxmemory-eviction-tenacity", .kind = ConfigKind::kInteger, .max = 100, .default_text = "10", .doc = "The hot tier evicts in slices of microseconds."},
    {.name = "active-expire-effort", .kind = ConfigKind::kInteger, .min = 1, .max = 10, .default_text = "1", .doc = "Expiry is exact and never samples."},
    {.name = "activerehashing", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "The table of entries grows in small segments."},
    {.name = "dynamic-hz", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "Periodic work does not grow with the clients."},
    {.name = "activedefrag", .kind = ConfigKind::kSpecial, .default_text = "no", .canonical = CanonicalActiveDefrag, .doc = "There is no active defragmentation."},
    {.name = "active-defrag-cycle-min", .kind = ConfigKind::kInteger, .min = 1, .max = 99, .default_text = "1", .doc = "There is no active defragmentation."},
    {.name = "active-defrag-cycle-max", .kind = ConfigKind::kInteger, .min = 1, .max = 99, .default_text = "25", .doc = "There is no active defragmentation."},
    {.name = "active-defrag-threshold-lower", .kind = ConfigKind::kInteger, .max = 1000, .default_text = "10", .doc = "There is no active defragmentation."},
    {.name = "active-defrag-threshold-upper", .kind = ConfigKind::kInteger, .max = 1000, .default_text = "100", .doc = "There is no active defragmentation."},
    {.name = "active-defrag-max-scan-fields", .kind = ConfigKind::kInteger, .min = 1, .default_text = "1000", .doc = "There is no active defragmentation."},
    {.name = "active-defrag-ignore-bytes", .kind = ConfigKind::kMemory, .min = 1, .default_text = "104857600", .doc = "There is no active defragmentation."},
    {.name = "jemalloc-bg-thread", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "The allocator runs with its own defaults."},
    {.name = "disable-thp", .kind = ConfigKind::kBool, .flags = kImmutable, .default_text = "yes", .doc = "Nothing forks, so huge pages do no harm."},
    {.name = "oom-score-adj", .kind = ConfigKind::kEnum, .choices = kOomScoreAdj, .default_text = "no", .doc = "The process leaves its score as it is."},
    {.name = "oom-score-adj-values", .kind = ConfigKind::kSpecial, .flags = kMultiArg, .default_text = "0 200 800", .canonical = CanonicalOomScores, .doc = "See oom-score-adj."},
    {.name = "io-threads", .kind = ConfigKind::kInteger, .flags = kImmutable, .min = 1, .max = 128, .default_text = "1", .doc = "There are no I/O threads: one loop serves all clients."},
    {.name = "io-threads-do-reads", .kind = ConfigKind::kBool, .flags = kImmutable, .default_text = "no", .doc = "There are no I/O threads: one loop serves all clients."},
    {.name = "max-new-tls-connections-per-cycle", .kind = ConfigKind::kInteger, .min = 1, .max = 1000, .default_text = "1", .doc = "TLS is not built yet."},
    {.name = "server_cpulist", .flags = kImmutable, .doc = "Threads are not pinned."},
    {.name = "bio_cpulist", .flags = kImmutable, .doc = "Threads are not pinned."},
    {.name = "aof_rewrite_cpulist", .flags = kImmutable, .doc = "Threads are not pinned."},
    {.name = "bgsave_cpulist", .flags = kImmutable, .doc = "Threads are not pinned."},
    {.name = "set-proc-title", .kind = ConfigKind::kBool, .flags = kImmutable, .default_text = "yes", .doc = "The process keeps its name."},
    {.name = "proc-title-template", .kind = ConfigKind::kSpecial, .default_text = "{title} {listen-addr} {server-mode}", .canonical = CanonicalTitle, .doc = "The process keeps its name."},
    {.name = "always-show-logo", .kind = ConfigKind::kBool, .flags = kImmutable, .default_text = "no", .doc = "There is no logo."},
    {.name = "ignore-warnings", .doc = "There is no warning that it could silence."},
    {.name = "locale-collate", .doc = "SORT ALPHA compares bytes, as in the locale C."},
    {.name = "socket-mark-id", .kind = ConfigKind::kInteger, .max = UINT_MAX, .default_text = "0", .doc = "Sockets are not marked."},
    {.name = "crash-memcheck-enabled", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "A crash writes a stack trace and no memory test."},
    {.name = "use-exit-on-panic", .kind = ConfigKind::kBool, .flags = kHidden, .default_text = "no", .doc = "A failed assertion aborts."},
    {.name = "watchdog-period", .kind = ConfigKind::kInteger, .flags = kHidden, .max = INT_MAX, .default_text = "0", .doc = "There is no software watchdog."},
    {.name = "shutdown-on-sigint", .kind = ConfigKind::kEnum, .choices = kShutdownOnSigint, .default_text = "default", .doc = "A signal always shuts down cleanly."},
    {.name = "shutdown-on-sigterm", .kind = ConfigKind::kEnum, .choices = kShutdownOnSigint, .default_text = "default", .doc = "A signal always shuts down cleanly."},
    {.name = "propagation-error-behavior", .kind = ConfigKind::kEnum, .choices = kPropagationErrorBehavior, .default_text = "ignore", .doc = "An error in the stream is logged as critical, and counted in INFO."},
    {.name = "list-compress-depth", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "0", .doc = "Pages are compressed on disk, not in RAM."},
    {.name = "enable-module-command", .kind = ConfigKind::kEnum, .flags = kImmutable, .choices = kEnableModuleCommand, .default_text = "no", .doc = "There are no modules."},
    {.name = "aclfile", .kind = ConfigKind::kSpecial, .flags = kImmutable, .canonical = CanonicalOnlyEmpty, .doc = "ACL files are not built yet: only an empty name is accepted."},
    {.name = "acllog-max-len", .kind = ConfigKind::kInteger, .default_text = "128", .doc = "ACL files and users are not built yet."},
    {.name = "acl-pubsub-default", .kind = ConfigKind::kEnum, .choices = kAclPubsubDefault, .default_text = "resetchannels", .doc = "ACL files and users are not built yet."},
    {.name = "replica-lazy-flush", .alias = "slave-lazy-flush", .kind = ConfigKind::kBool, .default_text = "no", .doc = "A full sync takes the place of the old data at once, and these are deleted in the background."},
    {.name = "replica-ignore-maxmemory", .alias = "slave-ignore-maxmemory", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "maxmemory never deletes keys."},
    {.name = "replica-ignore-disk-write-errors", .kind = ConfigKind::kBool, .default_text = "no", .doc = "While nothing can be written, the stream waits."},
    {.name = "repl-diskless-load", .kind = ConfigKind::kEnum, .choices = kReplDisklessLoad, .default_text = "disabled", .doc = "A full sync always goes beside the old data, which are served until it is complete, as with swapdb in Redis."},
    {.name = "repl-diskless-sync-delay", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "5", .doc = "Each full sync begins at once, from a snapshot of its own."},
    {.name = "repl-diskless-sync-max-replicas", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "0", .doc = "Each full sync begins at once, from a snapshot of its own."},
    {.name = "cluster-enabled", .kind = ConfigKind::kSpecial, .flags = kImmutable, .default_text = "no", .canonical = CanonicalOnlyNo, .doc = "There is no cluster mode: only `no` is accepted."},
    {.name = "cluster-require-full-coverage", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "There is no cluster mode."},
    {.name = "cluster-replica-no-failover", .alias = "cluster-slave-no-failover", .kind = ConfigKind::kBool, .default_text = "no", .doc = "There is no cluster mode."},
    {.name = "cluster-allow-reads-when-down", .kind = ConfigKind::kBool, .default_text = "no", .doc = "There is no cluster mode."},
    {.name = "cluster-allow-pubsubshard-when-down", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "There is no cluster mode."},
    {.name = "cluster-allow-replica-migration", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "There is no cluster mode."},
    {.name = "cluster-config-file", .flags = kImmutable, .default_text = "nodes.conf", .doc = "There is no cluster mode."},
    {.name = "cluster-announce-ip", .doc = "There is no cluster mode."},
    {.name = "cluster-announce-hostname", .doc = "There is no cluster mode."},
    {.name = "cluster-announce-human-nodename", .doc = "There is no cluster mode."},
    {.name = "cluster-preferred-endpoint-type", .kind = ConfigKind::kEnum, .choices = kClusterPreferredEndpointType, .default_text = "ip", .doc = "There is no cluster mode."},
    {.name = "cluster-replica-validity-factor", .alias = "cluster-slave-validity-factor", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "10", .doc = "There is no cluster mode."},
    {.name = "cluster-migration-barrier", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "1", .doc = "There is no cluster mode."},
    {.name = "cluster-port", .kind = ConfigKind::kInteger, .flags = kImmutable, .max = 65535, .default_text = "0", .doc = "There is no cluster mode."},
    {.name = "cluster-announce-bus-port", .kind = ConfigKind::kInteger, .max = 65535, .default_text = "0", .doc = "There is no cluster mode."},
    {.name = "cluster-announce-port", .kind = ConfigKind::kInteger, .max = 65535, .default_text = "0", .doc = "There is no cluster mode."},
    {.name = "cluster-announce-tls-port", .kind = ConfigKind::kInteger, .max = 65535, .default_text = "0", .doc = "There is no cluster mode."},
    {.name = "cluster-node-timeout", .kind = ConfigKind::kInteger, .default_text = "15000", .doc = "There is no cluster mode."},
    {.name = "cluster-link-sendbuf-limit", .kind = ConfigKind::kMemory, .default_text = "0", .doc = "There is no cluster mode."},
    {.name = "tls-port", .kind = ConfigKind::kInteger, .max = 0, .default_text = "0", .doc = "TLS is not built yet. Only 0 is accepted."},
    {.name = "tls-session-cache-size", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "20480", .doc = "TLS is not built yet."},
    {.name = "tls-session-cache-timeout", .kind = ConfigKind::kInteger, .max = INT_MAX, .default_text = "300", .doc = "TLS is not built yet."},
    {.name = "tls-cluster", .kind = ConfigKind::kBool, .default_text = "no", .doc = "TLS is not built yet."},
    {.name = "tls-replication", .kind = ConfigKind::kBool, .default_text = "no", .doc = "TLS is not built yet."},
    {.name = "tls-prefer-server-ciphers", .kind = ConfigKind::kBool, .default_text = "no", .doc = "TLS is not built yet."},
    {.name = "tls-session-caching", .kind = ConfigKind::kBool, .default_text = "yes", .doc = "TLS is not built yet."},
    {.name = "tls-auth-clients", .kind = ConfigKind::kEnum, .choices = kTlsAuthClients, .default_text = "yes", .doc = "TLS is not built yet."},
    {.name = "tls-cert-file", .doc = "TLS is not built yet."},
    {.name = "tls-key-file", .doc = "TLS is not built yet."},
    {.name = "tls-key-file-pass", .doc = "TLS is not built yet."},
    {.name = "tls-client-cert-file", .doc = "TLS is not built yet."},
    {.name = "tls-client-key-file", .doc = "TLS is not built yet."},
    {.name = "tls-client-key-file-pass", .doc = "TLS is not built yet."},
    {.name = "tls-dh-params-file", .doc = "TLS is not built yet."},
    {.name = "tls-ca-cert-file", .doc = "TLS is not built yet."},
    {.name = "tls-ca-cert-dir", .doc = "TLS is not built yet."},
    {.name = "tls-protocols", .doc = "TLS is not built yet."},
    {.name = "tls-ciphers", .doc = "TLS is not built yet."},
    {.name = "tls-ciphersuites", .doc = "TLS is not built yet."},
};
// clang-format on

}  // namespace

std::span<const ConfigRow> KeptConfigRows() {
  return kRows;
}

}  // namespace server
