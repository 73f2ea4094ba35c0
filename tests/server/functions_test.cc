// SPDX-License-Identifier: BSD-3-Clause
// Functions where the differential suite cannot look: restarts, payloads, functions that do not
// end.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/function_dump.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

constexpr const char* kShort =
    "#!lua name=d\nredis.register_function('f',function() return 'short' end)";

TEST_CASE("the payload of FUNCTION DUMP is Redis'") {
  // What redis-server 7.0.15 answers for this library.
  const std::string payload = std::string("\xf5\x40\x47", 3) + kShort +
                              std::string("\n\0\x30\x34\x6a\x85\x85\x9a\x7f\xfd", 10);
  CHECK(EncodeFunctionDump({kShort}) == payload);
  const auto decoded = DecodeFunctionDump(payload);
  REQUIRE(decoded.has_value());
  CHECK(*decoded == std::vector<std::string>{kShort});
  CHECK(DecodeFunctionDump(EncodeFunctionDump({}))->empty());
}

TEST_CASE("damaged payloads are refused as in Redis") {
  const auto error = [](const std::string& payload) {
    const auto decoded = DecodeFunctionDump(payload);
    return decoded ? std::string() : std::string(decoded.error().text());
  };
  const std::string good = EncodeFunctionDump({kShort});
  CHECK(error("") == "ERR DUMP payload version or checksum are wrong");
  CHECK(error("short") == "ERR DUMP payload version or checksum are wrong");
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    CHECK(error(bad) == "ERR DUMP payload version or checksum are wrong");
  }
}

TEST_CASE("libraries survive a restart, and deleted ones do not come back") {
  RunningServer server;
  {
    TestClient client(server.port());
    CHECK(client.Run({"FUNCTION", "LOAD", kShort}) == "\"d\"");
    CHECK(client.Run({"FUNCTION", "LOAD",
                      "#!lua name=e\nredis.register_function('g',function() return 1 end)"}) ==
          "\"e\"");
    CHECK(client.Run({"FUNCTION", "LOAD", "REPLACE",
                      "#!lua name=e\nredis.register_function('h',function() return 2 end)"}) ==
          "\"e\"");
  }
  server.Restart();
  {
    TestClient client(server.port());
    CHECK(client.Run({"FCALL", "f", "0"}) == "\"short\"");
    CHECK(client.Run({"FCALL", "h", "0"}) == ":2");
    CHECK(client.Run({"FCALL", "g", "0"}) == "-ERR Function not found");
    CHECK(client.RunText({"INFO", "memory"}).find("number_of_libraries:2\r\n") !=
          std::string::npos);
    CHECK(client.Run({"FUNCTION", "DELETE", "d"}) == "+OK");
  }
  server.Restart();
  {
    TestClient client(server.port());
    CHECK(client.Run({"FCALL", "f", "0"}) == "-ERR Function not found");
    CHECK(client.Run({"FCALL", "h", "0"}) == ":2");
    CHECK(client.Run({"FLUSHALL"}) == "+OK");
    CHECK(client.Run({"FCALL", "h", "0"}) == ":2");
    CHECK(client.Run({"FUNCTION", "FLUSH"}) == "+OK");
  }
  server.Restart();
  TestClient client(server.port());
  CHECK(client.Run({"FUNCTION", "LIST"}) == "[]");
}

TEST_CASE("FUNCTION RESTORE takes in all or nothing, by its policy") {
  const RunningServer server;
  TestClient client(server.port());
  const std::string other = "#!lua name=o\nredis.register_function('f',function() return 'o' end)";
  const std::string fresh = "#!lua name=n\nredis.register_function('n',function() return 'n' end)";
  CHECK(client.Run({"FUNCTION", "LOAD", kShort}) == "\"d\"");
  const auto restore = [&](const std::vector<std::string_view>& sources, std::string_view policy) {
    return client.Run({"FUNCTION", "RESTORE", EncodeFunctionDump(sources), policy});
  };
  CHECK(restore({fresh, kShort}, "APPEND") == "-ERR Library d already exists");
  CHECK(client.Run({"FCALL", "n", "0"}) == "-ERR Function not found");
  CHECK(restore({fresh, other}, "REPLACE") == "-ERR Function f already exists");
  CHECK(client.Run({"FCALL", "n", "0"}) == "-ERR Function not found");
  CHECK(restore({fresh, fresh}, "FLUSH") == "-ERR Library 'n' already exists");
  CHECK(restore({fresh, "#!lua name=x\n"}, "FLUSH") == "-ERR No functions registered");
  CHECK(client.Run({"FCALL", "f", "0"}) == "\"short\"");
  CHECK(restore({fresh, kShort}, "REPLACE") == "+OK");
  CHECK(client.Run({"FCALL", "n", "0"}) == "\"n\"");
  CHECK(restore({other}, "FLUSH") == "+OK");
  CHECK(client.Run({"FCALL", "f", "0"}) == "\"o\"");
  CHECK(client.Run({"FCALL", "n", "0"}) == "-ERR Function not found");
}

TEST_CASE("a library that does not end while it is loaded is given up") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"FUNCTION", "LOAD", "#!lua name=x\nwhile true do end"}) ==
        "-ERR Error registering functions: ERR FUNCTION LOAD timeout");
  CHECK(client.Run({"FUNCTION", "LOAD", kShort}) == "\"d\"");
  CHECK(client.Run({"FCALL", "f", "0"}) == "\"short\"");
}

TEST_CASE("a function that does not end is seen by FUNCTION STATS and ended by FUNCTION KILL") {
  const RunningServer server([](Settings& settings) { settings.busy_reply_threshold_ms = 50; });
  TestClient client(server.port());
  TestClient other(server.port());
  CHECK(client.Run({"FUNCTION", "LOAD",
                    "#!lua name=l\nredis.register_function('loop',function() while true do end "
                    "end)"}) == "\"l\"");
  client.SendCommand({"FCALL", "loop", "1", "k", "a"});
  constexpr const char* kBusy =
      "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
  CHECK(Eventually([&] { return other.Run({"PING"}) == kBusy; }));
  const std::string stats = other.Run({"FUNCTION", "STATS"});
  CHECK(stats.find("\"name\", \"loop\", \"command\", [\"FCALL\", \"loop\", \"1\", \"k\", \"a\"], "
                   "\"duration_ms\", :") != std::string::npos);
  CHECK(other.Run({"FUNCTION", "LIST"}) == kBusy);
  CHECK(other.Run({"SCRIPT", "KILL"}) == kBusy);
  CHECK(other.Run({"FUNCTION", "KILL"}) == "+OK");
  CHECK(client.Read() ==
        "-ERR Script killed by user with SCRIPT KILL... script: loop, on @user_function:2.");
  CHECK(other.Run({"FUNCTION", "KILL"}) == "-NOTBUSY No scripts in execution right now.");
  CHECK(other.Run({"PING"}) == "+PONG");
}

TEST_CASE("the functions of one EXEC are one turn, and their writes are there or not") {
  RunningServer server;
  {
    TestClient client(server.port());
    CHECK(client.Run({"FUNCTION", "LOAD",
                      "#!lua name=w\nredis.register_function('w',function(k,a) "
                      "redis.call('set',k[1],a[1]) return redis.call('incr',k[2]) end)"}) ==
          "\"w\"");
    CHECK(client.Run({"MULTI"}) == "+OK");
    CHECK(client.Run({"FCALL", "w", "2", "k", "n", "v"}) == "+QUEUED");
    CHECK(client.Run({"FCALL", "w", "2", "k", "n", "v2"}) == "+QUEUED");
    CHECK(client.Run({"EXEC"}) == "[:1, :2]");
  }
  server.Restart();
  TestClient client(server.port());
  CHECK(client.Run({"MGET", "k", "n"}) == "[\"v2\", \"2\"]");
}

}  // namespace
}  // namespace server
