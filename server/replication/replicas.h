// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"
#include "server/replication/failover.h"
#include "server/replication/full_sync.h"
#include "server/replication/stream.h"

namespace server {

class Connection;
class Server;

inline constexpr std::string_view kNoReplicas = "NOREPLICAS Not enough good replicas to write.";

// A client that has sent REPLCONF, and perhaps PSYNC: what it said of itself, and how far it is.
// Owned by its Connection.
struct Replica {
  enum class State : uint8_t {
    kConfiguring,  // REPLCONF only: not a replica yet.
    kRequested,    // Waits for the end of the turn, when a snapshot is taken.
    kSnapshot,     // Waits for the snapshot.
    kReady,        // And for what was written to it before to be gone.
    kSending,      // Gets the RDB file.
    kLoading,      // Has it; must say so before it gets the stream.
    kOnline,       // Follows the stream.
  };

  explicit Replica(Connection& of) : connection(of) {}

  Connection& connection;
  State state = State::kConfiguring;
  // What REPLCONF has said.
  std::string announced_address;
  int64_t announced_port = 0;
  bool takes_eof = false;
  bool takes_new_id = false;
  bool old_sync = false;  // SYNC: neither header nor acknowledgements.
  // How far it says it is.
  uint64_t acked_offset = 0;
  uint64_t synced_offset = 0;  // On its disk.
  int64_t acked_ms = 0;
  std::unique_ptr<ReplicationStream::Reader> reader;
  std::unique_ptr<lsm::Snapshot> snapshot;  // kReady.
  std::optional<uint32_t> stream_db;        // What the stream has selected there.
  std::unique_ptr<FullSync> sync;           // kSending.
  bool loaded = false;                      // It has acknowledged before we knew that all was sent.
  int64_t sync_started_ms = 0;
};

// The replicas of this server: from PSYNC on. Loop thread only.
class Replicas {
 public:
  explicit Replicas(Server& server);
  ~Replicas();
  Replicas(const Replicas&) = delete;
  Replicas& operator=(const Replicas&) = delete;

  // ---- What replicas ask for ------------------------------------------------------------------
  // The client's record, made at its first REPLCONF.
  static Replica& Of(Connection& connection);
  // Goes on from `position`, which the stream has. The reply is written already.
  void Continue(Connection& connection, uint64_t position);
  // Gets everything, then the stream from there on.
  void SyncFully(Connection& connection);
  // REPLCONF ACK.
  void OnAck(Replica& replica, uint64_t offset, uint64_t synced_offset);
  // The connection is about to be destroyed.
  void Forget(Connection& connection);

  // ---- For the server -------------------------------------------------------------------------
  // After each committed turn: begins full syncs, sends what the stream has got.
  void AfterTurn();
  void Cron(int64_t now_ms);
  // Closes all of them.
  void DropAll();
  // Before the store is closed: waits until no full sync uses it.
  void Stop();

  Failover& failover() { return failover_; }

  // ---- Questions ------------------------------------------------------------------------------
  const std::vector<Replica*>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  // Online, and heard of within `max_lag_s`.
  size_t CountGood(int64_t max_lag_s) const;
  // As min-replicas-to-write has it.
  bool EnoughToWrite() const;
  size_t CountAcked(uint64_t offset) const;
  // Those that are online have everything up to there.
  bool AllHave(uint64_t offset) const;
  size_t CountSynced(uint64_t offset) const;
  // What CLIENT LIST and the limits count as the replica's output: what it has not taken.
  static uint64_t Behind(const Connection& connection);
  static std::string AddressOf(const Replica& replica);
  static int64_t PortOf(const Replica& replica);
  int64_t LagSeconds(const Replica& replica) const;
  static std::string_view StateName(const Replica& replica);

  // ---- Who waits for replicas (WAIT, WAITAOF) --------------------------------------------------
  // Asks replicas how far they are; `connection` is woken whenever one says something.
  void AddWaiter(Connection& connection);
  void AskAll();
  void RemoveWaiter(Connection& connection) { std::erase(waiting_, &connection); }

 private:
  Replica& Attach(Connection& connection);
  void TakeSnapshot(Replica& replica);
  void OnSnapshot(uint64_t client, lsm::Result<std::unique_ptr<lsm::Snapshot>> snapshot);
  void BeginSending(Replica& replica);
  void OnSent(uint64_t client, const lsm::Status& status);
  void GoOnline(Replica& replica);
  void Feed(Replica& replica);
  Replica* Find(uint64_t client) const;

  Server& server_;
  Failover failover_;
  std::vector<Replica*> all_;
  std::vector<Connection*> waiting_;
  std::vector<std::unique_ptr<FullSync>> ending_;  // Of replicas that are gone.
  bool asked_in_turn_ = false;                     // REPLCONF GETACK is in the open turn.
  int64_t pinged_ms_ = 0;
  int64_t newline_ms_ = 0;
  int64_t none_since_ms_;
};

}  // namespace server
