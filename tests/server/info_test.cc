// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "server/human_bytes.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

// The value of a line; "(none)" if there is no such line.
std::string Field(std::string_view info, std::string_view name) {
  const std::string start = "\r\n" + std::string(name) + ":";
  const size_t at = info.find(start);
  if (at == std::string_view::npos) return "(none)";
  const size_t from = at + start.size();
  return std::string(info.substr(from, info.find("\r\n", from) - from));
}

TEST_CASE("sizes for people have two decimals and a letter") {
  CHECK(HumanBytes(0) == "0B");
  CHECK(HumanBytes(1023) == "1023B");
  CHECK(HumanBytes(1024) == "1.00K");
  CHECK(HumanBytes(966216) == "943.57K");
  CHECK(HumanBytes(25276514304) == "23.54G");
}

TEST_CASE("INFO without arguments has the default sections") {
  RunningServer server;
  TestClient client(server.port());
  const std::string info = client.RunText({"INFO"});
  CHECK(info.starts_with("# Server\r\n"));
  for (const std::string_view title :
       {"Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats",
        "Cluster", "Keyspace", "Store"}) {
    CAPTURE(title);
    CHECK(info.find("\r\n\r\n# " + std::string(title) + "\r\n") != std::string::npos);
  }
  CHECK(info.find("# Commandstats") == std::string::npos);
  CHECK(info.find("# Latencystats") == std::string::npos);
  CHECK(client.RunText({"INFO", "default"}).find("# Commandstats") == std::string::npos);
  CHECK(client.RunText({"INFO", "all"}).find("# Commandstats") != std::string::npos);
  CHECK(client.RunText({"INFO", "Everything"}).find("# Latencystats") != std::string::npos);
}

TEST_CASE("INFO gives several sections in its own order, each once, and nothing for unknown ones") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.RunText({"INFO", "cluster", "nonesuch", "MODULES", "cluster"}) ==
        "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n");
  CHECK(client.RunText({"INFO", "nonesuch"}).empty());
}

TEST_CASE("INFO has the facts that drivers and tools look for") {
  RunningServer server;
  TestClient client(server.port());
  const std::string info = client.RunText({"INFO"});
  CHECK(Field(info, "redis_version").starts_with("7.2."));
  CHECK(Field(info, "redis_mode") == "standalone");
  CHECK(Field(info, "tcp_port") == std::to_string(server.port()));
  CHECK(Field(info, "run_id").size() == 40);
  CHECK(Field(info, "role") == "master");
  CHECK(Field(info, "loading") == "0");
  CHECK(Field(info, "aof_enabled") == "1");
  CHECK(Field(info, "maxmemory_policy") == "noeviction");
  CHECK(Field(info, "connected_clients") == "1");
  CHECK(std::stoull(Field(info, "maxmemory")) > 0);
  CHECK(std::stoull(Field(info, "used_memory_rss")) > 0);
  CHECK(std::stoull(Field(info, "store_hot_budget_bytes")) > 0);
}

TEST_CASE("INFO keyspace counts keys and those that expire, and leaves out empty databases") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.RunText({"INFO", "keyspace"}) == "# Keyspace\r\n");
  client.Run({"SET", "a", "1"});
  client.Run({"SET", "b", "1", "EX", "100"});
  client.Run({"SELECT", "3"});
  client.Run({"SET", "c", "1"});
  CHECK(client.RunText({"INFO", "keyspace"}) ==
        "# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=0\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n");
}

TEST_CASE("INFO commandstats tells calls, failures and refusals apart") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"SET", "k", "v"});
  client.Run({"SET", "k", "v", "bogus"});
  client.Run({"SET", "k"});
  const std::string info = client.RunText({"INFO", "commandstats"});
  const std::string set = Field(info, "cmdstat_set");
  CHECK(set.starts_with("calls=2,usec="));
  CHECK(set.ends_with(",rejected_calls=1,failed_calls=1"));
  CHECK(Field(info, "cmdstat_get") == "(none)");
}

TEST_CASE("INFO errorstats counts replies by their code") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"SET", "k"});
  client.Run({"nonesuch"});
  CHECK(client.RunText({"INFO", "errorstats"}) == "# Errorstats\r\nerrorstat_ERR:count=2\r\n");
  CHECK(Field(client.RunText({"INFO", "stats"}), "total_error_replies") == "2");
}

TEST_CASE("INFO latencystats has the percentiles that are configured") {
  RunningServer server([](Settings& settings) {
    settings.latency_tracking_info_percentiles = {50, 99.9, 100};
  });
  TestClient client(server.port());
  client.Run({"SET", "k", "v"});
  const std::string set =
      Field(client.RunText({"INFO", "latencystats"}), "latency_percentiles_usec_set");
  CHECK(set.starts_with("p50="));
  CHECK(set.find(",p99.9=") != std::string::npos);
  CHECK(set.find(",p100=") != std::string::npos);
}

TEST_CASE("INFO counts hits and misses of keys, and CONFIG RESETSTAT starts anew") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"SET", "k", "v"});
  client.Run({"GET", "k"});
  client.Run({"GET", "absent"});
  std::string stats = client.RunText({"INFO", "stats"});
  CHECK(Field(stats, "keyspace_hits") == "1");
  CHECK(Field(stats, "keyspace_misses") == "1");
  CHECK(client.Run({"CONFIG", "RESETSTAT"}) == "+OK");
  stats = client.RunText({"INFO", "stats"});
  CHECK(Field(stats, "keyspace_hits") == "0");
  CHECK(client.RunText({"INFO", "errorstats"}) == "# Errorstats\r\n");
}

TEST_CASE("INFO is a verbatim string in RESP3") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"HELLO", "3"});
  CHECK(client.Run({"INFO", "cluster"}).starts_with("=txt:"));
}

}  // namespace
}  // namespace server
