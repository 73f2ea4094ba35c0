// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "server/string_map.h"

namespace server {

class Connection;

// What can be subscribed to: a channel, a pattern of channels, a channel of a shard; with those who
// are.
struct Topic {
  enum class Kind : uint8_t { kChannel, kPattern, kShard };
  static constexpr size_t kKinds = 3;

  std::string name;
  Kind kind;
  std::vector<Connection*> subscribers;
};

// What one connection is subscribed to, and where it stands among each topic's subscribers.
struct Subscriptions {
  std::array<absl::flat_hash_map<Topic*, size_t>, Topic::kKinds> places;

  size_t count(Topic::Kind kind) const { return places[static_cast<size_t>(kind)].size(); }
  // What the reply to a subscription tells: channels and patterns together, shards' apart.
  size_t count_with(Topic::Kind kind) const {
    if (kind == Topic::Kind::kShard) return count(kind);
    return count(Topic::Kind::kChannel) + count(Topic::Kind::kPattern);
  }
  size_t total() const { return count_with(Topic::Kind::kChannel) + count(Topic::Kind::kShard); }
};

// Who listens to what, and the sending of messages. A message is written once for each protocol
// version in use, whatever the number of those who get it; large ones are then shared by all their
// output buffers. Messages leave at the end of the turn, as replies do. Loop thread only.
class PubSub {
 public:
  using Topics = StringMap<std::unique_ptr<Topic>>;

  PubSub() = default;
  PubSub(const PubSub&) = delete;
  PubSub& operator=(const PubSub&) = delete;

  // False: it was subscribed already.
  bool Subscribe(Connection& connection, Topic::Kind kind, std::string_view name);
  // False: it was not subscribed.
  bool Unsubscribe(Connection& connection, Topic::Kind kind, std::string_view name);
  // Ends all its subscriptions without a word.
  void Forget(Connection& connection);
  // What the connection is subscribed to.
  static std::vector<std::string> NamesOf(const Connection& connection, Topic::Kind kind);

  // To the channel's subscribers, and then to those of patterns that match it. Returns how many
  // messages were sent.
  size_t Publish(std::string_view channel, std::string_view message);
  size_t PublishToShard(std::string_view channel, std::string_view message);

  // Nobody is subscribed to anything.
  bool empty() const { return clients_ == 0; }
  size_t clients() const { return clients_; }
  const Topics& topics(Topic::Kind kind) const { return topics_[static_cast<size_t>(kind)]; }
  size_t SubscribersOf(Topic::Kind kind, std::string_view name) const;

 private:
  Topics& OpenTopics(Topic::Kind kind) { return topics_[static_cast<size_t>(kind)]; }
  void Leave(Connection& connection, Topic& topic);

  std::array<Topics, Topic::kKinds> topics_;
  size_t clients_ = 0;
};

// A keyspace notification, on the channels that `mask` (datatypes::NotifyClass) asks for.
void PublishKeyEvent(PubSub& pubsub, uint32_t mask, std::string_view event, uint32_t db,
                     std::string_view key);

}  // namespace server
