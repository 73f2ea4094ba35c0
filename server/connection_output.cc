// SPDX-License-Identifier: BSD-3-Clause
//
// What leaves a connection: which of its output may go (turns and their promises), when, and what
// happens to a client that does not take it.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include <sys/uio.h>

#include "server/connection.h"
#include "server/replication/replicas.h"
#include "server/server.h"
#include "server/turns.h"

namespace server {
namespace {

// Per flush, so that one client with a huge reply does not hold the loop.
constexpr size_t kFlushBytes = size_t{4} << 20;
constexpr size_t kIovecs = 64;

}  // namespace

void Connection::Push(const std::shared_ptr<const std::string>& bytes) {
  if (closing()) return;
  if (executing_ || server_.dispatcher().IsReplying(*this)) [[unlikely]] {
    held_pushes_.push_back(bytes);
    held_bytes_ += bytes->size();
  } else {
    output_.AppendShared(bytes);
    // The reply of a command that waits begins behind it.
    reply_start_ = output_.Mark();
    // The messages of a script that runs for long are of this kind, too.
    if (server_.turns().failing() || server_.turns().busy()) tells_open_turn_ = true;
    OutputAdded();
  }
  if (output_.size() + held_bytes_ > resp::OutputBuffer::kBlockBytes) {
    CheckOutputLimit(server_.now_ms());
  }
}

void Connection::ReleasePushes() {
  if (server_.dispatcher().IsReplying(*this)) return;
  const auto held = std::exchange(held_pushes_, {});
  held_bytes_ = 0;
  for (const auto& bytes : held) Push(bytes);
}

void Connection::OutputAdded() {
  if (in_turn_) return;
  in_turn_ = true;
  server_.turns().Add(*this);
}

size_t Connection::ReleasableMark() const {
  // The reply of a parked command that will be dropped must not be sent in part.
  return parked() && (replies_off_ || skip_reply_) ? reply_start_ : output_.Mark();
}

bool Connection::Release(uint64_t seq, uint64_t promised_seq) {
  if (wrote_in_turn_) {
    wrote_in_turn_ = false;
    last_write_seq_ = seq;
  }
  const size_t end = ReleasableMark();
  if (seq <= promised_seq) {
    gates_.clear();
    released_mark_ = end;
    return true;
  }
  ReleaseUpTo(promised_seq);
  if (!gates_.empty() && gates_.back().seq == seq) {
    gates_.back().mark = end;
  } else {
    gates_.push_back({seq, end});
  }
  return false;
}

bool Connection::ReleaseUpTo(uint64_t promised_seq) {
  const auto covered = std::ranges::find_if(
      gates_, [promised_seq](const Gate& gate) { return gate.seq > promised_seq; });
  if (covered != gates_.begin()) released_mark_ = std::prev(covered)->mark;
  gates_.erase(gates_.begin(), covered);
  return gates_.empty();
}

uint64_t Connection::LastWriteSeq() const {
  if (!wrote_in_turn_) return last_write_seq_;
  const lsm::Store& store = server_.store();
  return store.committed_seq() + (store.TurnIsDirty() ? 1 : 0);
}

size_t Connection::Sendable() const {
  const size_t sent = output_.Mark() - output_.size();
  return released_mark_ > sent ? released_mark_ - sent : 0;
}

void Connection::Flush() {
  if (close_soon_) return;
  size_t budget = kFlushBytes;
  bool sent_any = false;
  for (size_t left = Sendable(); left > 0 && !write_blocked_; left = Sendable()) {
    std::array<struct iovec, kIovecs> pieces;
    const size_t count = output_.FillIovec(pieces.data(), pieces.size());
    size_t size = 0;
    size_t used = 0;
    for (; used < count && size < left; ++used) {
      pieces[used].iov_len = std::min(pieces[used].iov_len, left - size);
      size += pieces[used].iov_len;
    }
    const ssize_t sent = used == 1 ? write(fd_, pieces[0].iov_base, pieces[0].iov_len)
                                   : writev(fd_, pieces.data(), static_cast<int>(used));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      server_.log().Verbose(std::string("Error writing to client: ") + std::strerror(errno));
      CloseSoon();
      return;
    }
    const size_t taken = sent < 0 ? 0 : static_cast<size_t>(sent);
    output_.Consume(taken);
    sent_any = true;
    ServerStats& stats = server_.stats();
    (is_replica ? stats.net_repl_output_bytes : stats.net_output_bytes) += taken;
    ++server_.stats().writes_processed;
    budget -= std::min(budget, taken);
    if (taken < size || budget == 0) write_blocked_ = true;
  }
  if (parked() && (replies_off_ || skip_reply_) && output_.Mark() != reply_start_) [[unlikely]] {
    // A long reply that is dropped: so is each part of it, so that it goes on.
    output_.TruncateTo(reply_start_);
    server_.WakeDrained(*this);
  }
  if (sent_any && parked() && output_.empty()) server_.WakeDrained(*this);
  if (output_.empty() && close_after_reply_) {
    CloseSoon();
  } else if (write_blocked_) {
    CheckOutputLimit(server_.now_ms());
    UpdateWatch();
  }
}

void Connection::SendStream() {
  reply_start_ = output_.Mark();
  gates_.clear();
  released_mark_ = output_.Mark();
  Flush();
  if (output_.size() + Replicas::Behind(*this) > resp::OutputBuffer::kBlockBytes) {
    CheckOutputLimit(server_.now_ms());
  }
}

void Connection::CheckOutputLimit(int64_t now_ms) {
  OutputLimit limit =
      server_.settings().client_output_buffer_limit[static_cast<size_t>(client_class())];
  auto used = static_cast<int64_t>(output_.memory_bytes() + held_bytes_);
  if (is_replica) {
    used += static_cast<int64_t>(Replicas::Behind(*this));
    // What is in the backlog costs nothing more.
    if (limit.hard_bytes > 0) {
      limit.hard_bytes = std::max(limit.hard_bytes, server_.settings().repl_backlog_size);
    }
  }
  const bool hard = limit.hard_bytes > 0 && used >= limit.hard_bytes;
  bool soft = limit.soft_bytes > 0 && used >= limit.soft_bytes;
  if (!soft) {
    over_soft_since_ms_ = 0;
  } else if (over_soft_since_ms_ == 0) {
    over_soft_since_ms_ = now_ms;
    soft = false;
  } else {
    soft = now_ms - over_soft_since_ms_ > limit.soft_seconds * 1000;
  }
  if (!hard && !soft) return;
  server_.log().Warning("Client " + Describe() +
                        " scheduled to be closed ASAP for overcoming of output buffer limits.");
  ++server_.stats().output_buffer_limit_disconnections;
  CloseSoon();
}

}  // namespace server
