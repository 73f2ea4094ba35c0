// SPDX-License-Identifier: BSD-3-Clause
// When replies leave, what restarts find, and what happens while the disk refuses.
#include <string>

#include <doctest/doctest.h>

#include "server/turns.h"
#include "tests/lsm/fault_file_system.h"
#include "tests/server/server_fixture.h"
#include "tests/server/sync_gate.h"

namespace server {
namespace {

TEST_CASE("what was acknowledged is there after a restart") {
  RunningServer server;
  {
    TestClient client(server.port());
    for (int i = 0; i < 1000; ++i) {
      CHECK(client.Run({"SET", "k" + std::to_string(i), "v" + std::to_string(i)}) == "+OK");
    }
  }
  server.Restart();
  TestClient client(server.port());
  CHECK(client.Run({"DBSIZE"}) == ":1000");
  for (int i = 0; i < 1000; ++i) {
    CHECK(client.RunText({"GET", "k" + std::to_string(i)}) == "v" + std::to_string(i));
  }
}

TEST_CASE("a pipeline over cold keys answers in order, and its keys are loaded ahead") {
  RunningServer server;
  std::string gets;
  {
    TestClient client(server.port());
    for (int i = 0; i < 500; ++i) {
      client.Run({"SET", "k" + std::to_string(i), "v" + std::to_string(i)});
      gets += "GET k" + std::to_string(i) + "\r\n";
    }
    server.OnLoop([](Server& running) {
      REQUIRE(running.store().CommitTurn().ok());
      REQUIRE(running.store().Reopen().ok());
    });
  }
  TestClient client(server.port());
  client.Send(gets);
  for (int i = 0; i < 500; ++i) CHECK(client.ReadText() == "v" + std::to_string(i));
  server.OnLoop([](Server& running) { CHECK(running.stats().lookahead_requests > 0); });
}

TEST_CASE("under always no reply tells of a write that is not synced, reads of others included") {
  lsm::FaultFileSystem files;
  SyncGate gate(files);
  RunningServer server([](Settings& settings) { settings.appendfsync = lsm::FsyncPolicy::kAlways; },
                       &files);
  TestClient writer(server.port());
  TestClient reader(server.port());
  CHECK(writer.Run({"SET", "a", "1"}) == "+OK");
  gate.Set(false);
  writer.SendCommand({"SET", "a", "2"});
  // The server has run it when the other connection can see it.
  CHECK(Eventually([&] {
    uint64_t committed = 0;
    server.OnLoop([&](Server& running) { committed = running.store().committed_seq(); });
    return committed >= 2;
  }));
  reader.SendCommand({"GET", "a"});
  CHECK_FALSE(writer.HasReplyWithin(30));
  CHECK_FALSE(reader.HasReplyWithin(30));
  gate.Set(true);
  CHECK(writer.Read() == "+OK");
  CHECK(reader.Read() == "\"2\"");
}

TEST_CASE("WAITAOF waits for the fsync of the client's own writes") {
  lsm::FaultFileSystem files;
  SyncGate gate(files);
  RunningServer server(nullptr, &files);
  TestClient client(server.port());
  CHECK(client.Run({"WAITAOF", "1", "0", "0"}) == "[:1, :0]");
  CHECK(client.Run({"SET", "a", "1"}) == "+OK");
  CHECK(client.Run({"WAITAOF", "1", "0", "0"}) == "[:1, :0]");
  gate.Set(false);
  client.Send("SET a 2\r\nWAITAOF 1 0 20\r\nWAITAOF 1 0 0\r\n");
  CHECK(client.Read() == "+OK");
  CHECK(client.Read() == "[:0, :0]");
  CHECK_FALSE(client.HasReplyWithin(30));
  gate.Set(true);
  CHECK(client.Read() == "[:1, :0]");
  CHECK(client.Run({"WAITAOF", "1", "1", "10"}) == "[:1, :0]");
  CHECK(client.Run({"WAITAOF", "2", "0", "0"}) ==
        "-ERR value is out of range, value must between 0 and 1");
  CHECK(client.Run({"WAITAOF", "0", "-1", "0"}) == "-ERR value is out of range, must be positive");
}

TEST_CASE("while the log takes no writes their replies wait, and reads of other keys go on") {
  lsm::FaultFileSystem files;
  RunningServer server(nullptr, &files);
  TestClient writer(server.port());
  TestClient reader(server.port());
  CHECK(writer.Run({"SET", "a", "1"}) == "+OK");
  CHECK(writer.Run({"SET", "b", "1"}) == "+OK");
  files.AddFault({.operation = lsm::FileOperation::kWrite, .path_part = "/log/"});
  writer.SendCommand({"SET", "a", "2"});
  // Only when the write has run and could not be logged is what follows behind it: on a machine
  // with much to do that takes any time.
  CHECK(Eventually([&] {
    bool failing = false;
    server.OnLoop([&](Server& running) { failing = running.turns().failing(); });
    return failing;
  }));
  CHECK(reader.Run({"GET", "b"}) == "\"1\"");
  CHECK(reader.Run({"PING"}) == "+PONG");
  TestClient other(server.port());
  other.SendCommand({"GET", "a"});
  CHECK(Eventually([&] {
    uint64_t gets = 0;
    server.OnLoop([&](Server& running) {
      gets = running.stats().ForCommand(*running.commands().Find("get")).calls;
    });
    return gets == 2;
  }));
  CHECK_FALSE(other.HasReplyWithin(30));
  CHECK_FALSE(writer.HasReplyWithin(30));
  CHECK(reader.Run({"SET", "c", "1"}).starts_with("-MISCONF "));
  files.ClearFaults();
  CHECK(writer.Read() == "+OK");
  CHECK(other.Read() == "\"2\"");
  CHECK(Eventually([&] { return reader.Run({"SET", "c", "1"}) == "+OK"; }));
}

TEST_CASE("on a full disk an EXEC with queued writes is discarded, others run") {
  lsm::FaultFileSystem files;
  RunningServer server([](Settings& settings) { settings.log_segment_size = 1 << 20; }, &files);
  TestClient client(server.port());
  TestClient other(server.port());
  CHECK(client.Run({"SET", "b", "1"}) == "+OK");
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"GET", "b"}) == "+QUEUED");
  CHECK(client.Run({"SET", "a", "1"}) == "+QUEUED");
  files.AddFault({.operation = lsm::FileOperation::kAllocate, .path_part = "/log/"});
  const std::string value(100'000, 'v');
  CHECK(Eventually([&] { return other.Run({"SET", "w", value}).starts_with("-MISCONF "); }));
  CHECK(
      client.Run({"EXEC"}).starts_with("-EXECABORT Transaction discarded because of: MISCONF "
                                       "Errors writing to the AOF file: "));
  CHECK(client.Run({"EXEC"}) == "-ERR EXEC without MULTI");
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"SET", "a", "1"}).starts_with("-MISCONF "));
  CHECK(client.Run({"EXEC"}) == "-EXECABORT Transaction discarded because of previous errors.");
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"GET", "b"}) == "+QUEUED");
  CHECK(client.Run({"EXEC"}) == "[\"1\"]");
  CHECK(client.Run({"GET", "a"}) == "nil$");
  files.ClearFaults();
  CHECK(Eventually([&] { return client.Run({"SET", "a", "2"}) == "+OK"; }));
}

}  // namespace
}  // namespace server
