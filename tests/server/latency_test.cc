// SPDX-License-Identifier: BSD-3-Clause
#include <string>

#include <doctest/doctest.h>

#include "server/latency_monitor.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

TEST_CASE("one second has one sample, the worst") {
  LatencyMonitor monitor;
  monitor.Add("command", 1000, 5);
  monitor.Add("command", 1900, 9);
  monitor.Add("command", 1999, 7);
  monitor.Add("command", 2000, 6);
  const auto history = monitor.events().at("command").History();
  CHECK(history.size() == 2);
  CHECK(history[0].time_s == 1);
  CHECK(history[0].ms == 9);
  CHECK(history[1].ms == 6);
  CHECK(monitor.events().at("command").worst_ms() == 9);
  CHECK(monitor.events().at("command").latest().ms == 6);
}

TEST_CASE("an event keeps its last 160 samples, oldest first") {
  LatencyMonitor monitor;
  for (int i = 1; i <= 200; ++i) monitor.Add("command", i * 1000, i);
  const auto history = monitor.events().at("command").History();
  CHECK(history.size() == 160);
  CHECK(history.front().ms == 41);
  CHECK(history.back().ms == 200);
}

TEST_CASE("the graph has bars of their height and how long ago each was") {
  LatencyMonitor monitor;
  monitor.Add("command", 1000, 10);
  monitor.Add("command", 61000, 130);
  const auto& event = monitor.events().at("command");
  CHECK(LatencyGraph("command", event, 62) ==
        "command - high 130 ms, low 10 ms (all time high 130 ms)\n" + std::string(80, '-') +
            "\n #\n |\n |\n_|\n  \n11\nms\n");
}

TEST_CASE("LATENCY LATEST and HISTORY tell of slow commands, RESET forgets them") {
  RunningServer server([](Settings& settings) {
    settings.latency_monitor_threshold_ms = 5;
    settings.enable_debug_command = "yes";
  });
  TestClient client(server.port());
  CHECK(client.Run({"LATENCY", "LATEST"}) == "[]");
  CHECK(client.Run({"DEBUG", "SLEEP", "0.02"}) == "+OK");
  CHECK(client.Run({"LATENCY", "LATEST"}).starts_with("[[\"command\", :"));
  CHECK(client.Run({"LATENCY", "HISTORY", "command"}).starts_with("[[:"));
  CHECK(client.RunText({"LATENCY", "GRAPH", "command"}).starts_with("command - high "));
  CHECK(client.RunText({"LATENCY", "DOCTOR"}).find("1. command: 1 latency spikes") !=
        std::string::npos);
  CHECK(client.Run({"LATENCY", "RESET", "other", "command"}) == ":1");
  CHECK(client.Run({"LATENCY", "LATEST"}) == "[]");
}

TEST_CASE("nothing is recorded while the threshold is 0") {
  RunningServer server([](Settings& settings) { settings.enable_debug_command = "yes"; });
  TestClient client(server.port());
  CHECK(client.Run({"DEBUG", "SLEEP", "0.01"}) == "+OK");
  CHECK(client.Run({"LATENCY", "LATEST"}) == "[]");
  CHECK(client.Run({"LATENCY", "RESET"}) == ":0");
  CHECK(client.RunText({"LATENCY", "DOCTOR"}).starts_with("Latency is not being monitored."));
}

TEST_CASE("LATENCY GRAPH of an unknown event is an error, HISTORY of one is empty") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"LATENCY", "GRAPH", "x"}) == "-ERR No samples available for event 'x'");
  CHECK(client.Run({"LATENCY", "HISTORY", "x"}) == "[]");
}

TEST_CASE("LATENCY HISTOGRAM counts the calls of the commands that it is asked for") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"SET", "k", "v"});
  client.Run({"SET", "k", "v"});
  client.Run({"CLIENT", "SETNAME", "x"});
  CHECK(client.Run({"LATENCY", "HISTOGRAM", "set", "get", "nonesuch"})
            .starts_with("[\"set\", [\"calls\", :2, \"histogram_usec\", [:"));
  CHECK(client.Run({"LATENCY", "HISTOGRAM", "get"}) == "[]");
  CHECK(client.Run({"LATENCY", "HISTOGRAM", "client"}).starts_with("[\"client|setname\", "));
  CHECK(
      client.Run({"LATENCY", "HISTOGRAM", "client|setname"}).starts_with("[\"client|setname\", "));
  const std::string all = client.Run({"LATENCY", "HISTOGRAM"});
  CHECK(all.find("\"set\"") != std::string::npos);
  CHECK(all.find("\"latency|histogram\"") != std::string::npos);
}

TEST_CASE("LATENCY HISTOGRAM is empty while latency-tracking is off") {
  RunningServer server([](Settings& settings) { settings.latency_tracking = false; });
  TestClient client(server.port());
  client.Run({"SET", "k", "v"});
  CHECK(client.Run({"LATENCY", "HISTOGRAM"}) == "[]");
}

}  // namespace
}  // namespace server
