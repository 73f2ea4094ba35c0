// SPDX-License-Identifier: BSD-3-Clause
// Client-side caching where the differential suite cannot look: when messages leave, bounds, what
// long replies and databases have to do with it.
#include "server/tracking.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/lsm/fault_file_system.h"
#include "tests/server/server_fixture.h"
#include "tests/server/sync_gate.h"

namespace server {
namespace {

void Track(TestClient& client, std::initializer_list<std::string_view> options = {}) {
  CHECK(client.Run({"HELLO", "3"}).starts_with("{"));
  std::vector<std::string> command = {"CLIENT", "TRACKING", "ON"};
  command.insert(command.end(), options.begin(), options.end());
  client.SendCommand(command);
  CHECK(client.Read() == "+OK");
}

std::string Invalidated(const std::string& key) {
  return ">[\"invalidate\", [\"" + key + "\"]]";
}

TEST_CASE("when a write is answered, the invalidation is in the reader's socket already") {
  const RunningServer server;
  TestClient writer(server.port());
  TestClient plain(server.port());
  TestClient broadcast(server.port());
  Track(plain);
  Track(broadcast, {"BCAST"});
  for (int i = 0; i < 300; ++i) {
    CHECK(plain.Run({"GET", "k"}) == (i == 0 ? "nil_" : "\"" + std::to_string(i - 1) + "\""));
    CHECK(writer.Run({"SET", "k", std::to_string(i)}) == "+OK");
    REQUIRE(plain.HasReplyWithin(0));
    REQUIRE(broadcast.HasReplyWithin(0));
    CHECK(plain.Read() == Invalidated("k"));
    CHECK(broadcast.Read() == Invalidated("k"));
  }
}

TEST_CASE("under always the invalidation waits for the fsync with the reply, and goes before it") {
  lsm::FaultFileSystem files;
  SyncGate gate(files);
  RunningServer server([](Settings& settings) { settings.appendfsync = lsm::FsyncPolicy::kAlways; },
                       &files);
  TestClient writer(server.port());
  TestClient reader(server.port());
  Track(reader);
  for (int i = 0; i < 20; ++i) {
    reader.Run({"GET", "k"});
    gate.Set(false);
    writer.SendCommand({"SET", "k", std::to_string(i)});
    CHECK_FALSE(writer.HasReplyWithin(20));
    CHECK_FALSE(reader.HasReplyWithin(0));
    gate.Set(true);
    CHECK(writer.Read() == "+OK");
    REQUIRE(reader.HasReplyWithin(0));
    CHECK(reader.Read() == Invalidated("k"));
  }
}

TEST_CASE("keys that go at their time are told, and no eviction from RAM is") {
  const RunningServer server([](Settings& settings) { settings.hot_tier = false; });
  TestClient reader(server.port());
  TestClient writer(server.port());
  CHECK(writer.Run({"MSET", "a", "1", "b", "2"}) == "+OK");
  Track(reader);
  CHECK(reader.Run({"MGET", "a", "b"}) == "[\"1\", \"2\"]");
  // With the hot tier off, these push everything out of RAM.
  for (int i = 0; i < 200; ++i) writer.Run({"SET", "other:" + std::to_string(i), "x"});
  CHECK_FALSE(reader.HasReplyWithin(20));
  CHECK(writer.Run({"PEXPIRE", "a", "1"}) == ":1");
  CHECK(reader.Read() == Invalidated("a"));
  // What is expired already is remembered as absent, or told again when the sweeper meets it.
  CHECK(writer.Run({"PSETEX", "c", "30", "x"}) == "+OK");
  reader.Run({"GET", "c"});
  CHECK(reader.Read() == Invalidated("c"));
  CHECK(reader.Run({"GET", "b"}) == "\"2\"");
}

TEST_CASE("a change while a long reply is sent is told behind the reply") {
  const RunningServer server([](Settings& settings) { settings.hot_tier = false; });
  TestClient reader(server.port());
  TestClient writer(server.port());
  CHECK(writer.Run({"SET", "big", std::string(20'000'000, 'x')}) == "+OK");
  Track(reader);
  reader.SendCommand({"GET", "big"});
  REQUIRE(reader.HasReplyWithin(5000));
  // The value of 20 MB may have to be in LevelDB first.
  CHECK(Eventually([&] { return writer.Run({"SET", "big", "new"}) == "+OK"; }));
  CHECK(reader.Read().size() == 20'000'002);
  CHECK(reader.Read() == Invalidated("big"));
}

TEST_CASE("FLUSHALL is told once, and so is SWAPDB") {
  const RunningServer server;
  TestClient reader(server.port());
  TestClient writer(server.port());
  Track(reader);
  reader.Run({"GET", "a"});
  CHECK(writer.Run({"FLUSHALL"}) == "+OK");
  CHECK(reader.Read() == ">[\"invalidate\", nil_]");
  CHECK(writer.Run({"SWAPDB", "0", "1"}) == "+OK");
  CHECK(reader.Read() == ">[\"invalidate\", nil_]");
  CHECK_FALSE(reader.HasReplyWithin(20));
  CHECK(reader.RunText({"INFO", "stats"}).find("tracking_total_keys:0") != std::string::npos);
}

TEST_CASE("MULTI: reads inside are remembered, and own writes told behind the reply in order") {
  const RunningServer server;
  TestClient client(server.port());
  Track(client);
  client.Run({"MULTI"});
  client.Run({"GET", "a"});
  client.Run({"SET", "a", "1"});
  client.Run({"GET", "b"});
  client.Run({"FLUSHDB"});
  client.Run({"GET", "c"});
  client.Run({"SET", "c", "1"});
  CHECK(client.Run({"EXEC"}) == "[nil_, +OK, nil_, +OK, nil_, +OK]");
  CHECK(client.Read() == Invalidated("a"));
  CHECK(client.Read() == ">[\"invalidate\", nil_]");
  CHECK(client.Read() == Invalidated("c"));
}

TEST_CASE("the table stays within its bound of keys, telling of those it forgets") {
  RunningServer server([](Settings& settings) { settings.tracking_table_max_keys = 100; });
  TestClient reader(server.port());
  Track(reader);
  size_t told = 0;
  for (int i = 0; i < 500; ++i) {
    reader.SendCommand({"GET", "k" + std::to_string(i)});
    for (std::string got; (got = reader.Read()) != "nil_"; ++told) {
      REQUIRE(got.starts_with(">[\"invalidate\", [\"k"));
    }
  }
  server.OnLoop([](Server& running) { CHECK(running.tracking().table().keys() == 100); });
  while (told < 400) {
    REQUIRE(reader.Read().starts_with(">"));
    ++told;
  }
  CHECK_FALSE(reader.HasReplyWithin(20));
}

TEST_CASE("the table stays within its part of memory") {
  RunningServer server([](Settings& settings) {
    settings.maxmemory = int64_t{16} << 20;
    settings.tracking_table_max_keys = 0;
  });
  TestClient reader(server.port());
  Track(reader);
  for (int i = 0; i < 4000; ++i) {
    reader.SendCommand({"GET", std::to_string(i) + std::string(2000, 'x')});
    while (reader.Read() != "nil_") {
    }
  }
  CHECK(Eventually([&] {
    bool within = false;
    server.OnLoop([&](Server& running) {
      within = running.tracking().table().live_bytes() <= running.effective_maxmemory() / 8 &&
               running.tracking().table().keys() > 500;
    });
    return within;
  }));
}

TEST_CASE("a client that leaves takes its prefixes along") {
  RunningServer server;
  {
    TestClient reader(server.port());
    Track(reader, {"BCAST", "PREFIX", "a", "PREFIX", "b"});
    server.OnLoop([](Server& running) {
      CHECK(running.tracking().clients() == 1);
      CHECK(running.tracking().prefixes() == 2);
    });
    TestClient writer(server.port());
    CHECK(writer.Run({"SET", "a1", "x"}) == "+OK");
  }
  CHECK(Eventually([&] {
    bool gone = false;
    server.OnLoop([&](Server& running) {
      gone = running.tracking().clients() == 0 && running.tracking().prefixes() == 0;
    });
    return gone;
  }));
  TestClient writer(server.port());
  CHECK(writer.Run({"SET", "a1", "x"}) == "+OK");
}

TEST_CASE("CLIENT REPLY holds no invalidation back") {
  const RunningServer server;
  TestClient reader(server.port());
  TestClient writer(server.port());
  Track(reader);
  reader.Run({"GET", "k"});
  reader.SendCommand({"CLIENT", "REPLY", "OFF"});
  reader.SendCommand({"SET", "k", "own"});
  CHECK(reader.Read() == Invalidated("k"));
  reader.SendCommand({"GET", "k"});
  CHECK_FALSE(reader.HasReplyWithin(20));
  CHECK(writer.Run({"SET", "k", "1"}) == "+OK");
  CHECK(reader.Read() == Invalidated("k"));
}

}  // namespace
}  // namespace server
