// SPDX-License-Identifier: BSD-3-Clause
#include "server/slowlog.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/server_fixture.h"

namespace server {
namespace {

void LogAll(Settings& settings) {
  settings.slowlog_log_slower_than_us = 0;
}

TEST_CASE("the slow log shows the first 31 of many arguments and how many more there are") {
  SlowLog log;
  const std::vector<std::string_view> args(40, "x");
  log.Add(1000, 5, args, "peer", "name", 10);
  const auto& shown = log.entries().front().args;
  CHECK(shown.size() == 32);
  CHECK(shown[30] == "x");
  CHECK(shown[31] == "... (9 more arguments)");
}

TEST_CASE("the slow log shows all of 32 arguments") {
  SlowLog log;
  const std::vector<std::string_view> args(32, "x");
  log.Add(1000, 5, args, "peer", "name", 10);
  CHECK(log.entries().front().args == std::vector<std::string>(32, "x"));
}

TEST_CASE("the slow log cuts an argument after 128 bytes and says how many are missing") {
  SlowLog log;
  const std::string exact(128, 'a');
  const std::string longer(150, 'a');
  const std::vector<std::string_view> args = {exact, longer};
  log.Add(1000, 5, args, "peer", "name", 10);
  CHECK(log.entries().front().args[0] == exact);
  CHECK(log.entries().front().args[1] == exact + "... (22 more bytes)");
}

TEST_CASE("the slow log keeps the newest entries, newest first, with ids that go on") {
  SlowLog log;
  for (int i = 0; i < 5; ++i) log.Add(1000, i, std::vector<std::string_view>{"x"}, "", "", 3);
  CHECK(log.entries().size() == 3);
  CHECK(log.entries().front().id == 4);
  CHECK(log.entries().back().id == 2);
  log.Clear();
  log.Add(1000, 1, std::vector<std::string_view>{"x"}, "", "", 3);
  CHECK(log.entries().front().id == 5);
}

TEST_CASE("SLOWLOG GET shows command, address and name of the client") {
  RunningServer server(LogAll);
  TestClient client(server.port());
  CHECK(client.Run({"CLIENT", "SETNAME", "me"}) == "+OK");
  CHECK(client.Run({"SLOWLOG", "RESET"}) == "+OK");
  CHECK(client.Run({"SET", "k", "v"}) == "+OK");
  const std::string shown = client.Run({"SLOWLOG", "GET", "1"});
  CHECK(shown.find("[\"SET\", \"k\", \"v\"], \"127.0.0.1:") != std::string::npos);
  CHECK(shown.ends_with("\"me\"]]"));
}

TEST_CASE("SLOWLOG LEN counts and RESET empties") {
  RunningServer server(LogAll);
  TestClient client(server.port());
  client.Run({"PING"});
  client.Run({"PING"});
  CHECK(client.Run({"SLOWLOG", "LEN"}) == ":2");
  CHECK(client.Run({"SLOWLOG", "RESET"}) == "+OK");
  // The RESET itself was logged after it had run.
  CHECK(client.Run({"SLOWLOG", "LEN"}) == ":1");
}

TEST_CASE(
    "the slow log leaves out what is faster than the threshold, and all when it is negative") {
  RunningServer server([](Settings& settings) { settings.slowlog_log_slower_than_us = -1; });
  TestClient client(server.port());
  client.Run({"PING"});
  CHECK(client.Run({"SLOWLOG", "LEN"}) == ":0");
  CHECK(client.Run({"CONFIG", "SET", "slowlog-log-slower-than", "100000000"}) == "+OK");
  client.Run({"PING"});
  CHECK(client.Run({"SLOWLOG", "LEN"}) == ":0");
}

TEST_CASE("SLOWLOG GET takes -1 for all and refuses smaller counts and other texts") {
  RunningServer server(LogAll);
  TestClient client(server.port());
  for (int i = 0; i < 12; ++i) client.Run({"PING"});
  server.OnLoop([](Server& on) { CHECK(on.settings().slowlog_max_len == 128); });
  CHECK(client.Run({"SLOWLOG", "GET", "0"}) == "[]");
  const std::string error = "-ERR count should be greater than or equal to -1";
  CHECK(client.Run({"SLOWLOG", "GET", "-2"}) == error);
  CHECK(client.Run({"SLOWLOG", "GET", "x"}) == error);
  CHECK(client.Run({"SLOWLOG", "GET", "1", "2"}) ==
        "-ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.");
  const std::string all = client.Run({"SLOWLOG", "GET", "-1"});
  const std::string ten = client.Run({"SLOWLOG", "GET"});
  CHECK(all.size() > ten.size());
}

TEST_CASE("passwords are not in the slow log") {
  RunningServer server([](Settings& settings) {
    settings.requirepass = "secret";
    settings.slowlog_log_slower_than_us = 0;
  });
  TestClient client(server.port());
  CHECK(client.Run({"AUTH", "secret"}) == "+OK");
  CHECK(client.Run({"SLOWLOG", "GET", "-1"}).find("secret") == std::string::npos);
}

}  // namespace
}  // namespace server
