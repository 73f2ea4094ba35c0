// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/replica_link.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lsm/replica_store.h"
#include "server/config.h"
#include "server/connection.h"
#include "server/connections.h"
#include "server/random_hex.h"
#include "server/replication/feed.h"
#include "server/replication/replica_position.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/replication/sync_loader.h"
#include "server/server.h"

namespace server {
namespace {

constexpr int64_t kRetryMs = 1000;
// When the primary's data cannot be taken: until somebody has done something about it.
constexpr int64_t kRetryRefusedMs = 10'000;
constexpr int64_t kAckMs = 1000;
// Larger buffers are given back.
constexpr size_t kKeptBytes = size_t{1} << 20;
// Of an iteration, for a full sync.
constexpr int64_t kSliceUs = 1000;

constexpr std::string_view kUnblocked =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

}  // namespace

ReplicaLink::ReplicaLink(Server& server)
    : server_(server),
      pause_(std::make_unique<Timer>(server.loop(), [this] { server_.EnsureTurn(); })) {}

ReplicaLink::~ReplicaLink() = default;

// ---- Whom to follow ----------------------------------------------------------------------------

lsm::Status ReplicaLink::Start() {
  lsm::Store& store = server_.store();
  lsm::ReplicaStore::Of(store).DropStaged();  // What a crash has left.
  LSM_ASSIGN_OR_RETURN(const auto row, store.GetSystem(kReplicaPositionRow));
  const Settings& settings = server_.settings();
  if (settings.replicaof_host.empty()) {
    // From here on the data are our own: nobody may take them for the primary's.
    if (row) store.DeleteSystem(kReplicaPositionRow);
    return {};
  }
  if (row) {
    const auto position = DecodeReplicaPosition(*row);
    if (position) {
      db_ = std::min(position->db, store.databases() - 1);
      server_.replication_stream().Adopt(position->id, position->offset);
    } else {
      server_.log().Warning("The position in the primary's stream cannot be read: full sync");
    }
  }
  BecomeReplica(settings.replicaof_host, static_cast<int>(settings.replicaof_port));
  return {};
}

void ReplicaLink::Stop() {
  stopped_ = true;
  DropAttempt();
  aborted_.clear();
  BeforeCommit();  // Closing the store commits what is open.
}

void ReplicaLink::BecomeReplica(const std::string& host, int port) {
  host_ = host;
  port_ = port;
  active_ = true;
  down_since_ms_ = server_.clock().NowMs();
  server_.ApplySweeping();
  Connect();
}

bool ReplicaLink::Follow(const std::string& host, int port) {
  if (active_ && host == host_ && port == port_) return false;
  UnblockClients();
  DropAttempt();
  DropConnection();
  server_.log().Notice(fmt::format("Connecting to MASTER {}:{}", host, port));
  BecomeReplica(host, port);
  RememberInConfig();
  return true;
}

void ReplicaLink::HandOver(const std::string& host, int port) {
  ENSURE(!active_);
  handing_over_ = true;
  Follow(host, port);
}

bool ReplicaLink::Promote() {
  if (!active_) return false;
  handing_over_ = false;
  DropAttempt();
  DropConnection();
  active_ = false;
  host_.clear();
  port_ = 0;
  server_.store().DeleteSystem(kReplicaPositionRow);
  position_changed_ = false;
  AfterCommit();  // The id that ends here ends with all that is applied.
  server_.replication_stream().Fork();
  // What comes in this turn is our own already.
  server_.feed().Listen(server_.replication_stream().active());
  server_.ApplySweeping();
  RememberInConfig();
  return true;
}

void ReplicaLink::RememberInConfig() {
  server_.config().Remember("replicaof", active_ ? fmt::format("{} {}", host_, port_) : "");
}

// They wait for writes that can only come from elsewhere now.
void ReplicaLink::UnblockClients() {
  if (active_) return;
  const datatypes::Error error(kUnblocked);
  for (const auto& [id, connection] : server_.connections().all()) {
    if (!connection->closing() && server_.dispatcher().Unblock(*connection, &error)) {
      connection->CloseAfterReply();
    }
  }
}

// ---- Getting connected -------------------------------------------------------------------------

ReplicaLink::State ReplicaLink::state() const {
  if (connection_ != nullptr) return State::kConnected;
  if (thread_ == nullptr) return State::kConnect;
  switch (thread_->phase()) {
    case SyncThread::Phase::kConnecting:
      return State::kConnecting;
    case SyncThread::Phase::kHandshake:
      return State::kHandshake;
    case SyncThread::Phase::kTransfer:
      break;
  }
  return State::kSync;
}

uint64_t ReplicaLink::sync_keys() const {
  return loader_ == nullptr ? 0 : loader_->keys();
}

uint32_t ReplicaLink::stream_db() const {
  return connection_ != nullptr ? connection_->db() : db_;
}

void ReplicaLink::Connect() {
  const Settings& settings = server_.settings();
  rdb::ReplicaGreeting greeting;
  greeting.address = {host_, std::to_string(port_), settings.masteruser, settings.masterauth};
  greeting.source_address = settings.bind_source_addr;
  greeting.listening_port = settings.replica_announce_port > 0
                                ? static_cast<int>(settings.replica_announce_port)
                                : server_.bound_port();
  greeting.announced_ip = settings.replica_announce_ip;
  const ReplicationStream& stream = server_.replication_stream();
  if (stream.active()) {
    greeting.stream_id = stream.id();
    // What this server, as a primary, has written in the open turn is there as well.
    const ReplicationFeed& feed = server_.feed();
    const uint64_t position = feed.listening() ? feed.offset() : offset();
    greeting.next_offset = static_cast<int64_t>(position) + 1;
  }
  greeting.hands_over = handing_over_;
  greeting.timeout_ms = settings.repl_timeout_s * 1000;
  next_attempt_ms_ = server_.clock().NowMs() + kRetryMs;
  thread_ = std::make_unique<SyncThread>(
      std::move(greeting), settings.data, server_.store().databases(),
      [&server = server_] { server.Post([] {}); });  // The iteration's end looks at it.
}

void ReplicaLink::DropAttempt() {
  batch_.reset();
  loader_.reset();
  pause_->Stop();
  if (thread_ == nullptr) return;
  thread_->Abort();
  aborted_.push_back(std::move(thread_));
}

void ReplicaLink::DropConnection() {
  if (connection_ == nullptr) return;
  Connection& connection = *connection_;
  OnClosed(connection);
  // What it was about to do would not be counted in the position.
  server_.dispatcher().Cancel(connection);
  connection.CloseSoon();
}

void ReplicaLink::RunTurn() {
  if (thread_ == nullptr || pause_->active()) return;
  if (loader_ == nullptr && thread_->has_dump()) {
    loader_ = std::make_unique<SyncLoader>(server_);
    server_.log().Notice(fmt::format("MASTER <-> REPLICA sync: receiving {} from master",
                                     thread_->bytes_total() == 0
                                         ? "streamed RDB"
                                         : fmt::format("{} bytes", thread_->bytes_total())));
  }
  if (!ApplyBatches(server_.clock().MonotonicUs() + kSliceUs)) return;
  if (SyncThread::Outcome outcome; thread_->TakeOutcome(&outcome)) {
    FinishAttempt(std::move(outcome));
  }
}

bool ReplicaLink::ApplyBatches(int64_t until_us) {
  for (;;) {
    if (batch_ == nullptr) batch_ = thread_->TakeBatch();
    if (batch_ == nullptr) return true;
    int64_t wait_ms = 0;
    if (const lsm::Status status = loader_->Apply(*batch_, until_us, &wait_ms); !status.ok()) {
      FailAttempt(status.message(), /*refused=*/true);
      return false;
    }
    if (batch_->done()) batch_.reset();
    if (wait_ms > 0) {
      pause_->Start(static_cast<uint64_t>(wait_ms));
      return false;
    }
    if (server_.clock().MonotonicUs() >= until_us) {
      server_.RunSoon();
      return false;
    }
  }
}

void ReplicaLink::FailAttempt(const std::string& why, bool refused) {
  server_.log().Warning(
      fmt::format("MASTER <-> REPLICA sync with {}:{} failed: {}", host_, port_, why));
  DropAttempt();
  if (refused) next_attempt_ms_ = server_.clock().NowMs() + kRetryRefusedMs;
}

void ReplicaLink::FinishAttempt(SyncThread::Outcome outcome) {
  if (outcome.kind == SyncThread::Outcome::Kind::kFailed) {
    FailAttempt(outcome.error, outcome.refused);
    if (handing_over_ && outcome.declined) server_.replicas().failover().OnAnswer(false);
    return;
  }
  if (std::exchange(handing_over_, false)) server_.replicas().failover().OnAnswer(true);
  switch (outcome.kind) {
    case SyncThread::Outcome::Kind::kFailed:
      return;
    case SyncThread::Outcome::Kind::kSynced:
      return FinishSync(std::move(outcome));
    case SyncThread::Outcome::Kind::kContinues:
      break;
  }
  AfterCommit();
  ReplicationStream& stream = server_.replication_stream();
  server_.log().Notice("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
  const std::string id = outcome.stream_id.empty() ? stream.id() : outcome.stream_id;
  if (!stream.active()) {
    stream.Adopt(id, stream.offset());
  } else if (id != stream.id()) {
    stream.ContinueAs(id);
  }
  OpenConnection(outcome, db_);
}

void ReplicaLink::FinishSync(SyncThread::Outcome outcome) {
  const uint64_t keys = loader_->keys();
  server_.stats().net_repl_input_bytes += thread_->bytes_read();
  if (const lsm::Status shown = loader_->Show(); !shown.ok()) {
    close(outcome.socket);
    FailAttempt(shown.message(), /*refused=*/true);
    return;
  }
  loader_.reset();
  applied_.clear();  // Of the stream before; the data are others now.
  // One that only knows SYNC tells no id: then nobody can go on from here.
  const bool named = outcome.stream_id.size() == ReplicationStream::kIdDigits;
  server_.replication_stream().Adopt(
      named ? outcome.stream_id : RandomHex(ReplicationStream::kIdDigits), outcome.stream_offset);
  server_.log().Notice(
      fmt::format("MASTER <-> REPLICA sync: Finished with success, {} keys loaded", keys));
  OpenConnection(outcome, outcome.stream_db);
}

void ReplicaLink::OpenConnection(SyncThread::Outcome& outcome, uint32_t db) {
  thread_.reset();
  NotePosition();
  Endpoints endpoints;
  endpoints.peer = fmt::format("{}:{}", host_, port_);
  connection_ = &server_.connections().Add(outcome.socket, std::move(endpoints));
  connected_ms_ = server_.now_ms();
  next_ack_ms_ = 0;
  running_.clear();
  asked_sync_ = {};
  synced_offset_ = 0;
  // What runs commands knows them as sessions.
  const datatypes::Session* const session = connection_;
  lsm::ReplicaStore::Of(server_.store()).SetPrimary(session);
  connection_->FollowPrimary(db, outcome.received);
}

// ---- Following ---------------------------------------------------------------------------------

void ReplicaLink::OnRequest(std::string_view bytes) {
  running_ += bytes;
}

void ReplicaLink::OnRequestDone(const Connection& connection) {
  if (&connection != connection_ || connection.closing()) return;
  if (connection.transaction != nullptr) return;
  applied_ += running_;
  running_.clear();
  if (running_.capacity() > kKeptBytes) running_.shrink_to_fit();
  NotePosition();
}

uint64_t ReplicaLink::offset() const {
  return server_.replication_stream().offset() + applied_.size();
}

void ReplicaLink::OnError(const Connection& connection, std::string_view command,
                          std::string_view error) {
  ++server_.stats().unexpected_error_replies;
  server_.log().Warning(
      fmt::format("== CRITICAL == This replica is sending an error to its master: '{}' after "
                  "processing the command '{}'",
                  error, command));
  // All that follows would go to the wrong database.
  if (command == "select" && &connection == connection_) {
    next_attempt_ms_ = server_.clock().NowMs() + kRetryMs;
    connection_->CloseSoon();
  }
}

void ReplicaLink::OnUnwritable(Connection& connection) {
  server_.log().Warning("A write of the primary could not be stored, the link is dropped: " +
                        server_.store().write_error());
  connection.CloseSoon();
}

void ReplicaLink::OnClosed(const Connection& connection) {
  if (&connection != connection_) return;
  db_ = connection.db();
  connection_ = nullptr;
  lsm::ReplicaStore::Of(server_.store()).SetPrimary(nullptr);
  running_.clear();
  const int64_t now_ms = server_.clock().NowMs();
  down_since_ms_ = now_ms;
  if (stopped_ || !active_) return;
  server_.log().Notice("Connection with master lost.");
  // At once, before the primary's backlog has moved on; but not again and again.
  next_attempt_ms_ = now_ms - connected_ms_ > kRetryMs ? now_ms : now_ms + kRetryMs;
}

void ReplicaLink::BeforeCommit() {
  if (!position_changed_) return;
  position_changed_ = false;
  const std::string& id = server_.replication_stream().id();
  server_.store().PutSystem(kReplicaPositionRow,
                            EncodeReplicaPosition({id, offset(), stream_db()}));
}

void ReplicaLink::AfterCommit() {
  if (applied_.empty()) return;
  server_.replication_stream().Append(applied_);
  applied_.clear();
  if (applied_.capacity() > kKeptBytes) applied_.shrink_to_fit();
}

// For the primary's WAITAOF: what is on this disk for sure. One point at a time is waited for.
uint64_t ReplicaLink::SyncedOffset() {
  lsm::Store& store = server_.store();
  if (asked_sync_.seq != 0 && store.synced_seq() >= asked_sync_.seq) {
    synced_offset_ = asked_sync_.offset;
    asked_sync_ = {};
  }
  if (asked_sync_.seq == 0 && offset() != synced_offset_) {
    asked_sync_ = {store.committed_seq() + (store.TurnIsDirty() || position_changed_ ? 1 : 0),
                   offset()};
  }
  return synced_offset_;
}

void ReplicaLink::SendAck() {
  if (connection_ == nullptr || connection_->closing()) return;
  const std::string applied = std::to_string(offset());
  const std::string synced = std::to_string(SyncedOffset());
  connection_->Push(std::make_shared<const std::string>(
      fmt::format("*5\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n${}\r\n{}\r\n$4\r\nFACK\r\n${}\r\n{}\r\n",
                  applied.size(), applied, synced.size(), synced)));
}

void ReplicaLink::Cron(int64_t now_ms) {
  std::erase_if(aborted_, [](const auto& thread) { return thread->ended(); });
  if (!active_ || stopped_) return;
  if (connection_ != nullptr) {
    const int64_t silent_ms = now_ms - connection_->last_interaction_ms();
    if (silent_ms > server_.settings().repl_timeout_s * 1000) {
      server_.log().Warning("MASTER timeout: no data nor PING received...");
      connection_->CloseSoon();
    } else if (now_ms >= next_ack_ms_) {
      next_ack_ms_ = now_ms + kAckMs;
      SendAck();
    }
  } else if (thread_ == nullptr && now_ms >= next_attempt_ms_ && !server_.shutting_down()) {
    Connect();
  }
}

}  // namespace server
