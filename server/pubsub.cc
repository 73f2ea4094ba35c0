// SPDX-License-Identifier: BSD-3-Clause
#include "server/pubsub.h"

#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "datatypes/glob.h"
#include "datatypes/notifications.h"
#include "server/connection.h"

namespace server {
namespace {

// A push, written once for each protocol version, and only if somebody speaks that.
class Message {
 public:
  // The views must outlive it.
  explicit Message(std::initializer_list<std::string_view> words) : words_(words) {}

  void SendTo(const std::vector<Connection*>& subscribers) {
    for (Connection* const subscriber : subscribers) {
      auto& bytes = bytes_[subscriber->writer().resp3() ? 1 : 0];
      if (bytes == nullptr) bytes = Encode(subscriber->writer().protocol());
      subscriber->Push(bytes);
    }
  }

 private:
  std::shared_ptr<const std::string> Encode(resp::Protocol protocol) const {
    constexpr size_t kHeader = 24;
    auto bytes = std::make_shared<std::string>();
    size_t size = kHeader;
    for (const std::string_view word : words_) size += word.size() + kHeader;
    bytes->reserve(size);
    *bytes += protocol == resp::Protocol::kResp3 ? '>' : '*';
    *bytes += std::to_string(words_.size());
    *bytes += "\r\n";
    for (const std::string_view word : words_) {
      *bytes += '$';
      *bytes += std::to_string(word.size());
      *bytes += "\r\n";
      *bytes += word;
      *bytes += "\r\n";
    }
    return bytes;
  }

  const std::initializer_list<std::string_view> words_;
  std::array<std::shared_ptr<const std::string>, 2> bytes_;
};

}  // namespace

bool PubSub::Subscribe(Connection& connection, Topic::Kind kind, std::string_view name) {
  std::unique_ptr<Topic>& topic = OpenTopics(kind)[name];
  if (topic == nullptr) topic = std::make_unique<Topic>(Topic{std::string(name), kind, {}});
  if (connection.subscriptions == nullptr) {
    connection.subscriptions = std::make_unique<Subscriptions>();
    ++clients_;
  }
  auto& places = connection.subscriptions->places[static_cast<size_t>(kind)];
  if (!places.emplace(topic.get(), topic->subscribers.size()).second) return false;
  topic->subscribers.push_back(&connection);
  return true;
}

void PubSub::Leave(Connection& connection, Topic& topic) {
  const auto kind = static_cast<size_t>(topic.kind);
  auto& places = connection.subscriptions->places[kind];
  const auto own = places.find(&topic);
  // The last takes the place of the one that leaves.
  Connection* const last = topic.subscribers.back();
  topic.subscribers[own->second] = last;
  last->subscriptions->places[kind][&topic] = own->second;
  topic.subscribers.pop_back();
  places.erase(own);
  if (topic.subscribers.empty()) {
    Topics& all = topics_[kind];
    all.erase(all.find(topic.name));
  }
  if (connection.subscriptions->total() == 0) {
    connection.subscriptions.reset();
    --clients_;
  }
}

bool PubSub::Unsubscribe(Connection& connection, Topic::Kind kind, std::string_view name) {
  const auto found = OpenTopics(kind).find(name);
  if (found == OpenTopics(kind).end() || connection.subscriptions == nullptr) return false;
  Topic& topic = *found->second;
  if (!connection.subscriptions->places[static_cast<size_t>(kind)].contains(&topic)) return false;
  Leave(connection, topic);
  return true;
}

void PubSub::Forget(Connection& connection) {
  for (size_t kind = 0; kind < Topic::kKinds; ++kind) {
    while (connection.subscriptions != nullptr && !connection.subscriptions->places[kind].empty()) {
      Leave(connection, *connection.subscriptions->places[kind].begin()->first);
    }
  }
}

std::vector<std::string> PubSub::NamesOf(const Connection& connection, Topic::Kind kind) {
  std::vector<std::string> names;
  if (connection.subscriptions == nullptr) return names;
  for (const auto& [topic, place] : connection.subscriptions->places[static_cast<size_t>(kind)]) {
    names.push_back(topic->name);
  }
  return names;
}

size_t PubSub::SubscribersOf(Topic::Kind kind, std::string_view name) const {
  const auto found = topics(kind).find(name);
  return found == topics(kind).end() ? 0 : found->second->subscribers.size();
}

size_t PubSub::Publish(std::string_view channel, std::string_view message) {
  size_t receivers = 0;
  const Topics& channels = topics(Topic::Kind::kChannel);
  if (const auto found = channels.find(channel); found != channels.end()) {
    Message({"message", channel, message}).SendTo(found->second->subscribers);
    receivers += found->second->subscribers.size();
  }
  for (const auto& [pattern, topic] : topics(Topic::Kind::kPattern)) {
    if (!datatypes::GlobMatch(pattern, channel)) continue;
    Message({"pmessage", pattern, channel, message}).SendTo(topic->subscribers);
    receivers += topic->subscribers.size();
  }
  return receivers;
}

size_t PubSub::PublishToShard(std::string_view channel, std::string_view message) {
  const Topics& channels = topics(Topic::Kind::kShard);
  const auto found = channels.find(channel);
  if (found == channels.end()) return 0;
  Message({"smessage", channel, message}).SendTo(found->second->subscribers);
  return found->second->subscribers.size();
}

void PublishKeyEvent(PubSub& pubsub, uint32_t mask, std::string_view event, uint32_t db,
                     std::string_view key) {
  if ((mask & datatypes::kNotifyKeyspace) != 0) {
    pubsub.Publish(fmt::format("__keyspace@{}__:{}", db, key), event);
  }
  if ((mask & datatypes::kNotifyKeyevent) != 0) {
    pubsub.Publish(fmt::format("__keyevent@{}__:{}", db, event), key);
  }
}

}  // namespace server
