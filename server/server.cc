// SPDX-License-Identifier: BSD-3-Clause
#include "server/server.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

#include "datatypes/to_replicas.h"
#include "lsm/replica_store.h"
#include "lsm/row_expiry.h"
#include "lsm/store_upkeep.h"
#include "lsm/turn_rollback.h"
#include "lsm/use_counter.h"
#include "server/backup_runner.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/config_values.h"
#include "server/connections.h"
#include "server/hooks.h"
#include "server/instruments.h"
#include "server/keyspace_events.h"
#include "server/listener.h"
#include "server/machine_memory.h"
#include "server/migrator.h"
#include "server/monitors.h"
#include "server/pause.h"
#include "server/pubsub.h"
#include "server/random_hex.h"
#include "server/rdb_saver.h"
#include "server/replication/feed.h"
#include "server/replication/identity.h"
#include "server/replication/replica_link.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/request_batch.h"
#include "server/scripts.h"
#include "server/sync_waiters.h"
#include "server/tracking.h"
#include "server/turns.h"
#include "server/watch_table.h"

namespace server {
namespace {

// What the store may take of an iteration for expiry, eviction and garbage.
constexpr int64_t kHousekeepingBudgetUs = 500;
constexpr int64_t kMaxHousekeepingBudgetUs = 20000;
constexpr int64_t kFreeingBudgetUs = 100;
// Descriptors besides those of clients: log, tables of the LSM, listening sockets.
constexpr int64_t kReservedDescriptors = 32;
// The backlog and one memtable (there are up to two for each shard) are never larger than such a
// part of maxmemory, whatever the settings say: with little memory they would leave none for keys.
constexpr uint64_t kLeastBacklogs = 8;
constexpr uint64_t kLeastMemtables = 32;

uint64_t EffectiveMaxMemory(const Settings& settings) {
  if (settings.maxmemory > 0) return static_cast<uint64_t>(settings.maxmemory);
  return DefaultMaxMemory();
}

}  // namespace

Server::Server(const Environment& environment)
    : environment_(environment),
      config_(std::make_unique<Config>(settings_)),
      read_buffer_(std::make_unique_for_overwrite<char[]>(kReadBufferBytes)),
      batch_(std::make_unique<RequestBatch>()),
      now_ms_(environment.clock.NowMs()),
      start_time_ms_(now_ms_),
      run_id_(RandomHex(ReplicationStream::kIdDigits)),
      replication_stream_(std::make_unique<ReplicationStream>(
          [] { return RandomHex(ReplicationStream::kIdDigits); })) {
  datatypes::AddDataCommands(commands_);
  AddServerCommands(commands_);
  config_->SetRenameCommand([this](std::string_view name, std::string_view new_name) {
    return commands_.Rename(name, new_name);
  });
}

Server::~Server() = default;

void Server::ResetStats() {
  stats_.Reset();
  dispatcher_->ResetStats();
  store_->ResetStats();
}

lsm::StoreOptions Server::MakeStoreOptions() {
  lsm::StoreOptions options;
  const Settings& from = settings_;
  options.dir = from.dir;
  options.databases = static_cast<uint32_t>(from.databases);
  options.fsync_policy = from.appendfsync;
  options.log_segment_bytes = static_cast<size_t>(from.log_segment_size);
  options.log_recovery_truncate = from.log_recovery_truncate;
  options.hot_tier = from.hot_tier ? lsm::HotTierMode::kBounded : lsm::HotTierMode::kOff;
  options.hot_budget_bytes = MemoryAccounting::InitialHotBudget(settings_, effective_maxmemory_);
  options.backlog_limit_bytes =
      std::min(static_cast<uint64_t>(from.backlog_limit), effective_maxmemory_ / kLeastBacklogs);
  options.log_ahead_limit_bytes = static_cast<uint64_t>(from.log_ahead_limit);
  options.apply_interval_ms = static_cast<uint32_t>(from.apply_interval_ms);
  options.shards = static_cast<uint32_t>(from.lsm_shards);
  options.memtable_bytes =
      std::min(static_cast<uint64_t>(from.lsm_memtable_size),
               std::max<uint64_t>(effective_maxmemory_ / kLeastMemtables, 1 << 20));
  options.table_bytes = static_cast<size_t>(from.lsm_table_size);
  options.block_bytes = static_cast<size_t>(from.lsm_block_size);
  options.block_cache_bytes = static_cast<size_t>(from.lsm_block_cache_size);
  options.bloom_bits_per_key = static_cast<int>(from.lsm_bloom_bits);
  options.max_open_tables = static_cast<int>(from.lsm_max_open_tables);
  options.compress = from.lsm_compression;
  options.loader_threads = static_cast<uint32_t>(from.loader_threads);
  options.log_line = [this](char level, const std::string& line) {
    log().WriteMarked(level, line);
  };
  return options;
}

lsm::Status Server::Start() {
  effective_maxmemory_ = EffectiveMaxMemory(settings_);
  LSM_RETURN_IF_ERROR(ApplyMaxClients());
  store_wakeup_ = std::make_unique<Wakeup>(loop_, [this] {
    EnsureTurn();
    store_->RunCompletions();
  });
  post_wakeup_ = std::make_unique<Wakeup>(loop_, [this] { RunPosted(); });
  // Before the store, whose recovery may take a while: a port that is taken is found at once, and
  // clients that come early wait in the sockets' queues.
  listener_ = std::make_unique<Listener>(*this);
  LSM_RETURN_IF_ERROR(listener_->Open());
  LSM_ASSIGN_OR_RETURN(
      store_, environment_.open_store(MakeStoreOptions(), environment_.files, environment_.clock,
                                      [this] { store_wakeup_->Send(); }));
  pause_ = std::make_unique<PauseState>(*this);
  monitors_ = std::make_unique<Monitors>(*this);
  sync_waiters_ = std::make_unique<SyncWaiters>(*this);
  watches_ = std::make_unique<WatchTable>(*store_);
  pubsub_ = std::make_unique<PubSub>();
  tracking_ = std::make_unique<Tracking>(*this);
  migrator_ = std::make_unique<Migrator>(*this);
  feed_ = std::make_unique<ReplicationFeed>(*replication_stream_,
                                            [this](bool /*on*/) { ApplyNotifications(); });
  keyspace_events_ = std::make_unique<KeyspaceEvents>(*this);
  store_->SetObserver(keyspace_events_.get());
  notifier_.deliver = [this](uint32_t event_class, std::string_view event, uint32_t db,
                             std::string_view key) {
    if (event_class == datatypes::kNotifyReplicas) {
      feed_->OnSaid(event, db, key);
      return;
    }
    if (!pubsub_->empty()) PublishKeyEvent(*pubsub_, notifier_.mask, event, db, key);
  };
  instruments_ = std::make_unique<Instruments>(*this);
  hooks_ = std::make_unique<ServerHooks>(*this);
  dispatcher_ = std::make_unique<datatypes::Dispatcher>(*store_, environment_.clock, commands_,
                                                        notifier_, settings_.data, *hooks_);
  scripts_ = std::make_unique<Scripts>(*this);
  LSM_RETURN_IF_ERROR(scripts_->Load());
  turns_ = std::make_unique<Turns>(*this);
  replication_stream_->set_backlog_size(static_cast<size_t>(settings_.repl_backlog_size));
  LSM_RETURN_IF_ERROR(ResumeIdentity());
  replicas_ = std::make_unique<Replicas>(*this);
  connections_ = std::make_unique<Connections>(*this);
  replica_link_ = std::make_unique<ReplicaLink>(*this);
  rdb_saver_ = std::make_unique<RdbSaver>(*this);
  backups_ = std::make_unique<BackupRunner>(*this);
  AddCronTask([this](int64_t now_ms) { migrator_->Cron(now_ms); });
  AddCronTask([this](int64_t now_ms) { rdb_saver_->Cron(now_ms); });
  AddCronTask([this](int64_t now_ms) { replicas_->Cron(now_ms); });
  AddCronTask([this](int64_t now_ms) { ContinueShutdown(now_ms); });
  AddCronTask([this](int64_t now_ms) { replica_link_->Cron(now_ms); });
  before_wait_ = std::make_unique<LoopHook>(loop_, LoopHook::Kind::kBeforeWait, this, BeforeWait);
  before_wait_->Set(true);
  after_events_ =
      std::make_unique<LoopHook>(loop_, LoopHook::Kind::kAfterEvents, this, AfterEvents);
  after_events_->Set(true);
  cron_timer_ = std::make_unique<Timer>(loop_, [this] { Cron(); });
  wake_timer_ = std::make_unique<Timer>(loop_, [this] {
    wake_at_ms_ = 0;
    EnsureTurn();
  });
  ApplyHz();
  ApplyNotifications();
  ApplyMaxMemory();
  lsm::SetUseCounting(*store_, UseCountingOf(settings_));
  return replica_link_->Start();
}

lsm::Status Server::Run() {
  loop_.Run();
  listener_->Close();
  replica_link_->Stop();
  connections_->CloseAll();
  replicas_->Stop();
  rdb_saver_->Stop();
  backups_->Stop();
  migrator_->Stop();
  store_->SetObserver(nullptr);
  // As after a crash: the next start finds what was committed.
  if (drop_turn_) return lsm::Status::Ok();
  KeepIdentity();
  return store_->Close(/*flush=*/false);
}

void Server::RequestStop() {
  Post([this] { ShutdownWhenReplicated(); });
}

void Server::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  post_wakeup_->Send();
}

void Server::RunPosted() {
  EnsureTurn();
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void Server::Shutdown() {
  if (shutting_down_) return;
  shutting_down_ = true;
  log().Notice("User requested shutdown...");
  EnsureTurn();
  RunSoon();
}

void Server::ShutdownWhenReplicated() {
  if (shutting_down_ || shutdown_waits()) return;
  const int64_t now_ms = clock().NowMs();
  shutdown_offset_ = feed_->offset();
  if (settings_.shutdown_timeout_s == 0 || replicas_->AllHave(shutdown_offset_)) {
    Shutdown();
    return;
  }
  EnsureTurn();
  shutdown_deadline_ms_ = now_ms + settings_.shutdown_timeout_s * 1000;
  pause_->Start(PauseState::Mode::kWrite, std::numeric_limits<int64_t>::max());
  replicas_->AskAll();
  log().Notice("User requested shutdown, waiting for replicas before shutting down.");
}

void Server::ContinueShutdown(int64_t now_ms) {
  if (!shutdown_waits()) return;
  const bool ready = replicas_->AllHave(shutdown_offset_);
  if (!ready && now_ms < shutdown_deadline_ms_) return;
  log().Notice(fmt::format("{} of {} replicas are in sync when shutting down.",
                           replicas_->CountAcked(shutdown_offset_), replicas_->all().size()));
  shutdown_deadline_ms_ = 0;
  Shutdown();
}

void Server::AbortShutdown() {
  shutdown_deadline_ms_ = 0;
  pause_->Stop();
  log().Notice("Shutdown manually aborted.");
  const datatypes::Error error("ERR Errors trying to SHUTDOWN. Check logs.");
  for (Connection* const waiter : std::exchange(shutdown_waiters_, {})) {
    dispatcher_->Unblock(*waiter, &error);
  }
}

// What a primary's stream is called and how long it is outlives a clean end, so that replicas go on
// where they were. It holds for one start: the row is gone before anything else is written.
void Server::KeepIdentity() {
  if (!replication_stream_->active() || is_replica() || turns_->failing()) return;
  store_->PutSystem(
      kStreamRow, EncodeStreamIdentity({replication_stream_->id(), replication_stream_->offset()}));
}

lsm::Status Server::ResumeIdentity() {
  LSM_ASSIGN_OR_RETURN(const std::optional<std::string> row, store_->GetSystem(kStreamRow));
  if (!row) return lsm::Status::Ok();
  store_->DeleteSystem(kStreamRow);
  const std::optional<StreamIdentity> identity = DecodeStreamIdentity(*row);
  if (!identity) return lsm::Status::Ok();  // Replicas then begin anew.
  replication_stream_->Resume(identity->id, identity->offset);
  feed_->Listen(!is_replica());
  return lsm::Status::Ok();
}

void Server::UndoTurn() {
  if (drop_turn_) return;
  const int64_t started_us = clock().MonotonicUs();
  const lsm::Status status = lsm::RollBackTurn(*store_);
  if (status.ok()) {
    feed_->OnUndo();
    log().Notice(fmt::format("The writes of the killed script were undone in {} ms",
                             (clock().MonotonicUs() - started_us) / 1000));
    return;
  }
  // What is committed is on disk. The next start reads it; this process can not any more.
  log().Warning("Undoing the writes of a killed script failed, shutting down: " + status.message());
  drop_turn_ = true;
  Shutdown();
}

void Server::ShutdownWithoutTurn() {
  drop_turn_ = true;
  scripts_->Abort();
  Shutdown();
}

int Server::bound_port() const {
  return listener_ == nullptr ? 0 : listener_->port();
}

// ---- The loop ----------------------------------------------------------------------------------

void Server::BeginTurn() {
  in_turn_ = true;
  iteration_started_us_ = clock().MonotonicUs();
  now_ms_ = clock().NowMs();
  dispatcher_->BeginTurn();
}

void Server::BeforeWait(void* self) {
  auto& server = *static_cast<Server*>(self);
  // Only what timers have done: everything else ended with AfterEvents.
  if (server.in_turn_) server.EndIteration();
}

void Server::AfterEvents(void* self) {
  auto& server = *static_cast<Server*>(self);
  server.EnsureTurn();
  server.EndIteration();
}

void Server::EndIteration() {
  if (drop_turn_) {
    loop_.Stop();
    return;
  }
  dispatcher_->RunReady();
  if (dispatcher_->parked_sessions() > 0) {
    if (const int64_t next_ms = dispatcher_->RunDeadlines(); next_ms != 0) WakeBy(next_ms);
  }
  connections_->RunBacklog();
  replica_link_->RunTurn();
  Housekeep();
  tracking_->EndTurn();
  turns_->End();
  // Replies are out. Who sends next waits for a slice at most, unless much is done, and so perhaps
  // much deleted, in every iteration.
  const int64_t freeing_us = std::clamp(clock().MonotonicUs() - iteration_started_us_,
                                        kFreeingBudgetUs, kMaxHousekeepingBudgetUs);
  if (lsm::FreeDeleted(*store_, freeing_us)) RunSoon();
  sync_waiters_->AfterTurn();
  if (replication_stream_->active()) [[unlikely]] {
    feed_->Listen(!is_replica());
    if (!turns_->failing()) replicas_->AfterTurn();
  }
  connections_->Reap();
  ++stats_.eventloop_cycles;
  stats_.eventloop_duration_us +=
      static_cast<uint64_t>(clock().MonotonicUs() - iteration_started_us_);
  in_turn_ = false;
  if (shutting_down_) loop_.Stop();
}

void Server::ServeWhileBusy(bool has_written) {
  // The arguments of the running command lie in the loop's buffers: others get their own.
  auto buffer =
      std::exchange(read_buffer_, std::make_unique_for_overwrite<char[]>(kReadBufferBytes));
  auto batch = std::exchange(batch_, std::make_unique<RequestBatch>());
  now_ms_ = clock().NowMs();
  // What goes out now must not go before invalidations of what it tells of.
  if (!has_written) tracking_->EndTurn();
  turns_->BeginBusy(has_written);
  store_->RunCompletions();
  loop_.ServePolls();
  turns_->SendWhileBusy();
  read_buffer_ = std::move(buffer);
  batch_ = std::move(batch);
}

void Server::Housekeep() {
  // As long as commands have run, if it needs that: or those that create more in an iteration than
  // is evicted in it would fill memory without end.
  const int64_t started_us = clock().MonotonicUs();
  const int64_t budget_us = std::clamp(started_us - iteration_started_us_, kHousekeepingBudgetUs,
                                       kMaxHousekeepingBudgetUs);
  WakeBy(now_ms_ + store_->RunHousekeeping(budget_us));
  if (settings_.latency_monitor_threshold_ms > 0) [[unlikely]] {
    instruments_->OnEvent("housekeeping", clock().MonotonicUs() - started_us);
  }
}

void Server::WakeBy(int64_t at_ms) {
  if (at_ms <= now_ms_) {
    RunSoon();
    return;
  }
  if (wake_at_ms_ != 0 && wake_at_ms_ <= at_ms) return;
  wake_at_ms_ = at_ms;
  wake_timer_->Start(static_cast<uint64_t>(at_ms - now_ms_));
}

void Server::RunSoon() {
  connections_->KeepSpinning();
}

void Server::WakeDrained(Connection& connection) {
  dispatcher_->Wake(connection);
  RunSoon();
}

void Server::Cron() {
  if (instruments_->debug.cron_paused) return;
  EnsureTurn();
  stats_.ops.Sample(now_ms_, stats_.commands_processed);
  stats_.input_bytes.Sample(now_ms_, stats_.net_input_bytes);
  stats_.output_bytes.Sample(now_ms_, stats_.net_output_bytes);
  stats_.cycles.Sample(now_ms_, stats_.eventloop_cycles);
  stats_.cycle_time_us.Sample(now_ms_, stats_.eventloop_duration_us);
  connections_->Cron(now_ms_, settings_.hz);
  instruments_->Cron(now_ms_);
  for (const auto& task : cron_tasks_) task(now_ms_);
}

// ---- Settings ----------------------------------------------------------------------------------

lsm::Status Server::ApplyListeners() {
  return listener_->Open();
}

lsm::Status Server::ApplyMaxClients() {
  const auto wanted = static_cast<rlim_t>(settings_.maxclients + kReservedDescriptors +
                                          settings_.lsm_max_open_tables * settings_.lsm_shards);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return lsm::Status::Ok();
  rlimit raised = limit;
  raised.rlim_cur = wanted;
  raised.rlim_max = std::max(limit.rlim_max, wanted);
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return lsm::Status::Ok();
  raised = {limit.rlim_max, limit.rlim_max};
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &raised));
  // At start a lower limit is taken as it is, as Redis does; a running server refuses.
  const auto possible = static_cast<int64_t>(limit.rlim_max) - kReservedDescriptors;
  if (connections_ != nullptr || possible < 1) {
    return lsm::Status::Invalid(
        "The operating system is not able to handle the specified number of clients, try with " +
        std::to_string(std::max<int64_t>(possible, 0)));
  }
  // Tables that are not open only cost an open(2) more.
  settings_.lsm_max_open_tables = std::min<int64_t>(settings_.lsm_max_open_tables, possible / 2);
  if (settings_.maxclients > possible / 2) {
    settings_.maxclients = possible / 2;
    log().Warning(
        fmt::format("maxclients has been reduced to {} to compensate for low ulimit. If "
                    "you need higher maxclients increase 'ulimit -n'.",
                    settings_.maxclients));
  }
  return lsm::Status::Ok();
}

void Server::ApplyFsync() {
  store_->SetFsyncPolicy(settings_.appendfsync);
}

void Server::ApplyMaxMemory() {
  effective_maxmemory_ = EffectiveMaxMemory(settings_);
  // The next cron tick measures, and refines it.
  instruments_->memory.Restart();
  store_->SetHotBudget(MemoryAccounting::InitialHotBudget(settings_, effective_maxmemory_));
}

void Server::ApplyNotifications() {
  const uint32_t mask = settings_.notify_keyspace_events;
  // Without a channel to tell it on, nothing needs to be told.
  const bool told = (mask & (datatypes::kNotifyKeyspace | datatypes::kNotifyKeyevent)) != 0;
  notifier_.mask = (told ? mask : 0) | (feed_->listening() ? datatypes::kNotifyReplicas : 0);
}

void Server::ApplyHz() {
  const auto interval_ms = static_cast<uint64_t>(1000 / std::clamp<int64_t>(settings_.hz, 1, 500));
  cron_timer_->Start(interval_ms, interval_ms);
}

bool Server::ApplyLog() {
  if (!log().SetFile(settings_.logfile)) return false;
  log().SetLevel(settings_.loglevel);
  log().SetSyslog(settings_.syslog_enabled ? settings_.syslog_ident : "",
                  settings_.syslog_facility);
  return true;
}

void Server::SetActiveExpire(bool on) {
  active_expire_ = on;
  ApplySweeping();
}

void Server::ApplySweeping() {
  const bool paused = pause_->mode() != PauseState::Mode::kNone;
  // On a replica nothing expires by itself: the primary says what has.
  const bool replica = is_replica();
  store_->SetSweeping(active_expire_ && !replica && !paused);
  lsm::RowExpiry::Of(*store_).SetHeld(paused);
  using Mode = lsm::ReplicaStore::ExpiryMode;
  lsm::ReplicaStore::Of(*store_).SetExpiryMode(replica ? Mode::kHide : Mode::kDelete);
}

bool Server::is_replica() const {
  return replica_link_ != nullptr && replica_link_->active();
}

}  // namespace server
