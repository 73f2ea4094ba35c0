// SPDX-License-Identifier: BSD-3-Clause
#include <ctime>
#include <string>

#include <doctest/doctest.h>

#include "tests/server/server_fixture.h"

namespace server {
namespace {

TEST_CASE("SHUTDOWN closes the connection without a reply and keeps the data") {
  for (const std::string_view how : {"NOSAVE", "SAVE", "NOW", "FORCE"}) {
    CAPTURE(how);
    RunningServer server;
    {
      TestClient client(server.port());
      CHECK(client.Run({"SET", "k", "v"}) == "+OK");
      CHECK(client.Run({"SHUTDOWN", how}) == "closed");
    }
    CHECK(server.Join().ok());
    server.Restart();
    TestClient client(server.port());
    CHECK(client.Run({"GET", "k"}) == "\"v\"");
  }
}

TEST_CASE("SHUTDOWN refuses what contradicts itself, and ABORT when nothing is to be stopped") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"SHUTDOWN", "foo"}) == "-ERR syntax error");
  CHECK(client.Run({"SHUTDOWN", "SAVE", "NOSAVE"}) == "-ERR syntax error");
  CHECK(client.Run({"SHUTDOWN", "ABORT", "NOW"}) == "-ERR syntax error");
  CHECK(client.Run({"SHUTDOWN", "ABORT"}) == "-ERR No shutdown in progress.");
  CHECK(client.Run({"PING"}) == "+PONG");
}

TEST_CASE("LASTSAVE is at first when the server started") {
  RunningServer server;
  TestClient client(server.port());
  const int64_t now_s = time(nullptr);
  const int64_t saved_s = std::stoll(client.Run({"LASTSAVE"}).substr(1));
  CHECK(saved_s >= now_s - 60);
  CHECK(saved_s <= now_s + 60);
}

TEST_CASE("LOLWUT ends with the versions, whatever version of it is asked for") {
  RunningServer server;
  TestClient client(server.port());
  for (const std::string_view version : {"1", "5", "6", "99"}) {
    CHECK(client.RunText({"LOLWUT", "VERSION", version}).find("Redis ver. 7.2.") !=
          std::string::npos);
  }
  CHECK(client.RunText({"LOLWUT"}).find("Tiercel ver. ") != std::string::npos);
  CHECK(client.Run({"LOLWUT", "VERSION", "x"}) == "-ERR value is not an integer or out of range");
}

}  // namespace
}  // namespace server
