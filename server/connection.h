// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"
#include "datatypes/session.h"
#include "resp/output_buffer.h"
#include "resp/request_parser.h"
#include "resp/writer.h"
#include "server/event_loop.h"
#include "server/query_buffer.h"
#include "server/settings.h"

namespace server {

class LookaheadWaiter;
class RequestBatch;
class Server;
class Transaction;
struct Replica;
struct Subscriptions;
struct TrackingState;
struct WatchState;

// Where a connection comes from, as CLIENT LIST shows it.
struct Endpoints {
  std::string peer;   // "127.0.0.1:50312"; of a Unix socket its path and ":0".
  std::string local;  // "127.0.0.1:6379".
  bool unix_socket = false;
  bool loopback = false;
};

// One client: its socket, what it has sent and not been answered, and what CLIENT knows of it.
//
// Requests are run where they lie in the loop's read buffer; only an incomplete one, or what stands
// behind a command that waits, is copied into the connection's own. Replies collect in the output
// buffer and leave when the turn they belong to is covered by the fsync policy's promise: each turn
// puts a gate behind what it wrote (see Turns).
//
// Owned by Connections. Loop thread only.
class Connection final : public datatypes::Session {
 public:
  Connection(Server& server, uint64_t id, int fd, Endpoints endpoints);
  ~Connection() override;

  // ---- Session ----------------------------------------------------------------------------
  resp::Writer& writer() override { return writer_; }
  size_t pending_output_bytes() const override { return output_.size(); }
  void OnUnparked() override;
  void OnReplyBroken() override;

  // ---- Who it is --------------------------------------------------------------------------
  Server& server() const { return server_; }
  uint64_t id() const { return id_; }
  int fd() const { return fd_; }
  const Endpoints& endpoints() const { return endpoints_; }
  int64_t created_ms() const { return created_ms_; }
  int64_t last_interaction_ms() const { return last_interaction_ms_; }
  ClientClass client_class() const {
    if (is_replica) return ClientClass::kReplica;
    return subscriptions == nullptr ? ClientClass::kNormal : ClientClass::kPubsub;
  }

  // It is the link to the primary.
  bool from_primary() const { return from_primary_; }

  bool authenticated() const { return limits_.authenticated; }
  void set_authenticated(bool on) { limits_.authenticated = on; }

  // What HELLO, CLIENT SETNAME and CLIENT SETINFO have set.
  std::string name;
  std::string lib_name;
  std::string lib_version;

  // CLIENT's switches and what RESET puts back.
  enum class ReplyMode : uint8_t { kOn, kOff, kSkip };
  // kSkip: neither this command nor the next is answered, unless replies are off anyway.
  void SetReplyMode(ReplyMode mode);
  bool no_evict = false;
  bool is_monitor = false;
  // From PSYNC on. Kept by Replicas.
  bool is_replica = false;
  // CLIENT PAUSE holds its command.
  bool postponed = false;
  // RESET: as freshly connected, but for its id and buffers.
  void ResetState();

  // MULTI's queue; nullptr outside of a transaction.
  std::unique_ptr<Transaction> transaction;
  // What WATCH watches; nullptr: nothing was watched since the last EXEC. Kept by WatchTable.
  std::unique_ptr<WatchState> watches;
  // nullptr: it is subscribed to nothing. Kept by PubSub.
  std::unique_ptr<Subscriptions> subscriptions;
  // nullptr: CLIENT TRACKING is off. Kept by Tracking.
  std::unique_ptr<TrackingState> tracking;
  // What REPLCONF has said; nullptr: nothing. Kept by Replicas.
  std::unique_ptr<Replica> replica;
  // Where the replication stream ended after this client's last command, for WAIT; it may be in
  // the open turn.
  uint64_t stream_offset = 0;
  // Ends the transaction, if there is one, and forgets what is watched.
  void DiscardTransaction();
  // RESP2 and subscribed: only few commands are allowed.
  bool in_subscribed_mode() const { return subscriptions != nullptr && !writer_.resp3(); }

  // The last command that ran, for CLIENT LIST; nullptr: none yet.
  const datatypes::CommandSpec* last_command = nullptr;

  // One line as in CLIENT LIST, without a line break.
  std::string Describe() const;
  // Bytes this connection costs, buffers included.
  size_t MemoryUsage() const;
  size_t query_bytes() const { return query_.size(); }
  size_t output_memory() const { return output_.memory_bytes(); }

  // ---- Its end ----------------------------------------------------------------------------
  // Answers nothing more, and closes once everything written so far has been sent.
  void CloseAfterReply();
  // Closes at the end of this iteration; what is not sent is lost. May be called from anywhere.
  void CloseSoon();
  bool closing() const { return close_soon_ || close_after_reply_; }

  // ---- Output -----------------------------------------------------------------------------
  // Sends what is no reply: a message, an invalidation, a line of MONITOR. It is sent in order with
  // the replies, never in the middle of one, and after the reply of the command that is running.
  // CLIENT REPLY does not hold it back.
  void Push(const std::shared_ptr<const std::string>& bytes);
  // The reply of the running command is made of pushes: CLIENT REPLY does not hold it back.
  void KeepReply() { keep_reply_ = true; }
  // Of a replica: bytes of the stream, which no turn holds back any more. SendStream() sends them.
  void AppendStream(std::string_view bytes) { output_.Append(bytes); }
  void SendStream();
  // Puts an error in place of the reply of the running command.
  void ReplaceReply(std::string_view error);
  // What is in the output now tells of nothing newer than `seq`, and the promise covers
  // `promised_seq`. True: all of it may leave.
  bool Release(uint64_t seq, uint64_t promised_seq);
  // The promise covers more than before. True: all that was released by a turn may leave.
  bool ReleaseUpTo(uint64_t promised_seq);
  // A write command of this connection is done.
  void NoteWrite() {
    wrote_in_turn_ = true;
    ++unpaced_writes_;
  }
  // The turn with this connection's last write, for WAITAOF; it may be the open one.
  uint64_t LastWriteSeq() const;
  // Sends what may leave, as far as the socket takes it.
  void Flush();

  // ---- For Connections --------------------------------------------------------------------
  // It is the link to the primary, from now on: what comes is obeyed and not answered. `received`
  // has come already. For ReplicaLink.
  void FollowPrimary(uint32_t db, std::string_view received);
  // Runs requests that lie in the query buffer (after a command that waited, or in the next
  // iteration when this one had its share).
  void RunBuffered();
  // Once a second or so: idle time, limits, memory given back.
  void CheckLimits(int64_t now_ms);

 private:
  friend class Connections;
  friend class Turns;

  struct Gate {
    uint64_t seq;
    size_t mark;
  };

  static void OnReady(void* self, int events);
  void Read();
  // Runs what `input` holds; returns how much of it is done with.
  size_t RunRequests(std::string_view input);
  // False: stopped after ran_in_batch_ requests, by one that waits or closes.
  bool RunBatch(const RequestBatch& batch, std::string_view input);
  void RunOne(datatypes::Args args);
  void FinishReply();
  // The turn shall look at the output, even if no reply of a command is in it.
  void OutputAdded();
  void ReleasePushes();
  void FailProtocol(std::string_view input);
  // Behind a parked command: loads what the requests after it will need.
  void LookAhead();
  void Consume(size_t bytes);
  void Pace(size_t writes);
  void PauseReading(int64_t delay_ms);
  // The primary's commands wait while nothing can be written.
  bool MustHoldPrimary();
  void UpdateWatch();
  // Bytes at the front of the output that may leave now.
  size_t Sendable() const;
  // Where the output that a turn may release ends.
  size_t ReleasableMark() const;
  void CheckOutputLimit(int64_t now_ms);
  std::string Flags() const;

  Server& server_;
  const uint64_t id_;
  const int fd_;

  // Hot.
  bool close_soon_ = false;
  bool from_primary_ = false;
  bool close_after_reply_ = false;
  bool in_turn_ = false;          // In Turns' list of those who wrote in the open turn.
  bool tells_open_turn_ = false;  // Its output may tell of a turn whose commit has failed.
  bool awaits_promise_ = false;   // In Turns' list of those whose output is not covered.
  bool sends_first_ = false;      // Turns sends its output before others'.
  bool in_backlog_ = false;       // In Connections' list of those with requests to run.
  bool write_blocked_ = false;    // The socket is full: waits for writability.
  bool read_paused_ = false;      // Paced.
  // CLIENT REPLY: all replies, this one, or the next one is dropped.
  bool replies_off_ = false;
  bool skip_reply_ = false;
  bool skip_next_reply_ = false;
  bool keep_reply_ = false;     // But not this one.
  bool executing_ = false;      // Its own request is being run.
  bool wrote_in_turn_ = false;  // A write command ran since the last Release().
  size_t reply_start_ = 0;      // Output mark where the reply of the current command starts.
  size_t released_mark_ = 0;    // Output up to here may leave.
  size_t ran_in_batch_ = 0;
  datatypes::Args running_args_;  // Of the command that runs right now.
  size_t running_input_ = 0;      // Size of the input whose requests are being run.
  int64_t last_interaction_ms_;
  resp::RequestParser parser_;
  resp::RequestParser::Limits limits_;
  QueryBuffer query_;
  resp::OutputBuffer output_;
  resp::Writer writer_;
  std::vector<Gate> gates_;  // Of what is behind released_mark_, in order.
  std::unique_ptr<Poll> poll_;

  // Cold.
  const Endpoints endpoints_;
  const int64_t created_ms_;
  int64_t over_soft_since_ms_ = 0;
  int64_t pace_debt_us_ = 0;
  uint64_t last_write_seq_ = 0;
  size_t unpaced_writes_ = 0;
  // Pushes that came while a reply was being written.
  std::vector<std::shared_ptr<const std::string>> held_pushes_;
  size_t held_bytes_ = 0;
  size_t looked_ahead_ = 0;  // Bytes of the query buffer whose requests' keys were prefetched.
  std::unique_ptr<LookaheadWaiter> lookahead_;
  std::unique_ptr<Timer> pace_timer_;
};

}  // namespace server
