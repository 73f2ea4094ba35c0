// SPDX-License-Identifier: BSD-3-Clause
// Pub/Sub where the differential suite cannot look: order with replies, limits, CLIENT LIST.
#include "server/pubsub.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/server_fixture.h"

namespace server {
namespace {

void Hello3(TestClient& client) {
  CHECK(client.Run({"HELLO", "3"}).starts_with("{"));
}

TEST_CASE("a client's own message comes after the reply") {
  const RunningServer server;
  TestClient client(server.port());
  Hello3(client);
  CHECK(client.Run({"SUBSCRIBE", "a"}) == ">[\"subscribe\", \"a\", :1]");
  CHECK(client.Run({"PUBLISH", "a", "m"}) == ":1");
  CHECK(client.Read() == ">[\"message\", \"a\", \"m\"]");
}

TEST_CASE("messages to the client that runs EXEC do not stand within its reply") {
  const RunningServer server([](Settings& settings) {
    settings.notify_keyspace_events =
        datatypes::kNotifyKeyevent | datatypes::kNotifyString | datatypes::kNotifyGeneric;
  });
  TestClient client(server.port());
  Hello3(client);
  CHECK(client.Run({"PSUBSCRIBE", "*"}) == ">[\"psubscribe\", \"*\", :1]");
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"SET", "k", "v"}) == "+QUEUED");
  CHECK(client.Run({"PUBLISH", "a", "m"}) == "+QUEUED");
  CHECK(client.Run({"EXEC"}) == "[+OK, :1]");
  CHECK(client.Read() == ">[\"pmessage\", \"*\", \"__keyevent@0__:set\", \"k\"]");
  CHECK(client.Read() == ">[\"pmessage\", \"*\", \"a\", \"m\"]");
}

TEST_CASE("a client that waits in a blocking command gets its messages meanwhile") {
  const RunningServer server;
  TestClient client(server.port());
  TestClient other(server.port());
  Hello3(client);
  CHECK(client.Run({"SUBSCRIBE", "a"}) == ">[\"subscribe\", \"a\", :1]");
  client.SendCommand({"WAIT", "1", "0"});
  CHECK(Eventually([&] {
    return other.RunText({"CLIENT", "LIST", "ID", "1"}).find("flags=Pb ") != std::string::npos;
  }));
  CHECK(other.Run({"PUBLISH", "a", "m"}) == ":1");
  CHECK(client.Read() == ">[\"message\", \"a\", \"m\"]");
  CHECK(other.Run({"CLIENT", "UNBLOCK", "1", "ERROR"}) == ":1");
  CHECK(client.Read() == "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK(client.Run({"PING"}) == "+PONG");
}

TEST_CASE("messages do not tear a long reply") {
  const RunningServer server([](Settings& settings) { settings.hot_tier = false; });
  TestClient client(server.port());
  TestClient other(server.port());
  const std::string big(20'000'000, 'x');
  CHECK(other.Run({"SET", "big", big}) == "+OK");
  Hello3(client);
  CHECK(client.Run({"SUBSCRIBE", "a"}) == ">[\"subscribe\", \"a\", :1]");
  client.SendCommand({"GET", "big"});
  for (int i = 0; i < 50; ++i) CHECK(other.Run({"PUBLISH", "a", std::to_string(i)}) == ":1");
  int messages = 0;
  bool replied = false;
  while (messages < 50 || !replied) {
    const std::string got = client.Read();
    if (got.starts_with(">")) {
      CHECK(got == ">[\"message\", \"a\", \"" + std::to_string(messages) + "\"]");
      ++messages;
    } else {
      CHECK(got.size() == big.size() + 2);
      REQUIRE_FALSE(replied);
      replied = true;
    }
  }
}

TEST_CASE("every subscriber gets every message, in order, in its protocol") {
  const RunningServer server;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    if (i % 2 == 1) Hello3(*clients.back());
    clients.back()->SendCommand({"SUBSCRIBE", "a"});
    clients.back()->Read();
  }
  TestClient publisher(server.port());
  const std::vector<std::string> messages = {"small", std::string(5000, 'l'), "end"};
  for (const std::string& message : messages) publisher.SendCommand({"PUBLISH", "a", message});
  for (size_t i = 0; i < messages.size(); ++i) CHECK(publisher.Read() == ":40");
  for (size_t i = 0; i < clients.size(); ++i) {
    for (const std::string& message : messages) {
      const std::string body = "[\"message\", \"a\", \"" + message + "\"]";
      CHECK(clients[i]->Read() == (i % 2 == 1 ? ">" + body : body));
    }
  }
}

TEST_CASE("a subscriber that does not read is cut at the limit of its class") {
  RunningServer server([](Settings& settings) {
    settings.client_output_buffer_limit[static_cast<size_t>(ClientClass::kPubsub)].hard_bytes =
        int64_t{4} << 20;
  });
  TestClient slow(server.port());
  slow.SendCommand({"SUBSCRIBE", "a"});
  slow.Read();
  TestClient publisher(server.port());
  const std::string message(500'000, 'x');
  CHECK(Eventually([&] { return publisher.Run({"PUBLISH", "a", message}) == ":0"; }));
  CHECK(publisher.RunText({"INFO", "stats"}).find("client_output_buffer_limit_disconnections:1") !=
        std::string::npos);
  CHECK(server.LogText().find("for overcoming of output buffer limits") != std::string::npos);
}

TEST_CASE("one turn with many messages does not grow a subscriber's buffer beyond its limit") {
  RunningServer server([](Settings& settings) {
    settings.client_output_buffer_limit[static_cast<size_t>(ClientClass::kPubsub)].hard_bytes =
        int64_t{1} << 20;
  });
  TestClient slow(server.port());
  slow.SendCommand({"SUBSCRIBE", "a"});
  slow.Read();
  TestClient publisher(server.port());
  CHECK(publisher.Run({"MULTI"}) == "+OK");
  for (int i = 0; i < 50; ++i) {
    CHECK(publisher.Run({"PUBLISH", "a", std::string(100'000, 'x')}) == "+QUEUED");
  }
  publisher.SendCommand({"EXEC"});
  publisher.Read();
  CHECK(publisher.Run({"PUBLISH", "a", "x"}) == ":0");
}

TEST_CASE("CLIENT LIST counts subscriptions and knows the class") {
  const RunningServer server;
  TestClient client(server.port());
  TestClient other(server.port());
  client.SendCommand({"SUBSCRIBE", "a", "b"});
  client.SendCommand({"PSUBSCRIBE", "c*"});
  client.SendCommand({"SSUBSCRIBE", "d"});
  for (int i = 0; i < 4; ++i) client.Read();
  const std::string line = other.RunText({"CLIENT", "LIST", "TYPE", "pubsub"});
  CHECK(line.starts_with("id=1 "));
  CHECK(line.find(" flags=P ") != std::string::npos);
  CHECK(line.find(" sub=2 psub=1 ssub=1 ") != std::string::npos);
  CHECK(other.RunText({"CLIENT", "LIST", "TYPE", "normal"}).starts_with("id=2 "));
  const std::string info = other.RunText({"INFO", "stats"});
  CHECK(info.find("pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:1\r\n") !=
        std::string::npos);
}

TEST_CASE("CLIENT REPLY OFF does not hold back messages, nor the answers to subscriptions") {
  const RunningServer server;
  TestClient client(server.port());
  TestClient other(server.port());
  Hello3(client);
  client.SendCommand({"CLIENT", "REPLY", "OFF"});
  client.SendCommand({"PING"});
  CHECK(client.Run({"SUBSCRIBE", "a"}) == ">[\"subscribe\", \"a\", :1]");
  client.SendCommand({"PUBLISH", "a", "own"});
  CHECK(client.Read() == ">[\"message\", \"a\", \"own\"]");
  CHECK(other.Run({"PUBLISH", "a", "m"}) == ":1");
  CHECK(client.Read() == ">[\"message\", \"a\", \"m\"]");
  CHECK(client.Run({"CLIENT", "REPLY", "ON"}) == "+OK");
}

TEST_CASE("a subscriber is no idle client") {
  const RunningServer server([](Settings& settings) {
    settings.timeout_s = 1;
    settings.hz = 100;
  });
  TestClient subscriber(server.port());
  TestClient idle(server.port());
  subscriber.SendCommand({"SUBSCRIBE", "a"});
  subscriber.Read();
  CHECK(idle.Run({"PING"}) == "+PONG");
  CHECK(idle.Read() == "closed");
  TestClient other(server.port());
  CHECK(other.Run({"PUBLISH", "a", "m"}) == ":1");
  CHECK(subscriber.Read() == "[\"message\", \"a\", \"m\"]");
}

TEST_CASE("who goes is subscribed to nothing, and the others still are") {
  RunningServer server;
  TestClient stays(server.port());
  {
    TestClient first(server.port());
    TestClient second(server.port());
    for (TestClient* const client : {&first, &stays, &second}) {
      client->SendCommand({"SUBSCRIBE", "a", "b"});
      client->SendCommand({"PSUBSCRIBE", "a*"});
      for (int i = 0; i < 3; ++i) client->Read();
    }
  }
  CHECK(Eventually([&] {
    size_t clients = 0;
    server.OnLoop([&](Server& its) { clients = its.pubsub().clients(); });
    return clients == 1;
  }));
  TestClient other(server.port());
  CHECK(other.Run({"PUBLISH", "a", "m"}) == ":2");
  CHECK(stays.Read() == "[\"message\", \"a\", \"m\"]");
  CHECK(stays.Read() == "[\"pmessage\", \"a*\", \"a\", \"m\"]");
}

TEST_CASE("a key whose time is over is announced by the sweeper") {
  const RunningServer server([](Settings& settings) {
    settings.notify_keyspace_events = datatypes::kNotifyKeyevent | datatypes::kNotifyExpired;
  });
  TestClient client(server.port());
  TestClient other(server.port());
  client.SendCommand({"SUBSCRIBE", "__keyevent@0__:expired"});
  client.Read();
  CHECK(other.Run({"SET", "k", "v", "PX", "5"}) == "+OK");
  CHECK(client.Read() == "[\"message\", \"__keyevent@0__:expired\", \"k\"]");
}

}  // namespace
}  // namespace server
