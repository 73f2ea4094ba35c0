// SPDX-License-Identifier: BSD-3-Clause
#include "server/tracking.h"

#include <array>
#include <memory>
#include <optional>

#include "datatypes/dispatcher.h"
#include "server/connection.h"
#include "server/connections.h"
#include "server/server.h"
#include "server/turns.h"

namespace server {
namespace {

// Keys forgotten per turn when the table is too large; more when it was not enough last time.
constexpr size_t kForgetPerTurn = 1000;
// Entries freed per turn after a flush.
constexpr size_t kFreePerTurn = 2000;
// However many keys are allowed, their names and readers may take this part of maxmemory.
constexpr uint64_t kMemoryShare = 8;

void AppendBulk(std::string& out, std::string_view text) {
  out += '$';
  out += std::to_string(text.size());
  out += "\r\n";
  out += text;
  out += "\r\n";
}

}  // namespace

// One invalidation, written once for each protocol version, and only if somebody speaks that.
class Tracking::Message {
 public:
  // For a flush: of everything.
  Message() = default;
  explicit Message(std::string_view key) {
    payload_.emplace("*1\r\n");
    AppendBulk(*payload_, key);
  }
  // Of those that `reader` (0: nobody) has not changed itself; count() may be 0 then.
  Message(const BroadcastPrefixes::Changes& changes, uint64_t reader) : count_(0) {
    std::string keys;
    for (const auto& [key, client] : changes) {
      if (reader != 0 && client == reader) continue;
      AppendBulk(keys, key);
      ++count_;
    }
    payload_ = "*" + std::to_string(count_) + "\r\n" + keys;
  }

  size_t count() const { return count_; }

  const std::shared_ptr<const std::string>& Bytes(bool resp3) {
    auto& bytes = bytes_[resp3 ? 1 : 0];
    if (bytes == nullptr) {
      std::string text = resp3 ? ">2\r\n$10\r\ninvalidate\r\n"
                               : "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";
      text += payload_.has_value() ? std::string_view(*payload_) : resp3 ? "_\r\n" : "$-1\r\n";
      bytes = std::make_shared<const std::string>(std::move(text));
    }
    return bytes;
  }

 private:
  size_t count_ = 1;
  std::optional<std::string> payload_;
  std::array<std::shared_ptr<const std::string>, 2> bytes_;
};

// ---- Who tracks
// ----------------------------------------------------------------------------------

void Tracking::Enable(Connection& connection, const TrackingState& options) {
  std::set<std::string> prefixes;
  if (connection.tracking == nullptr) {
    ++clients_;
    connection.tracking = std::make_unique<TrackingState>();
  }
  TrackingState& state = *connection.tracking;
  prefixes.swap(state.prefixes);
  const bool caching = state.caching;
  state = options;
  state.caching = caching;
  if (options.bcast) {
    // BCAST alone is the prefix of all keys.
    if (state.prefixes.empty()) state.prefixes.insert("");
    for (const std::string& prefix : state.prefixes) {
      if (!prefixes.contains(prefix)) prefixes_.Add(connection, prefix);
    }
  }
  state.prefixes.merge(prefixes);
}

void Tracking::Disable(Connection& connection) {
  if (connection.tracking == nullptr) return;
  for (const std::string& prefix : connection.tracking->prefixes) {
    prefixes_.Remove(connection, prefix);
  }
  connection.tracking.reset();
  --clients_;
}

bool Tracking::MayHave(uint64_t client) const {
  const Connection* const connection = server_.connections().Find(client);
  return connection != nullptr && connection->tracking != nullptr && !connection->tracking->bcast;
}

void Tracking::Remember(const Connection& connection, const datatypes::CommandSpec& spec,
                        datatypes::Args args) {
  // Of a script that only reads, what it reads counts, not the keys it is given.
  if (!connection.tracking->remembers() || spec.group == "scripting") return;
  found_keys_.clear();
  if (!datatypes::FindKeys(spec, args, found_keys_)) return;
  for (const datatypes::KeyRef& key : found_keys_) {
    table_.Remember(args[key.index], connection.id(),
                    [this](uint64_t client) { return MayHave(client); });
  }
}

// ---- What is told
// --------------------------------------------------------------------------------

void Tracking::Send(Connection& connection, Message& message) {
  Connection* target = &connection;
  const uint64_t redirect = connection.tracking->redirect;
  if (redirect != 0) {
    target = server_.connections().Find(redirect);
    if (target == nullptr || target->closing()) {
      connection.tracking->broken_redirect = true;
      if (!connection.writer().resp3()) return;
      connection.Push(std::make_shared<const std::string>(
          ">2\r\n$21\r\ntracking-redir-broken\r\n:" + std::to_string(redirect) + "\r\n"));
      return;
    }
  }
  const bool resp3 = target->writer().resp3();
  // RESP2 knows no pushes, but for those who wait for messages.
  if (!resp3 && (redirect == 0 || target->subscriptions == nullptr)) return;
  target->Push(message.Bytes(resp3));
  server_.turns().SendFirst(*target);
}

void Tracking::OnChanged(std::string_view key) {
  // In the order of what happened.
  AfterCommand();
  const auto* const running = static_cast<const Connection*>(server_.dispatcher().running());
  if (!prefixes_.empty()) prefixes_.OnChanged(key, running == nullptr ? 0 : running->id());
  if (table_.keys() > 0) Tell(table_.Take(key), key);
}

void Tracking::Tell(const TrackingTable::Clients& clients, std::string_view key) {
  std::optional<Message> message;
  const datatypes::Session* const running = server_.dispatcher().running();
  for (const uint64_t client : clients) {
    if (!MayHave(client)) continue;
    Connection& connection = *server_.connections().Find(client);
    if (connection.tracking->noloop && &connection == running) continue;
    if (!message.has_value()) message.emplace(key);
    Send(connection, *message);
  }
}

void Tracking::TellFlush() {
  flushed_ = false;
  table_.Clear();
  if (clients_ == 0) return;
  Message message;
  for (const auto& [id, connection] : server_.connections().all()) {
    if (connection->tracking != nullptr) Send(*connection, message);
  }
}

void Tracking::TellBroadcasts() {
  prefixes_.Flush(
      [this](const BroadcastPrefixes::Changes& changes, const std::vector<Connection*>& clients) {
        std::optional<Message> shared;
        for (Connection* const client : clients) {
          if (client->tracking->noloop) {
            Message own(changes, client->id());
            if (own.count() > 0) Send(*client, own);
            continue;
          }
          if (!shared.has_value()) shared.emplace(changes, /*reader=*/0);
          Send(*client, *shared);
        }
      });
}

void Tracking::EndTurn() {
  AfterCommand();
  TellBroadcasts();
  EnforceBounds();
  table_.FreeSome(kFreePerTurn);
}

// ---- Bounds
// --------------------------------------------------------------------------------------

bool Tracking::OverBounds() const {
  const auto max_keys = static_cast<size_t>(server_.settings().tracking_table_max_keys);
  return (max_keys > 0 && table_.keys() > max_keys) ||
         table_.live_bytes() > server_.effective_maxmemory() / kMemoryShare;
}

void Tracking::EnforceBounds() {
  std::string key;
  for (size_t left = kForgetPerTurn * (turns_over_bounds_ + 1); OverBounds(); --left) {
    if (left == 0) {
      ++turns_over_bounds_;
      server_.RunSoon();
      return;
    }
    const TrackingTable::Clients clients = table_.TakeRandom(random_, key);
    Tell(clients, key);
  }
  turns_over_bounds_ = 0;
}

}  // namespace server
