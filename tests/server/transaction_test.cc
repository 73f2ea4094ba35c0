// SPDX-License-Identifier: BSD-3-Clause
// MULTI, EXEC and WATCH where the differential suite cannot look: loads, turns, limits.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/watch_table.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

void AllOnDisk(Settings& settings) {
  settings.hot_tier = false;
}

TEST_CASE("EXEC loads the keys of all its commands before it runs") {
  RunningServer server(AllOnDisk);
  TestClient client(server.port());
  for (int i = 0; i < 20; ++i) {
    CHECK(client.Run({"SET", "k" + std::to_string(i), std::to_string(i)}) == "+OK");
  }
  // Until the applier has written them they stay.
  const auto evicted = [&] {
    size_t entries = 1;
    server.OnLoop([&](Server& its) { entries = its.store().Stats().hot_entries; });
    return entries == 0;
  };
  REQUIRE(Eventually(evicted));
  CHECK(client.Run({"MULTI"}) == "+OK");
  for (int i = 0; i < 20; ++i) {
    CHECK(client.Run({"INCR", "k" + std::to_string(i)}) == "+QUEUED");
  }
  CHECK(client.Run({"EXEC"}) ==
        "[:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11, :12, :13, :14, :15, :16, :17, :18, :19, "
        ":20]");
  server.OnLoop([](Server& its) { CHECK(its.store().Stats().spot_loads == 0); });
}

TEST_CASE("keys behind a SELECT are loaded from that database") {
  RunningServer server(AllOnDisk);
  TestClient client(server.port());
  CHECK(client.Run({"SELECT", "2"}) == "+OK");
  CHECK(client.Run({"SET", "k", "two"}) == "+OK");
  CHECK(client.Run({"SELECT", "0"}) == "+OK");
  REQUIRE(Eventually([&] {
    size_t entries = 1;
    server.OnLoop([&](Server& its) { entries = its.store().Stats().hot_entries; });
    return entries == 0;
  }));
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"SELECT", "2"}) == "+QUEUED");
  CHECK(client.Run({"GET", "k"}) == "+QUEUED");
  CHECK(client.Run({"EXEC"}) == "[+OK, \"two\"]");
  server.OnLoop([](Server& its) { CHECK(its.store().Stats().spot_loads == 0); });
}

TEST_CASE("nobody comes between the commands of an EXEC that waits for loads") {
  const RunningServer server(AllOnDisk);
  TestClient one(server.port());
  TestClient two(server.port());
  for (int round = 0; round < 100; ++round) {
    for (TestClient* const client : {&one, &two}) {
      client->SendCommand({"MULTI"});
      client->SendCommand({"INCR", "a"});
      client->SendCommand({"INCR", "b"});
      client->SendCommand({"EXEC"});
    }
    for (TestClient* const client : {&one, &two}) {
      CHECK(client->Read() == "+OK");
      CHECK(client->Read() == "+QUEUED");
      CHECK(client->Read() == "+QUEUED");
      const std::string reply = client->Read();
      const std::string first = reply.substr(1, reply.find(',') - 1);
      CHECK(reply == "[" + first + ", " + first + "]");
    }
  }
}

TEST_CASE("what EXEC writes is one record of the commit log, however large") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"MULTI"}) == "+OK");
  for (int i = 0; i < 300; ++i) {
    CHECK(client.Run({"SET", "k" + std::to_string(i), std::string(10'000, 'x')}) == "+QUEUED");
  }
  uint64_t before = 0;
  server.OnLoop([&](Server& its) { before = its.store().committed_seq(); });
  // Requests before and behind it, so that it is not the only one in its turn.
  client.SendCommand({"EXEC"});
  for (int i = 0; i < 100; ++i) client.SendCommand({"GET", "k1"});
  client.Read();
  server.OnLoop([&](Server& its) { CHECK(its.store().committed_seq() == before + 1); });
}

TEST_CASE("the eviction of a watched key from the hot tier is no change") {
  RunningServer server(AllOnDisk);
  TestClient client(server.port());
  CHECK(client.Run({"SET", "a", "1"}) == "+OK");
  CHECK(client.Run({"WATCH", "a"}) == "+OK");
  REQUIRE(Eventually([&] {
    size_t entries = 1;
    server.OnLoop([&](Server& its) { entries = its.store().Stats().hot_entries; });
    return entries == 0;
  }));
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"GET", "a"}) == "+QUEUED");
  CHECK(client.Run({"EXEC"}) == "[\"1\"]");
}

TEST_CASE("a change while EXEC waits for loads counts") {
  RunningServer server(AllOnDisk);
  TestClient client(server.port());
  TestClient other(server.port());
  int64_t aborted = 0;
  for (int round = 0; round < 50; ++round) {
    CHECK(client.Run({"SET", "v", "0"}) == "+OK");
    CHECK(client.Run({"WATCH", "v"}) == "+OK");
    client.SendCommand({"MULTI"});
    client.SendCommand({"GET", "v"});
    client.SendCommand({"EXEC"});
    other.SendCommand({"SET", "v", "1"});
    CHECK(client.Read() == "+OK");
    CHECK(client.Read() == "+QUEUED");
    const std::string reply = client.Read();
    CHECK((reply == "[\"0\"]" || reply == "nil*"));
    aborted += reply == "nil*" ? 1 : 0;
    CHECK(other.Read() == "+OK");
  }
  MESSAGE("aborted ", aborted, " of 50");
}

TEST_CASE("a connection that goes is no watcher any more") {
  RunningServer server;
  {
    TestClient client(server.port());
    CHECK(client.Run({"WATCH", "a", "b", "a"}) == "+OK");
    server.OnLoop([](Server& its) {
      CHECK(its.watches().watchers() == 2);
      CHECK(its.watches().clients() == 1);
    });
  }
  CHECK(Eventually([&] {
    bool empty = false;
    server.OnLoop([&](Server& its) { empty = its.watches().empty(); });
    return empty;
  }));
  TestClient other(server.port());
  CHECK(other.Run({"SET", "a", "1"}) == "+OK");
}

TEST_CASE("what MULTI queues counts as query buffer") {
  const RunningServer server(
      [](Settings& settings) { settings.client_query_buffer_limit = int64_t{1} << 20; });
  TestClient client(server.port());
  CHECK(client.Run({"MULTI"}) == "+OK");
  std::string last = "+QUEUED";
  for (int i = 0; i < 20 && last == "+QUEUED"; ++i) {
    last = client.Run({"SET", "k", std::string(100'000, 'x')});
  }
  CHECK(last == "closed");
}

TEST_CASE("CLIENT INFO tells of the transaction") {
  const RunningServer server;
  TestClient client(server.port());
  TestClient other(server.port());
  const auto line = [&] { return other.RunText({"CLIENT", "LIST", "ID", "1"}); };
  CHECK(line().find(" multi=-1 ") != std::string::npos);
  CHECK(client.Run({"WATCH", "a"}) == "+OK");
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"SET", "a", "1"}) == "+QUEUED");
  CHECK(line().find(" flags=x ") != std::string::npos);
  CHECK(line().find(" multi=1 ") != std::string::npos);
  CHECK(line().find(" multi-mem=0 ") == std::string::npos);
  CHECK(other.Run({"SET", "a", "2"}) == "+OK");
  CHECK(line().find(" flags=xd ") != std::string::npos);
  CHECK(client.Run({"EXEC"}) == "nil*");
  CHECK(line().find(" flags=N ") != std::string::npos);
}

TEST_CASE("CLIENT PAUSE WRITE holds an EXEC that writes, and no other") {
  const RunningServer server;
  TestClient writer(server.port());
  TestClient reader(server.port());
  TestClient admin(server.port());
  CHECK(writer.Run({"MULTI"}) == "+OK");
  CHECK(writer.Run({"SET", "a", "1"}) == "+QUEUED");
  CHECK(reader.Run({"MULTI"}) == "+OK");
  CHECK(reader.Run({"GET", "a"}) == "+QUEUED");
  CHECK(admin.Run({"CLIENT", "PAUSE", "100000", "WRITE"}) == "+OK");
  writer.SendCommand({"EXEC"});
  CHECK(reader.Run({"EXEC"}) == "[nil$]");
  CHECK_FALSE(writer.HasReplyWithin(20));
  CHECK(admin.Run({"CLIENT", "UNPAUSE"}) == "+OK");
  CHECK(writer.Read() == "[+OK]");
}

TEST_CASE("CLIENT PAUSE WRITE holds scripts that do not say that they write nothing") {
  const RunningServer server;
  TestClient admin(server.port());
  constexpr const char* kNoWrites = "#!lua flags=no-writes\nreturn 1";
  constexpr const char* kWrites = "#!lua\nreturn 1";
  admin.Run({"FUNCTION", "LOAD",
             "#!lua name=both\nredis.register_function('writes', function() return 1 end)\n"
             "redis.register_function{function_name='reads', flags={'no-writes'}, "
             "callback=function() return 1 end}"});
  const auto digest = [&](const char* script) {
    const std::string reply = admin.Run({"SCRIPT", "LOAD", script});
    return reply.substr(1, reply.size() - 2);
  };
  const std::string no_writes = digest(kNoWrites);
  const std::string writes = digest(kWrites);
  admin.Run({"CLIENT", "PAUSE", "100000", "WRITE"});
  struct Case {
    std::vector<std::string> command;
    bool held;
  };
  const Case cases[] = {{{"EVAL", "return 1", "0"}, true},
                        {{"EVAL_RO", "return 1", "0"}, false},
                        {{"EVAL", kNoWrites, "0"}, false},
                        {{"EVAL", kWrites, "0"}, true},
                        {{"EVALSHA", no_writes, "0"}, false},
                        {{"EVALSHA", writes, "0"}, true},
                        {{"EVALSHA_RO", writes, "0"}, true},
                        {{"EVALSHA", "unknown", "0"}, true},
                        {{"FCALL", "reads", "0"}, false},
                        {{"FCALL", "writes", "0"}, true},
                        {{"FCALL_RO", "writes", "0"}, true},
                        {{"FCALL", "unknown", "0"}, true},
                        {{"PUBLISH", "c", "m"}, true},
                        {{"SPUBLISH", "c", "m"}, true},
                        {{"PFCOUNT", "h"}, true},
                        {{"SORT", "l"}, true},
                        {{"SORT_RO", "l"}, false},
                        {{"SCRIPT", "LOAD", "return 2"}, false},
                        {{"BITFIELD", "b", "GET", "u8", "0"}, true}};
  for (const Case& one : cases) {
    CAPTURE(one.command[0]);
    CAPTURE(one.command[1]);
    TestClient client(server.port());
    client.SendCommand(one.command);
    if (!one.held) {
      CHECK(client.Read() != "closed");
      continue;
    }
    // The one before may still be about to leave.
    CHECK(Eventually([&] {
      return admin.RunText({"INFO", "clients"}).find("blocked_clients:1\r") != std::string::npos &&
             admin.RunText({"CLIENT", "LIST"}).find(" flags=b ") != std::string::npos;
    }));
  }
  // What EXEC runs is known by what was queued.
  TestClient reader(server.port());
  CHECK(reader.Run({"MULTI"}) == "+OK");
  CHECK(reader.Run({"EVAL", kNoWrites, "0"}) == "+QUEUED");
  CHECK(reader.Run({"EXEC"}) == "[:1]");
}

TEST_CASE("while clients are paused, what has expired is not deleted, not even when it is read") {
  RunningServer server;
  TestClient admin(server.port());
  admin.Run({"SET", "a", "1", "PX", "30"});
  // At once, so that nobody has looked yet.
  admin.Run({"CLIENT", "PAUSE", "100000", "WRITE"});
  CHECK(Eventually([&] { return admin.Run({"GET", "a"}) == "nil$"; }));
  CHECK(admin.RunText({"INFO", "stats"}).find("expired_keys:0\r") != std::string::npos);
  CHECK(admin.Run({"CLIENT", "UNPAUSE"}) == "+OK");
  CHECK(Eventually([&] {
    return admin.RunText({"INFO", "stats"}).find("expired_keys:1\r") != std::string::npos;
  }));
}

TEST_CASE("MONITOR shows what EXEC runs, and then EXEC") {
  const RunningServer server;
  TestClient monitor(server.port());
  TestClient client(server.port());
  CHECK(monitor.Run({"MONITOR"}) == "+OK");
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"SET", "a", "1"}) == "+QUEUED");
  CHECK(client.Run({"EXEC"}) == "[+OK]");
  CHECK(monitor.Read().find("MULTI") != std::string::npos);
  CHECK(monitor.Read().find("SET") != std::string::npos);
  CHECK(monitor.Read().find("EXEC") != std::string::npos);
}

TEST_CASE("the commands of EXEC count in the statistics, queueing does not") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"GET", "a"}) == "+QUEUED");
  CHECK(client.Run({"GET", "a"}) == "+QUEUED");
  const auto calls = [&] {
    uint64_t count = 0;
    server.OnLoop(
        [&](Server& its) { count = its.stats().ForCommand(*its.commands().Find("get")).calls; });
    return count;
  };
  CHECK(calls() == 0);
  CHECK(client.Run({"EXEC"}) == "[nil$, nil$]");
  CHECK(calls() == 2);
}

}  // namespace
}  // namespace server
