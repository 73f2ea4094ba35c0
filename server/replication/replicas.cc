// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/replicas.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "server/connection.h"
#include "server/connections.h"
#include "server/random_hex.h"
#include "server/rdb_saver.h"
#include "server/replication/feed.h"
#include "server/replication/replica_link.h"
#include "server/server.h"

namespace server {
namespace {

// The stream is copied to a replica's output in such portions, when the last one has left.
constexpr size_t kOutputBytes = size_t{1} << 20;
// While a replica waits for its snapshot it is told that we are alive.
constexpr int64_t kNewlineEveryMs = 1000;

}  // namespace

Replicas::Replicas(Server& server)
    : server_(server),
      failover_(server),
      pinged_ms_(server.now_ms()),
      none_since_ms_(server.now_ms()) {
  server.replication_stream().OnBreak([this] { DropAll(); });
}

Replicas::~Replicas() {
  Stop();
}

void Replicas::Stop() {
  for (Replica* const replica : all_) {
    replica->snapshot.reset();
    replica->sync.reset();
  }
  ending_.clear();
}

// ---- Coming and going --------------------------------------------------------------------------

Replica& Replicas::Of(Connection& connection) {
  if (connection.replica == nullptr) connection.replica = std::make_unique<Replica>(connection);
  return *connection.replica;
}

Replica& Replicas::Attach(Connection& connection) {
  Replica& replica = Of(connection);
  replica.acked_ms = server_.now_ms();
  connection.is_replica = true;
  all_.push_back(&replica);
  // From the first replica's request on the stream is recorded.
  server_.replication_stream().Activate();
  server_.feed().Listen(!server_.is_replica());
  return replica;
}

void Replicas::Continue(Connection& connection, uint64_t position) {
  Replica& replica = Attach(connection);
  ReplicationStream& stream = server_.replication_stream();
  replica.reader = std::make_unique<ReplicationStream::Reader>(stream, position);
  replica.state = Replica::State::kOnline;
  // Bytes it has not got may have selected any database, but those it gets say which.
  ++server_.stats().sync_partial_ok;
}

void Replicas::SyncFully(Connection& connection) {
  Attach(connection).state = Replica::State::kRequested;
  ++server_.stats().sync_full;
}

void Replicas::Forget(Connection& connection) {
  std::erase(waiting_, &connection);
  server_.feed().Forget(connection);
  Replica* const replica = connection.replica.get();
  if (replica == nullptr || std::erase(all_, replica) == 0) return;
  server_.log().Notice(
      fmt::format("Connection with replica {}:{} lost.", AddressOf(*replica), PortOf(*replica)));
  if (replica->sync != nullptr) {
    // Its thread may be in the middle of a write: it is waited for when it has said its last word.
    replica->sync->Stop();
    ending_.push_back(std::move(replica->sync));
  }
  if (all_.empty()) none_since_ms_ = server_.now_ms();
}

void Replicas::DropAll() {
  for (Replica* const replica : all_) {
    replica->reader.reset();
    replica->connection.CloseSoon();
  }
  server_.feed().ForgetDatabase();
}

Replica* Replicas::Find(uint64_t client) const {
  const auto found = std::ranges::find_if(
      all_, [client](const Replica* each) { return each->connection.id() == client; });
  return found == all_.end() || (*found)->connection.closing() ? nullptr : *found;
}

// ---- Full sync ---------------------------------------------------------------------------------

// The turn is committed, so the snapshot ends where the stream stands now.
void Replicas::TakeSnapshot(Replica& replica) {
  ReplicationStream& stream = server_.replication_stream();
  replica.reader = std::make_unique<ReplicationStream::Reader>(stream, stream.offset());
  // A primary selects a database anew behind the snapshot; what a replica relays does not.
  replica.stream_db.reset();
  if (server_.is_replica()) replica.stream_db = server_.replica_link().stream_db();
  replica.state = Replica::State::kSnapshot;
  replica.sync_started_ms = server_.now_ms();
  server_.feed().ForgetDatabase();
  server_.log().Notice(
      fmt::format("Full resync requested by replica {}:{}", AddressOf(replica), PortOf(replica)));
  server_.store().TakeSnapshot([this, client = replica.connection.id()](auto snapshot) {
    OnSnapshot(client, std::move(snapshot));
  });
}

void Replicas::OnSnapshot(uint64_t client, lsm::Result<std::unique_ptr<lsm::Snapshot>> snapshot) {
  Replica* const replica = Find(client);
  if (replica == nullptr || replica->state != Replica::State::kSnapshot) return;
  if (!snapshot) {
    server_.log().Warning("No snapshot for a full sync: " + snapshot.error().message());
    replica->connection.CloseSoon();
    return;
  }
  replica->snapshot = std::move(*snapshot);
  replica->state = Replica::State::kReady;
  server_.RunSoon();
}

void Replicas::BeginSending(Replica& replica) {
  const Settings& settings = server_.settings();
  FullSync::Plan plan;
  if (!replica.old_sync) {
    plan.header = fmt::format("+FULLRESYNC {} {}\r\n", server_.replication_stream().id(),
                              replica.reader->position());
  }
  plan.streamed = replica.takes_eof && settings.repl_diskless_sync;
  plan.end_mark = RandomHex(ReplicationStream::kIdDigits);
  plan.directory = settings.dir;
  plan.stall_ms = settings.repl_timeout_s * 1000;
  plan.dump = server_.rdb_saver().MakeOptions();
  if (replica.stream_db) {
    plan.dump.aux.emplace_back("repl-stream-db", std::to_string(*replica.stream_db));
  }
  replica.state = Replica::State::kSending;
  replica.sync = std::make_unique<FullSync>(
      replica.connection.fd(), std::move(plan), std::move(replica.snapshot),
      [this, client = replica.connection.id()](const lsm::Status& status) {
        server_.Post([this, client, status] { OnSent(client, status); });
      });
}

void Replicas::OnSent(uint64_t client, const lsm::Status& status) {
  // Those that were given up have ended by now, or will soon.
  std::erase_if(ending_, [](const auto& sync) { return sync->ended(); });
  Replica* const replica = Find(client);
  if (replica == nullptr || replica->state != Replica::State::kSending) return;
  const auto sync = std::move(replica->sync);
  const bool streamed = replica->takes_eof && sync->streamed();
  server_.stats().net_repl_output_bytes += sync->bytes_sent();
  if (!status.ok()) {
    server_.log().Warning("Full sync with a replica failed: " + status.message());
    replica->connection.CloseSoon();
    return;
  }
  server_.log().Notice(fmt::format(
      "Full sync with replica {}:{}: {} bytes in {:.1f} s", AddressOf(*replica), PortOf(*replica),
      sync->bytes_sent(), static_cast<double>(server_.now_ms() - replica->sync_started_ms) / 1000));
  if (sync->losses().hashes > 0 || sync->losses().functions > 0) {
    server_.log().Warning(fmt::format(
        "The replica got {} hashes without the expiry of their fields and lacks {} function "
        "libraries: see rdb-version",
        sync->losses().hashes, sync->losses().functions));
  }
  replica->acked_ms = server_.now_ms();
  // It tells the end of a streamed file by its last bytes: nothing may follow before it has.
  if (streamed && !replica->loaded) {
    replica->state = Replica::State::kLoading;
  } else {
    GoOnline(*replica);
  }
}

void Replicas::GoOnline(Replica& replica) {
  replica.state = Replica::State::kOnline;
  server_.log().Notice(fmt::format("Synchronization with replica {}:{} succeeded",
                                   AddressOf(replica), PortOf(replica)));
  server_.RunSoon();
}

void Replicas::OnAck(Replica& replica, uint64_t offset, uint64_t synced_offset) {
  replica.acked_offset = std::max(replica.acked_offset, offset);
  replica.synced_offset = std::max(replica.synced_offset, synced_offset);
  replica.acked_ms = server_.now_ms();
  if (replica.state == Replica::State::kLoading) GoOnline(replica);
  if (replica.state == Replica::State::kSending) replica.loaded = true;
  for (Connection* const waiting : waiting_) server_.dispatcher().Wake(*waiting);
  if (!waiting_.empty()) server_.RunSoon();
}

// ---- Each turn ---------------------------------------------------------------------------------

void Replicas::Feed(Replica& replica) {
  while (replica.connection.pending_output_bytes() < kOutputBytes && replica.reader->behind() > 0) {
    const std::string_view bytes = replica.reader->Next(kOutputBytes);
    replica.connection.AppendStream(bytes);
    replica.reader->Advance(bytes.size());
  }
  replica.connection.SendStream();
}

void Replicas::AfterTurn() {
  asked_in_turn_ = false;
  if (all_.empty()) return;
  for (size_t i = 0; i < all_.size(); ++i) {
    Replica& replica = *all_[i];
    if (replica.connection.closing()) continue;
    if (replica.state == Replica::State::kRequested) {
      TakeSnapshot(replica);
    } else if (replica.state == Replica::State::kReady) {
      if (replica.connection.pending_output_bytes() == 0) BeginSending(replica);
    } else if (replica.state == Replica::State::kOnline) {
      Feed(replica);
    }
  }
}

void Replicas::Cron(int64_t now_ms) {
  const Settings& settings = server_.settings();
  ReplicationStream& stream = server_.replication_stream();
  if (all_.empty()) {
    const bool freed = stream.active() && !server_.is_replica() &&
                       settings.repl_backlog_ttl_s > 0 &&
                       now_ms - none_since_ms_ > settings.repl_backlog_ttl_s * 1000;
    if (freed) {
      server_.feed().Listen(false);
      stream.Deactivate();
      server_.log().Notice("Replication backlog freed: there were no replicas for " +
                           std::to_string(settings.repl_backlog_ttl_s) + " seconds.");
    }
    return;
  }
  failover_.Look();
  // A target that is about to have all that was written is not given more.
  const bool quiet = failover_.state() != Failover::State::kNone;
  if (!quiet && now_ms - pinged_ms_ >= settings.repl_ping_replica_period_s * 1000) {
    pinged_ms_ = now_ms;
    server_.feed().AppendPlain(std::array<std::string_view, 1>{"PING"});
  }
  const bool newline = now_ms - newline_ms_ >= kNewlineEveryMs;
  if (newline) newline_ms_ = now_ms;
  static constexpr std::string_view kNewline = "\n";
  for (Replica* const replica : all_) {
    using State = Replica::State;
    const State state = replica->state;
    if (newline && (state == State::kRequested || state == State::kSnapshot) &&
        !replica->old_sync) {
      replica->connection.AppendStream(kNewline);
      replica->connection.SendStream();
    }
    const bool watched = state == State::kOnline || state == State::kLoading;
    if (watched && !replica->old_sync &&
        now_ms - replica->acked_ms > settings.repl_timeout_s * 1000) {
      server_.log().Warning(fmt::format("Disconnecting timedout replica {}:{}", AddressOf(*replica),
                                        PortOf(*replica)));
      replica->connection.CloseSoon();
    }
  }
}

void Replicas::AddWaiter(Connection& connection) {
  waiting_.push_back(&connection);
  AskAll();
}

void Replicas::AskAll() {
  if (std::exchange(asked_in_turn_, true)) return;
  server_.feed().AppendPlain(std::array<std::string_view, 3>{"REPLCONF", "GETACK", "*"});
}

// ---- Questions ---------------------------------------------------------------------------------

size_t Replicas::CountGood(int64_t max_lag_s) const {
  return static_cast<size_t>(std::ranges::count_if(all_, [&](const Replica* replica) {
    return replica->state == Replica::State::kOnline && LagSeconds(*replica) <= max_lag_s;
  }));
}

bool Replicas::EnoughToWrite() const {
  const Settings& settings = server_.settings();
  if (settings.min_replicas_to_write == 0 || settings.min_replicas_max_lag_s == 0) return true;
  if (server_.is_replica()) return true;
  return CountGood(settings.min_replicas_max_lag_s) >=
         static_cast<size_t>(settings.min_replicas_to_write);
}

size_t Replicas::CountAcked(uint64_t offset) const {
  return static_cast<size_t>(std::ranges::count_if(all_, [offset](const Replica* replica) {
    return replica->state == Replica::State::kOnline && replica->acked_offset >= offset;
  }));
}

bool Replicas::AllHave(uint64_t offset) const {
  return std::ranges::all_of(all_, [offset](const Replica* replica) {
    return replica->state != Replica::State::kOnline || replica->acked_offset >= offset;
  });
}

size_t Replicas::CountSynced(uint64_t offset) const {
  return static_cast<size_t>(std::ranges::count_if(all_, [offset](const Replica* replica) {
    return replica->state == Replica::State::kOnline && replica->synced_offset >= offset;
  }));
}

uint64_t Replicas::Behind(const Connection& connection) {
  const Replica* const replica = connection.replica.get();
  return replica == nullptr || replica->reader == nullptr ? 0 : replica->reader->behind();
}

std::string Replicas::AddressOf(const Replica& replica) {
  if (!replica.announced_address.empty()) return replica.announced_address;
  const std::string& peer = replica.connection.endpoints().peer;
  std::string host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

int64_t Replicas::PortOf(const Replica& replica) {
  return replica.announced_port;
}

int64_t Replicas::LagSeconds(const Replica& replica) const {
  return (server_.now_ms() - replica.acked_ms) / 1000;
}

std::string_view Replicas::StateName(const Replica& replica) {
  switch (replica.state) {
    case Replica::State::kOnline:
      return "online";
    case Replica::State::kSending:
    case Replica::State::kLoading:
      return "send_bulk";
    default:
      return "wait_bgsave";
  }
}

}  // namespace server
