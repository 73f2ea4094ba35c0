// SPDX-License-Identifier: BSD-3-Clause
// What a client may not do to the server.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "server/connections.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

TEST_CASE("with maxclients reached a new client is told and closed") {
  const RunningServer server([](Settings& settings) { settings.maxclients = 2; });
  TestClient one(server.port());
  TestClient two(server.port());
  CHECK(one.Run({"PING"}) == "+PONG");
  CHECK(two.Run({"PING"}) == "+PONG");
  TestClient three(server.port());
  CHECK(three.Read() == "-ERR max number of clients reached");
  CHECK(three.Read() == "closed");
  CHECK(one.Run({"PING"}) == "+PONG");
}

TEST_CASE("without a file descriptor left accepting rests, and goes on when there is one") {
  RunningServer server;
  TestClient first(server.port());
  CHECK(first.Run({"PING"}) == "+PONG");
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{static_cast<rlim_t>(256), before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<int> fillers;
  const auto fill = [&] {
    for (int fd = dup(STDERR_FILENO); fd >= 0; fd = dup(STDERR_FILENO)) fillers.push_back(fd);
  };
  fill();
  close(fillers.back());  // For the client's side; there is none for the server's.
  fillers.pop_back();
  TestClient second(server.port());
  fill();
  const auto cycles = [&] {
    uint64_t count = 0;
    server.OnLoop([&](Server& on) { count = on.stats().eventloop_cycles; });
    return count;
  };
  const uint64_t cycles_before = cycles();
  // A loop that tried again and again would turn many thousand times. (The log would not show it:
  // it needs a file descriptor, too.)
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(cycles() - cycles_before < 500);
  CHECK(first.Run({"PING"}) == "+PONG");
  for (const int fd : fillers) close(fd);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(second.Run({"PING"}) == "+PONG");
}

TEST_CASE("an idle client is closed after the time-out") {
  const RunningServer server([](Settings& settings) {
    settings.timeout_s = 1;
    settings.hz = 100;
  });
  TestClient client(server.port());
  CHECK(client.Run({"PING"}) == "+PONG");
  CHECK(client.Read() == "closed");
}

TEST_CASE("a request larger than the query buffer may grow closes the client") {
  RunningServer server(
      [](Settings& settings) { settings.client_query_buffer_limit = int64_t{1} << 20; });
  TestClient client(server.port());
  client.Send("*2\r\n$4\r\nECHO\r\n$2000000\r\n" + std::string(1'500'000, 'x'));
  CHECK(client.Read() == "closed");
  CHECK(server.LogText().find("# Closing client that reached max query buffer length: id=1 ") !=
        std::string::npos);
}

TEST_CASE("a bulk beyond proto-max-bulk-len is a protocol error") {
  const RunningServer server(
      [](Settings& settings) { settings.data.proto_max_bulk_len = int64_t{1} << 20; });
  TestClient client(server.port());
  client.Send("*2\r\n$4\r\nECHO\r\n$2000000\r\n");
  CHECK(client.Read() == "-ERR Protocol error: invalid bulk length");
  CHECK(client.Read() == "closed");
}

TEST_CASE("a client that does not read is cut at the hard limit of its output") {
  RunningServer server([](Settings& settings) {
    settings.client_output_buffer_limit[static_cast<size_t>(ClientClass::kNormal)].hard_bytes =
        int64_t{8} << 20;
  });
  TestClient client(server.port());
  client.SendCommand({"SET", "big", std::string(1'000'000, 'x')});
  CHECK(client.Read() == "+OK");
  for (int i = 0; i < 200; ++i) client.SendCommand({"GET", "big"});
  CHECK(Eventually([&] {
    return server.LogText().find(
               "scheduled to be closed ASAP for overcoming of output buffer "
               "limits.") != std::string::npos;
  }));
  CHECK(client.ReadUntilClosed().size() < 200);
  TestClient other(server.port());
  CHECK(other.Run({"PING"}) == "+PONG");
}

TEST_CASE("a client over the soft limit for its seconds is cut") {
  RunningServer server([](Settings& settings) {
    settings.hz = 100;
    OutputLimit& limit =
        settings.client_output_buffer_limit[static_cast<size_t>(ClientClass::kNormal)];
    limit.soft_bytes = int64_t{1} << 20;
    limit.soft_seconds = 1;
  });
  TestClient client(server.port());
  client.SendCommand({"SET", "big", std::string(1'000'000, 'x')});
  CHECK(client.Read() == "+OK");
  for (int i = 0; i < 30; ++i) client.SendCommand({"GET", "big"});
  CHECK(Eventually([&] {
    return server.LogText().find("overcoming of output buffer limits.") != std::string::npos;
  }));
}

TEST_CASE("a slow reader gets all of a large reply") {
  const RunningServer server;
  TestClient client(server.port());
  const std::string value(30'000'000, 'x');
  client.SendCommand({"SET", "big", value});
  CHECK(client.Read() == "+OK");
  client.SendCommand({"GET", "big"});
  client.SendCommand({"PING"});
  TestClient other(server.port());
  CHECK(other.Run({"PING"}) == "+PONG");
  CHECK(client.ReadText() == value);
  CHECK(client.Read() == "+PONG");
}

TEST_CASE("clients that leave are forgotten") {
  RunningServer server;
  for (int i = 0; i < 100; ++i) {
    TestClient client(server.port());
    CHECK(client.Run({"PING"}) == "+PONG");
  }
  CHECK(Eventually([&] {
    size_t left = 1;
    server.OnLoop([&](Server& running) { left = running.connections().size(); });
    return left == 0;
  }));
}

TEST_CASE("a port that is taken is found before the store is opened") {
  const RunningServer running;
  const TempDirectory dir;
  Log log;
  const Environment environment{
      .files = lsm::PosixFileSystem(),
      .clock = *lsm::SystemClock(),
      .log = log,
      .open_store = [](const lsm::StoreOptions&, lsm::FileSystem&, lsm::Clock&,
                       const std::function<void()>&) -> lsm::Result<std::unique_ptr<lsm::Store>> {
        FAIL("the store was opened");
        return lsm::Status::Invalid("never");
      }};
  log.SetLevel(LogLevel::kNothing);
  Server second(environment);
  second.settings().bind = {"127.0.0.1"};
  second.settings().port = running.port();
  second.settings().dir = dir.path();
  const lsm::Status status = second.Start();
  CHECK(status.message() ==
        "Failed listening on port " + std::to_string(running.port()) + " (tcp), aborting.");
}

}  // namespace
}  // namespace server
