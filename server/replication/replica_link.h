// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"
#include "server/event_loop.h"
#include "server/replication/sync_batch.h"
#include "server/replication/sync_thread.h"

namespace server {

class Connection;
class Server;
class SyncLoader;

// This server as a replica. A SyncThread connects and, where the primary does not just go on, reads
// its dump, which goes into the staged databases (SyncLoader) while clients are served the old
// data, and then takes their place at once. From then on the connection is one of the server's own:
// the primary is a client whose commands are obeyed and not answered.
//
// Commands and the position in the stream are one: the position is put into the turn that has what
// was applied up to it (BeforeCommit), and advances only when a request is done, or, of a
// transaction, when EXEC is. So a crash or a lost link anywhere goes on without losing a command or
// running one twice. What was applied is relayed to own replicas, byte for byte.
//
// Owned by the Server. Loop thread only.
class ReplicaLink {
 public:
  explicit ReplicaLink(Server& server);
  ~ReplicaLink();
  ReplicaLink(const ReplicaLink&) = delete;
  ReplicaLink& operator=(const ReplicaLink&) = delete;

  // When the store is open: follows the primary that the configuration names, from where the last
  // run has stopped.
  lsm::Status Start();
  // Before the connections are closed: no more attempts.
  void Stop();

  // REPLICAOF host port. False: that is the primary already.
  bool Follow(const std::string& host, int port);
  // FAILOVER: follows it, and asks it to be the primary. Requires !active().
  void HandOver(const std::string& host, int port);
  // REPLICAOF NO ONE. False: this server is no replica.
  bool Promote();

  // This server is a replica, connected or not.
  bool active() const { return active_; }
  const std::string& host() const { return host_; }
  int port() const { return port_; }

  enum class State : uint8_t { kConnect, kConnecting, kHandshake, kSync, kConnected };
  State state() const;
  // The stream is followed.
  bool up() const { return connection_ != nullptr; }
  // nullptr: not connected.
  const Connection* connection() const { return connection_; }
  // nullptr: there is no attempt.
  const SyncThread* sync() const { return thread_.get(); }
  // What of a dump is loading: 0 before it begins to come.
  uint64_t sync_keys() const;
  bool loading() const { return loader_ != nullptr; }
  // Since when the stream is not followed.
  int64_t down_since_ms() const { return down_since_ms_; }
  // How much of the stream is applied, the open turn included.
  uint64_t offset() const;
  // The database that the stream has selected.
  uint32_t stream_db() const;

  // ---- For the connection to the primary ----------------------------------------------------
  // A request is about to run, whose bytes these are.
  void OnRequest(std::string_view bytes);
  // It is done.
  void OnRequestDone(const Connection& connection);
  // A command of the stream ended in an error.
  void OnError(const Connection& connection, std::string_view command, std::string_view error);
  // It could not run because nothing can be written: the link breaks, to go on from before it.
  void OnUnwritable(Connection& connection);
  void OnClosed(const Connection& connection);
  // REPLCONF GETACK.
  void SendAck();

  // ---- For the server -----------------------------------------------------------------------
  // The turn is about to be committed.
  void BeforeCommit();
  // It is: own replicas are told what was applied in it.
  void AfterCommit();
  // At the end of every iteration: goes on with a full sync.
  void RunTurn();
  // A cron task.
  void Cron(int64_t now_ms);

 private:
  struct SyncPoint {
    uint64_t seq = 0;
    uint64_t offset = 0;
  };

  void BecomeReplica(const std::string& host, int port);
  void Connect();
  void DropAttempt();
  void DropConnection();
  // True: the batches there were are applied.
  bool ApplyBatches(int64_t until_us);
  void FinishAttempt(SyncThread::Outcome outcome);
  void FinishSync(SyncThread::Outcome outcome);
  // `refused`: what was sent cannot be taken.
  void FailAttempt(const std::string& why, bool refused);
  void OpenConnection(SyncThread::Outcome& outcome, uint32_t db);
  void NotePosition() { position_changed_ = true; }
  void RememberInConfig();
  void UnblockClients();
  uint64_t SyncedOffset();

  Server& server_;
  bool active_ = false;
  bool handing_over_ = false;  // The primary-to-be has not answered yet.
  bool stopped_ = false;
  std::string host_;
  int port_ = 0;
  int64_t down_since_ms_ = 0;
  int64_t next_attempt_ms_ = 0;
  int64_t next_ack_ms_ = 0;

  std::unique_ptr<SyncThread> thread_;
  std::vector<std::unique_ptr<SyncThread>> aborted_;  // Threads that have not ended yet.
  std::unique_ptr<SyncLoader> loader_;
  std::unique_ptr<SyncBatch> batch_;  // Being applied.
  std::unique_ptr<Timer> pause_;      // While active: no batch is applied.

  Connection* connection_ = nullptr;
  int64_t connected_ms_ = 0;
  std::string running_;  // Requests that are not done, or whose transaction is not.
  std::string applied_;  // Those that are done in the open turn.
  uint32_t db_ = 0;      // stream_db() while there is no connection.
  bool position_changed_ = false;
  SyncPoint asked_sync_;  // seq 0: none.
  uint64_t synced_offset_ = 0;
};

}  // namespace server
