// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "datatypes/command_spec.h"

namespace server {

class Connection;
class Server;

// Ends the loop's turns and lets the replies out: no reply may leave before the fsync policy's
// promise covers everything it tells of, other clients' writes included. So all that was put into
// output buffers during a turn stays there until the turn's batch is in the commit log; then it is
// given the committed sequence number, and sent when Store::promised_seq() has reached that: at
// once, but under `appendfsync always` after the fsync that covers it.
//
// If the log cannot take the batch, the turn stays open and is tried again every kRetryMs. The
// replies of that turn wait. Of what runs meanwhile, only replies that cannot tell of the open turn
// are sent (MayTellOpenTurn). Loop thread only.
class Turns {
 public:
  static constexpr int64_t kRetryMs = 100;
  // A turn that has grown so large is committed in the middle of an iteration.
  static constexpr size_t kMaxTurnBytes = size_t{1} << 20;

  explicit Turns(Server& server) : server_(server) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // The connection has put something into its output in this turn. Called once per turn.
  void Add(Connection& connection) { writers_.push_back(&connection); }
  // Its command has written a part of its reply, which leaves at the end of the turn, too.
  void AddPart(Connection& connection);
  // The connection's output holds what must leave before the replies of this turn: it is sent
  // before all others', now or when the promise covers it.
  void SendFirst(Connection& connection);
  // The connection is about to be destroyed.
  void Forget(Connection& connection);

  // Commits and sends. At the end of every iteration.
  void End();
  // In the middle of an iteration: commits what there is. False: that failed.
  bool CommitNow() { return Commit(); }
  // In the middle of a command that holds the loop for long. BeginBusy(): what was written before
  // it leaves, if the command has changed nothing yet; else it waits for the command's end.
  // SendWhileBusy(): what was written since leaves; it tells of nothing that changed.
  void BeginBusy(bool has_written);
  void SendWhileBusy();
  // BeginBusy() was called in this iteration.
  bool busy() const { return busy_; }
  // In the middle of an iteration: commits only, if the turn is large.
  void CommitIfLarge();

  // The last commit failed and the turn is still open.
  bool failing() const { return failing_; }
  // Why. Requires failing().
  const std::string& failure() const { return failure_; }
  // While failing(): whether the reply to this request, which has just run, may depend on what the
  // open turn has changed.
  bool MayTellOpenTurn(const Connection& connection, datatypes::Args args) const;

  // Connections whose replies wait for an fsync.
  size_t waiting() const { return waiting_.size(); }

 private:
  bool Commit();
  void PutFirst(std::vector<Connection*>& list);
  void FlushWriters();
  void FlushHarmless();
  void FlushWaiting();

  Server& server_;
  std::vector<Connection*> writers_;  // Who wrote in the open turn.
  std::vector<Connection*> waiting_;  // Whose output is not covered by the promise yet.
  std::vector<Connection*> scratch_;
  uint64_t flushed_promise_ = 0;
  bool any_first_ = false;  // Of either list, one may be to be sent first.
  bool failing_ = false;
  bool busy_ = false;
  std::string failure_;
  int64_t retry_at_us_ = 0;
};

}  // namespace server
