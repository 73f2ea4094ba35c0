// SPDX-License-Identifier: BSD-3-Clause
#include "server/connection.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "server/connections.h"
#include "server/instruments.h"
#include "server/lookahead.h"
#include "server/pubsub.h"
#include "server/replication/replica_link.h"
#include "server/replication/replicas.h"
#include "server/request_batch.h"
#include "server/server.h"
#include "server/tracking.h"
#include "server/transaction.h"
#include "server/turns.h"
#include "server/watch_table.h"

namespace server {
namespace {

// One connection's share of an iteration, so that a long pipeline does not starve the others.
constexpr size_t kRequestsPerIteration = 1000;
// Fewer keys' cache misses are not worth asking for ahead.
constexpr size_t kWorthAHint = 4;
// A query buffer of its own reads in such steps, or as much as a big bulk needs.
constexpr size_t kReadStep = size_t{16} << 10;
// While a command waits, the client is read up to here, to see its end and to look ahead.
constexpr size_t kParkedInputBytes = size_t{1} << 20;
// How long a paced client is left waiting before the delay is looked at again.
constexpr int64_t kMaxPaceMs = 1000;

}  // namespace

Connection::Connection(Server& server, uint64_t id, int fd, Endpoints endpoints)
    : server_(server),
      id_(id),
      fd_(fd),
      last_interaction_ms_(server.now_ms()),
      writer_(&output_),
      poll_(std::make_unique<Poll>(server.loop(), fd, this, OnReady)),
      endpoints_(std::move(endpoints)),
      created_ms_(server.now_ms()) {
  limits_.authenticated = server.settings().requirepass.empty();
  UpdateWatch();
}

Connection::~Connection() {
  if (lookahead_ != nullptr) server_.store().Abandon(*lookahead_);
  poll_.reset();  // Before the descriptor goes: libuv still takes it out of the poll set.
  close(fd_);
}

void Connection::OnReady(void* self, int events) {
  auto& connection = *static_cast<Connection*>(self);
  // In the middle of a command: a script of its own that runs for long, see
  // Server::ServeWhileBusy.
  if (connection.close_soon_ || connection.executing_) return;
  // From within a script that runs for long nothing of the primary's may run.
  if (connection.from_primary() && connection.server_.turns().busy()) return;
  connection.server_.EnsureTurn();
  if ((events & Poll::kWritable) != 0 && connection.write_blocked_) {
    connection.write_blocked_ = false;
    connection.Flush();
    connection.UpdateWatch();
  }
  if ((events & Poll::kReadable) != 0 && !connection.close_soon_) connection.Read();
}

// ---- Reading ---------------------------------------------------------------------------------

void Connection::Read() {
  // With requests left from the last iteration the loop does not sleep: there is time to read more
  // when they are done.
  if (in_backlog_ || read_paused_ || close_after_reply_) return;
  const bool direct = query_.empty() && !parked();
  char* buffer = server_.read_buffer();
  size_t room = Server::kReadBufferBytes;
  if (!direct) {
    const size_t wanted = parser_.BytesWanted();
    buffer = query_.Prepare(wanted >= resp::kBigBulkBytes ? wanted : kReadStep);
    room = query_.room();
  }
  const ssize_t got = read(fd_, buffer, room);
  if (got <= 0) {
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    server_.log().Verbose(got == 0 ? "Client closed connection " + Describe()
                                   : std::string("Reading from client: ") + std::strerror(errno));
    CloseSoon();
    return;
  }
  const auto size = static_cast<size_t>(got);
  last_interaction_ms_ = server_.now_ms();
  ServerStats& stats = server_.stats();
  (from_primary() ? stats.net_repl_input_bytes : stats.net_input_bytes) += size;
  ++stats.reads_processed;
  if (direct) {
    const std::string_view input(buffer, size);
    const std::string_view rest = input.substr(RunRequests(input));
    if (rest.empty() || closing()) return;
    // A big bulk's size is known from its header on: room for all of it, once.
    query_.Prepare(rest.size() + parser_.BytesWanted());
    query_.Append(rest);
  } else {
    query_.Commit(size);
    if (!parked()) Consume(RunRequests(query_.view()));
  }
  if (closing()) return;
  // What MULTI has queued is input that has not been run, too.
  const size_t queued = transaction == nullptr ? 0 : transaction->argument_bytes();
  if (query_.size() + queued > static_cast<size_t>(server_.settings().client_query_buffer_limit) &&
      !from_primary()) {
    server_.log().Warning("Closing client that reached max query buffer length: " + Describe());
    ++stats.query_buffer_limit_disconnections;
    CloseSoon();
    return;
  }
  if (parked()) {
    LookAhead();
    UpdateWatch();
  }
}

void Connection::RunBuffered() {
  if (close_soon_ || close_after_reply_ || parked() || read_paused_) return;
  if (!query_.empty()) Consume(RunRequests(query_.view()));
  if (closing()) return;
  if (parked()) LookAhead();
  if (query_.empty() && query_.capacity() > kParkedInputBytes) query_.Release();
  UpdateWatch();
}

void Connection::Consume(size_t bytes) {
  query_.Consume(bytes);
  looked_ahead_ -= std::min(looked_ahead_, bytes);
}

size_t Connection::RunRequests(std::string_view input) {
  RequestBatch& batch = server_.batch();
  limits_.max_bulk_bytes = from_primary() ? std::numeric_limits<int64_t>::max()
                                          : server_.settings().data.proto_max_bulk_len;
  running_input_ = input.size();
  size_t done = 0;
  size_t ran = 0;
  bool go_on = true;
  while (go_on && done < input.size()) {
    if (from_primary() && MustHoldPrimary()) [[unlikely]]
      break;
    if (ran >= kRequestsPerIteration) {
      server_.connections().AddBacklog(*this);
      break;
    }
    const std::string_view rest = input.substr(done);
    // AUTH lifts the limits for what follows it.
    batch.Parse(parser_, rest, limits_, limits_.authenticated ? RequestBatch::kMax : 1);
    if (batch.keys().size() >= kWorthAHint) server_.store().Hint(db(), batch.keys());
    go_on = RunBatch(batch, rest);
    ran += batch.size();
    if (!go_on) {
      // Stopped at a request: `ran_in_batch_` says which.
      done += ran_in_batch_ == 0 ? 0 : batch.end(ran_in_batch_ - 1);
      break;
    }
    done += batch.consumed();
    if (batch.status() == resp::RequestParser::Status::kError) {
      FailProtocol(input.substr(done));
      break;
    }
    go_on = batch.status() == resp::RequestParser::Status::kCommand;
    server_.turns().CommitIfLarge();
  }
  running_input_ = 0;
  if (unpaced_writes_ > 0) Pace(std::exchange(unpaced_writes_, 0));
  if (output_.size() > resp::OutputBuffer::kBlockBytes) CheckOutputLimit(server_.now_ms());
  return closing() ? input.size() : done;
}

bool Connection::RunBatch(const RequestBatch& batch, std::string_view input) {
  for (ran_in_batch_ = 0; ran_in_batch_ < batch.size();) {
    if (from_primary()) [[unlikely]] {
      const size_t start = ran_in_batch_ == 0 ? 0 : batch.end(ran_in_batch_ - 1);
      server_.replica_link().OnRequest(input.substr(start, batch.end(ran_in_batch_) - start));
    }
    RunOne(batch.args(ran_in_batch_++));
    if (!closing() && !parked()) continue;
    // What the parser knows of an unfinished request behind these counts from another place.
    if (batch.status() != resp::RequestParser::Status::kCommand) parser_ = resp::RequestParser();
    return false;
  }
  return true;
}

void Connection::RunOne(datatypes::Args args) {
  reply_start_ = output_.Mark();
  running_args_ = args;
  executing_ = true;
  const auto outcome = server_.dispatcher().Execute(*this, args);
  executing_ = false;
  running_args_ = {};
  if (server_.turns().failing()) {
    tells_open_turn_ = tells_open_turn_ || server_.turns().MayTellOpenTurn(*this, args);
  }
  if (outcome == datatypes::Dispatcher::Outcome::kDone) {
    FinishReply();
  } else if (!held_pushes_.empty()) {
    ReleasePushes();
  }
}

void Connection::FinishReply() {
  if ((replies_off_ || skip_reply_) && !keep_reply_) [[unlikely]] {
    output_.TruncateTo(reply_start_);
  } else if (!in_turn_) {
    in_turn_ = true;
    server_.turns().Add(*this);
  }
  if (from_primary()) [[unlikely]]
    server_.replica_link().OnRequestDone(*this);
  skip_reply_ = std::exchange(skip_next_reply_, false);
  keep_reply_ = false;
  if (tracking != nullptr && transaction == nullptr && !tracking->last_was_client) [[unlikely]] {
    tracking->caching = false;
  }
  if (!held_pushes_.empty()) [[unlikely]]
    ReleasePushes();
}

void Connection::ReplaceReply(std::string_view error) {
  output_.TruncateTo(reply_start_);
  writer_.Error(error);
}

void Connection::DiscardTransaction() {
  transaction.reset();
  server_.watches().Unwatch(*this, /*forgive=*/true);
}

void Connection::OnUnparked() {
  if (close_soon_) return;
  // What a parked command tells is as new as this turn; while commits fail nobody can say more.
  if (server_.turns().failing()) tells_open_turn_ = true;
  FinishReply();
  if (!closing()) server_.connections().AddBacklog(*this);
}

void Connection::OnReplyBroken() {
  CloseSoon();
}

void Connection::FailProtocol(std::string_view input) {
  const std::string text = "ERR " + std::string(parser_.error());
  server_.log().Verbose("Protocol error (" + std::string(parser_.error()) +
                        ") from client: " + Describe() +
                        ". Query buffer during protocol error: " + ExcerptForLog(input));
  server_.stats().CountError(text);
  reply_start_ = output_.Mark();
  writer_.Error(text);
  FinishReply();
  CloseAfterReply();
}

void Connection::SetReplyMode(ReplyMode mode) {
  replies_off_ = mode == ReplyMode::kOff || (mode == ReplyMode::kSkip && replies_off_);
  if (mode == ReplyMode::kSkip && !replies_off_) {
    skip_reply_ = true;
    skip_next_reply_ = true;
  } else if (mode == ReplyMode::kOn) {
    skip_reply_ = false;
  }
}

// ---- Looking ahead -----------------------------------------------------------------------------

void Connection::LookAhead() {
  if (lookahead_ == nullptr) lookahead_ = std::make_unique<LookaheadWaiter>();
  resp::RequestParser scan;
  auto& args = server_.scratch_args();
  while (looked_ahead_ < query_.size() && lookahead_->pending() < LookaheadWaiter::kMaxPending) {
    size_t consumed = 0;
    const auto status = scan.Next(query_.view().substr(looked_ahead_), limits_, &consumed, &args);
    if (status != resp::RequestParser::Status::kCommand) return;
    const datatypes::CommandSpec* const spec = server_.commands().Find(args.front());
    // Behind it keys are those of another database.
    if (spec != nullptr && spec->name == "select") return;
    looked_ahead_ += consumed;
    if (spec == nullptr || spec->handler == nullptr) continue;
    const auto count = static_cast<int>(args.size());
    if (spec->arity > 0 ? count != spec->arity : count < -spec->arity) continue;
    ++server_.stats().lookahead_requests;
    server_.dispatcher().Prefetch(*this, *spec, args, *lookahead_);
  }
}

// ---- Pacing ------------------------------------------------------------------------------------

void Connection::Pace(size_t writes) {
  const uint32_t delay_us = server_.store().WriteDelayUs();
  if (delay_us == 0) {
    pace_debt_us_ = 0;
    return;
  }
  pace_debt_us_ += static_cast<int64_t>(writes) * delay_us;
  if (pace_debt_us_ < 1000) return;
  // Then the delay may be another one; what a long pipeline still owes is forgiven.
  const int64_t delay_ms = std::min(pace_debt_us_ / 1000, kMaxPaceMs);
  pace_debt_us_ %= 1000;
  ++server_.stats().paced_reads;
  PauseReading(delay_ms);
}

void Connection::PauseReading(int64_t delay_ms) {
  read_paused_ = true;
  if (pace_timer_ == nullptr) {
    pace_timer_ = std::make_unique<Timer>(server_.loop(), [this] {
      server_.EnsureTurn();
      read_paused_ = false;
      UpdateWatch();
      if (!query_.empty() && !parked()) server_.connections().AddBacklog(*this);
    });
  }
  pace_timer_->Start(static_cast<uint64_t>(delay_ms));
  UpdateWatch();
}

// ---- The link to the primary -------------------------------------------------------------------

void Connection::FollowPrimary(uint32_t db, std::string_view received) {
  from_primary_ = true;
  set_authenticated(true);
  replies_off_ = true;
  SelectDb(db);
  query_.Append(received);
  if (!received.empty()) server_.connections().AddBacklog(*this);
}

bool Connection::MustHoldPrimary() {
  constexpr int64_t kRetryMs = 100;
  if (server_.store().Writable() && !server_.turns().failing()) return false;
  PauseReading(kRetryMs);
  return true;
}

void Connection::UpdateWatch() {
  const bool listen =
      !close_after_reply_ && !read_paused_ && !(parked() && query_.size() >= kParkedInputBytes);
  poll_->Watch((listen ? Poll::kReadable : 0) | (write_blocked_ ? Poll::kWritable : 0));
}

// ---- Its end -----------------------------------------------------------------------------------

void Connection::CloseAfterReply() {
  if (close_after_reply_) return;
  close_after_reply_ = true;
  UpdateWatch();
  // So that the turn looks at it even if there is nothing to send.
  OutputAdded();
}

void Connection::CloseSoon() {
  if (close_soon_) return;
  close_soon_ = true;
  poll_->Watch(Poll::kNone);
  server_.connections().ScheduleClose(*this);
}

void Connection::CheckLimits(int64_t now_ms) {
  if (closing()) return;
  const int64_t timeout_ms = server_.settings().timeout_s * 1000;
  if (timeout_ms > 0 && !from_primary() && !parked() && !is_monitor && !is_replica &&
      subscriptions == nullptr && now_ms - last_interaction_ms_ > timeout_ms) {
    server_.log().Verbose("Closing idle client");
    CloseSoon();
    return;
  }
  CheckOutputLimit(now_ms);
  constexpr int64_t kIdleMs = 2000;
  const int64_t idle_ms = now_ms - last_interaction_ms_;
  if (idle_ms > kIdleMs && query_.empty()) query_.Release();
  const DebugState& debug = server_.instruments().debug;
  if (debug.reply_buffer_resizing && debug.reply_buffer_peak_reset_ms >= 0 &&
      idle_ms > debug.reply_buffer_peak_reset_ms && output_.empty()) {
    output_.ReleaseIdle();
  }
}

void Connection::ResetState() {
  DiscardTransaction();
  server_.pubsub().Forget(*this);
  server_.tracking().Disable(*this);
  set_authenticated(server_.settings().requirepass.empty());
  SelectDb(0);
  set_no_touch(false);
  writer_.set_protocol(resp::Protocol::kResp2);
  name.clear();
  no_evict = false;
  replies_off_ = skip_reply_ = skip_next_reply_ = false;
}

}  // namespace server
