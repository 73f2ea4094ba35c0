// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/dispatcher.h"
#include "datatypes/notifications.h"
#include "lsm/clock.h"
#include "lsm/file_system.h"
#include "lsm/status.h"
#include "lsm/store.h"
#include "server/connection.h"
#include "server/event_loop.h"
#include "server/log.h"
#include "server/settings.h"
#include "server/stats.h"

namespace server {

class Config;
class BackupRunner;
class Connections;
class KeyspaceEvents;
class Listener;
class Migrator;
class Monitors;
class PauseState;
class PubSub;
class RdbSaver;
class Replicas;
class ReplicationFeed;
class ReplicaLink;
class ReplicationStream;
class RequestBatch;
class Scripts;
class ServerHooks;
class SyncWaiters;
class Tracking;
class Turns;
class WatchTable;
struct Instruments;

// What a server is started with besides its settings; all of it borrowed for the server's life.
struct Environment {
  using OpenStore = std::function<lsm::Result<std::unique_ptr<lsm::Store>>(
      const lsm::StoreOptions& options, lsm::FileSystem& files, lsm::Clock& clock,
      std::function<void()> wake_loop)>;

  lsm::FileSystem& files;
  lsm::Clock& clock;
  Log& log;
  OpenStore open_store = lsm::Store::Open;
  std::string config_file = {};  // Absolute; empty: started without one.
  std::string executable = {};   // Absolute.
};

// The whole server: built once by main (or by a test), it owns every part and hands them to those
// who need them; there is no other global state. Loop thread only, but for Post() and
// RequestStop().
//
//   Server server(environment);
//   server.config().Load(...) ...
//   if (const lsm::Status status = server.Start(); !status.ok()) ...
//   server.Run();  // Until SHUTDOWN, a signal or RequestStop().
class Server {
 public:
  explicit Server(const Environment& environment);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the store and listens. On failure nothing is left open.
  lsm::Status Start();
  // Handles clients until the server has shut down, then closes the store. The Status is that of
  // closing it: not ok means that the last writes may only be in the commit log.
  lsm::Status Run();
  // Any thread, and signal handlers' side of the loop: shut down cleanly as soon as possible.
  void RequestStop();
  // Any thread: runs `task` on the loop, between commands.
  void Post(std::function<void()> task);

  // ---- Parts ------------------------------------------------------------------------------
  // The configuration, to be loaded before Start(); `settings` are its values, typed.
  Config& config() { return *config_; }
  Settings& settings() { return settings_; }
  const Settings& settings() const { return settings_; }
  ServerStats& stats() { return stats_; }
  Log& log() { return environment_.log; }
  lsm::Clock& clock() { return environment_.clock; }
  lsm::FileSystem& files() { return environment_.files; }
  const Environment& environment() const { return environment_; }
  EventLoop& loop() { return loop_; }
  lsm::Store& store() { return *store_; }
  datatypes::CommandTable& commands() { return commands_; }
  datatypes::Dispatcher& dispatcher() { return *dispatcher_; }
  datatypes::Notifier& notifier() { return notifier_; }
  Connections& connections() { return *connections_; }
  Turns& turns() { return *turns_; }
  Monitors& monitors() { return *monitors_; }
  PauseState& pause() { return *pause_; }
  SyncWaiters& sync_waiters() { return *sync_waiters_; }
  WatchTable& watches() { return *watches_; }
  PubSub& pubsub() { return *pubsub_; }
  Tracking& tracking() { return *tracking_; }
  Scripts& scripts() { return *scripts_; }
  Instruments& instruments() { return *instruments_; }
  RdbSaver& rdb_saver() { return *rdb_saver_; }
  BackupRunner& backups() { return *backups_; }
  // What replicas of this server are sent.
  ReplicationStream& replication_stream() { return *replication_stream_; }
  Migrator& migrator() { return *migrator_; }
  ReplicationFeed& feed() { return *feed_; }
  Replicas& replicas() { return *replicas_; }
  // This server's own primary, if it follows one.
  ReplicaLink& replica_link() { return *replica_link_; }

  // ---- Facts ------------------------------------------------------------------------------
  // The time of this iteration; to be used where a few milliseconds do not matter.
  int64_t now_ms() const { return now_ms_; }
  int64_t start_time_ms() const { return start_time_ms_; }
  // 40 hex digits, different at each start.
  const std::string& run_id() const { return run_id_; }
  // The port that is listened on (the settings may say 0); 0: none.
  int bound_port() const;
  bool shutting_down() const { return shutting_down_; }
  // It follows a primary.
  bool is_replica() const;
  // Bytes that the process may use: maxmemory, or what it stands for when it is 0.
  uint64_t effective_maxmemory() const { return effective_maxmemory_; }

  // ---- Applying settings that CONFIG SET has changed ----------------------------------------
  // port, bind, tcp-backlog, unixsocket…: closes the listening sockets and opens those that the
  // settings name. On failure the sockets are as before.
  lsm::Status ApplyListeners();
  // maxclients: room for as many file descriptors. On failure settings().maxclients should be set
  // back.
  lsm::Status ApplyMaxClients();
  // appendfsync.
  void ApplyFsync();
  // maxmemory.
  void ApplyMaxMemory();
  // notify-keyspace-events.
  void ApplyNotifications();
  // hz.
  void ApplyHz();
  // loglevel, logfile, syslog-*. False: the file cannot be opened.
  bool ApplyLog();

  // DEBUG SET-ACTIVE-EXPIRE: whether keys are deleted when their time comes (but for a pause).
  void SetActiveExpire(bool on);
  bool active_expire() const { return active_expire_; }
  void ApplySweeping();

  // CONFIG RESETSTAT: all counters, those of the store and of the dispatcher as well.
  void ResetStats();

  // From within a script that runs for long: looks after sockets, so that other clients hear that
  // the server is busy. `has_written`: the open turn has changes of the script's.
  void ServeWhileBusy(bool has_written);
  // A script that has written was killed: the open turn, which is all its own, is undone.
  void UndoTurn();
  // SHUTDOWN NOSAVE while a script runs: as Shutdown(), but what the open turn has changed, half a
  // script, is never committed.
  void ShutdownWithoutTurn();

  // The loop ends after this iteration. Replies to what came before are sent.
  void Shutdown();
  // SHUTDOWN and signals: the same, when replicas have all that was written, or shutdown-timeout
  // has passed. Nothing more is written meanwhile.
  void ShutdownWhenReplicated();
  bool shutdown_waits() const { return shutdown_deadline_ms_ != 0; }
  // SHUTDOWN ABORT. Requires shutdown_waits(). Those who wait for the shutdown get an error.
  void AbortShutdown();
  // Clients that have sent SHUTDOWN and wait.
  std::vector<Connection*>& shutdown_waiters() { return shutdown_waiters_; }

  // ---- For the other parts of server/ -------------------------------------------------------
  // To be called first by whatever the loop calls: the turn begins, and time is read, if that has
  // not happened in this iteration.
  void EnsureTurn() {
    if (!in_turn_) BeginTurn();
  }
  // The loop does not sleep before it has gone round once more.
  void RunSoon();
  // A long reply that is made in pieces has been sent so far.
  void WakeDrained(Connection& connection);
  // Runs at every cron tick (hz times a second), in the order they were added.
  void AddCronTask(std::function<void(int64_t now_ms)> task) {
    cron_tasks_.push_back(std::move(task));
  }
  // Where reads go first: one buffer for all connections.
  static constexpr size_t kReadBufferBytes = size_t{64} << 10;
  char* read_buffer() { return read_buffer_.get(); }
  RequestBatch& batch() { return *batch_; }
  // Reused by whoever parses ahead.
  std::vector<std::string_view>& scratch_args() { return scratch_args_; }

 private:
  friend class ServerHooks;
  static void BeforeWait(void* self);
  static void AfterEvents(void* self);
  void BeginTurn();
  void RunPosted();
  void EndIteration();
  void WakeBy(int64_t at_ms);
  lsm::StoreOptions MakeStoreOptions();
  void Housekeep();
  void Cron();
  void KeepIdentity();
  lsm::Status ResumeIdentity();
  void ContinueShutdown(int64_t now_ms);

  Environment environment_;
  Settings settings_;
  std::unique_ptr<Config> config_;
  ServerStats stats_;
  datatypes::Notifier notifier_;
  datatypes::CommandTable commands_;
  EventLoop loop_;
  std::unique_ptr<char[]> read_buffer_;
  std::unique_ptr<RequestBatch> batch_;
  std::vector<std::string_view> scratch_args_;
  int64_t now_ms_;
  int64_t start_time_ms_;
  std::string run_id_;
  std::unique_ptr<ReplicationStream> replication_stream_;
  uint64_t effective_maxmemory_ = 0;
  bool in_turn_ = false;
  bool shutting_down_ = false;
  int64_t shutdown_deadline_ms_ = 0;  // 0: no shutdown waits.
  uint64_t shutdown_offset_ = 0;      // What replicas are waited for to have.
  std::vector<Connection*> shutdown_waiters_;
  bool drop_turn_ = false;  // And the open turn with it.
  bool active_expire_ = true;
  int64_t iteration_started_us_ = 0;
  int64_t wake_at_ms_ = 0;  // What wake_timer_ is set to; 0: it is off.
  std::vector<std::function<void(int64_t now_ms)>> cron_tasks_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  // Guarded by posted_mutex_.

  // In the order of their birth; they die the other way round.
  std::unique_ptr<Wakeup> store_wakeup_;
  std::unique_ptr<Wakeup> post_wakeup_;
  std::unique_ptr<KeyspaceEvents> keyspace_events_;
  std::unique_ptr<lsm::Store> store_;
  std::unique_ptr<PauseState> pause_;
  std::unique_ptr<Monitors> monitors_;
  std::unique_ptr<SyncWaiters> sync_waiters_;
  std::unique_ptr<WatchTable> watches_;
  std::unique_ptr<PubSub> pubsub_;
  std::unique_ptr<Tracking> tracking_;
  std::unique_ptr<Instruments> instruments_;
  std::unique_ptr<ServerHooks> hooks_;
  std::unique_ptr<datatypes::Dispatcher> dispatcher_;
  std::unique_ptr<ReplicationFeed> feed_;
  std::unique_ptr<Scripts> scripts_;
  std::unique_ptr<Turns> turns_;
  std::unique_ptr<Replicas> replicas_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<ReplicaLink> replica_link_;
  std::unique_ptr<RdbSaver> rdb_saver_;
  std::unique_ptr<BackupRunner> backups_;
  std::unique_ptr<Migrator> migrator_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<LoopHook> before_wait_;
  std::unique_ptr<LoopHook> after_events_;
  std::unique_ptr<Timer> cron_timer_;
  std::unique_ptr<Timer> wake_timer_;
};

// The connection, or server, behind a command. Commands of server/ run only for connections.
inline Connection& ConnectionOf(datatypes::CommandContext& ctx) {
  return static_cast<Connection&>(ctx.session);
}
inline Server& ServerOf(datatypes::CommandContext& ctx) {
  return ConnectionOf(ctx).server();
}

}  // namespace server
