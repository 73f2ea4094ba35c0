// SPDX-License-Identifier: BSD-3-Clause
// How CLIENT LIST, CLIENT INFO and the log describe a connection: Redis 7.2's fields, in its order.
#include <algorithm>

#include <fmt/format.h>

#include "resp/split_args.h"
#include "server/connection.h"
#include "server/lookahead.h"
#include "server/pubsub.h"
#include "server/replication/replicas.h"
#include "server/server.h"
#include "server/tracking.h"
#include "server/transaction.h"
#include "server/watch_table.h"

namespace server {

namespace {

size_t CountOf(const std::unique_ptr<Subscriptions>& subscriptions, Topic::Kind kind) {
  return subscriptions == nullptr ? 0 : subscriptions->count(kind);
}

}  // namespace

std::string Connection::Flags() const {
  std::string flags;
  if (is_replica) flags += 'S';
  if (is_monitor) flags += 'O';
  if (from_primary()) flags += 'M';
  if (subscriptions != nullptr) flags += 'P';
  if (transaction != nullptr) flags += 'x';
  if (postponed || server_.dispatcher().IsBlocked(*this)) flags += 'b';
  if (tracking != nullptr) {
    flags += 't';
    if (tracking->broken_redirect) flags += 'R';
    if (tracking->bcast) flags += 'B';
  }
  if (watches != nullptr && watches->dirty) flags += 'd';
  if (close_after_reply_) flags += 'c';
  if (close_soon_) flags += 'A';
  if (endpoints_.unix_socket) flags += 'U';
  if (no_evict) flags += 'e';
  if (no_touch()) flags += 'T';
  return flags.empty() ? "N" : flags;
}

std::string Connection::Describe() const {
  const int64_t now_ms = server_.now_ms();
  size_t argv_bytes = 0;
  for (const std::string_view arg : running_args_) argv_bytes += arg.size();
  const size_t query = std::max(query_.size(), running_input_);
  const size_t query_room =
      running_input_ > 0 && query_.empty() ? Server::kReadBufferBytes : query_.capacity();
  // The first block is what Redis calls the reply buffer, the others are its reply list.
  const size_t first_block = std::min(output_.memory_bytes(), resp::OutputBuffer::kFirstBlockBytes);
  const size_t more = output_.memory_bytes() - first_block;
  const bool listed = more > 0;
  const int watched = poll_->watched();
  const size_t queued_bytes = transaction == nullptr ? 0 : transaction->memory_bytes();
  return fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} "
      "multi={} qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} omem={} "
      "tot-mem={} events={}{} cmd={} user=default redir={} resp={} lib-name={} lib-ver={}",
      id_, endpoints_.peer, endpoints_.local, fd_, name, (now_ms - created_ms_) / 1000,
      (now_ms - last_interaction_ms_) / 1000, Flags(), db(),
      CountOf(subscriptions, Topic::Kind::kChannel), CountOf(subscriptions, Topic::Kind::kPattern),
      CountOf(subscriptions, Topic::Kind::kShard),
      transaction == nullptr ? -1 : static_cast<int64_t>(transaction->queue().size()), query,
      query_room > query ? query_room - query : 0, argv_bytes, queued_bytes, first_block,
      first_block, listed ? 0 : output_.size(),
      listed ? more / resp::OutputBuffer::kBlockBytes + 1 : 0, more, MemoryUsage(),
      (watched & Poll::kReadable) != 0 ? "r" : "", (watched & Poll::kWritable) != 0 ? "w" : "",
      last_command == nullptr ? "NULL" : server_.commands().FullName(*last_command),
      tracking == nullptr ? -1 : static_cast<int64_t>(tracking->redirect), writer_.resp3() ? 3 : 2,
      lib_name, lib_version);
}

size_t Connection::MemoryUsage() const {
  return sizeof(Connection) + query_.capacity() + output_.memory_bytes() + name.capacity() +
         endpoints_.peer.capacity() + endpoints_.local.capacity() +
         gates_.capacity() * sizeof(Gate) + held_bytes_ +
         (transaction == nullptr ? 0 : transaction->memory_bytes());
}

std::string ExcerptForLog(std::string_view input) {
  constexpr size_t kEnd = 64;
  if (input.size() <= 2 * kEnd) return resp::QuoteArg(input);
  return fmt::format("{} (... more {} bytes ...) {}", resp::QuoteArg(input.substr(0, kEnd)),
                     input.size() - 2 * kEnd, resp::QuoteArg(input.substr(input.size() - kEnd)));
}

}  // namespace server
