// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "server/instruments.h"
#include "server/machine_memory.h"
#include "server/memory_accounting.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

constexpr uint64_t kMiB = 1 << 20;

void WriteFile(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST_CASE("half of the machine's memory is the default") {
  TempDirectory machine;
  WriteFile(machine.path() + "/proc/meminfo", "MemTotal:  2048 kB\nMemFree: 1 kB\n");
  CHECK(TotalMemoryBytes(machine.path()) == 2 * kMiB);
  CHECK(CgroupLimitBytes(machine.path()) == 0);
  CHECK(DefaultMaxMemory(machine.path()) == kMiB);
}

TEST_CASE("a control group of version 2 limits, and so do those above it") {
  TempDirectory machine;
  WriteFile(machine.path() + "/proc/meminfo", "MemTotal: 1048576 kB\n");
  WriteFile(machine.path() + "/proc/self/cgroup", "0::/a/b\n");
  WriteFile(machine.path() + "/sys/fs/cgroup/a/memory.max", "4194304\n");
  WriteFile(machine.path() + "/sys/fs/cgroup/a/b/memory.max", "max\n");
  CHECK(CgroupLimitBytes(machine.path()) == 4 * kMiB);
  CHECK(DefaultMaxMemory(machine.path()) == 2 * kMiB);
}

TEST_CASE("a control group of version 1 limits; its largest number is none") {
  TempDirectory machine;
  WriteFile(machine.path() + "/proc/self/cgroup", "5:cpu,memory:/job\n3:pids:/x\n");
  WriteFile(machine.path() + "/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "8388608\n");
  WriteFile(machine.path() + "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n");
  CHECK(CgroupLimitBytes(machine.path()) == 8 * kMiB);
}

TEST_CASE("a process in a container, whose group is the mount itself, is limited by it") {
  TempDirectory machine;
  WriteFile(machine.path() + "/proc/self/cgroup", "0::/outside/name\n");
  WriteFile(machine.path() + "/sys/fs/cgroup/memory.max", "2097152\n");
  CHECK(CgroupLimitBytes(machine.path()) == 2 * kMiB);
}

TEST_CASE("the hot tier's first budget is what memtables and cache leave, and never nothing") {
  Settings settings;
  settings.lsm_memtable_size = static_cast<int64_t>(32 * kMiB);
  settings.lsm_block_cache_size = static_cast<int64_t>(8 * kMiB);
  settings.lsm_shards = 1;
  CHECK(MemoryAccounting::InitialHotBudget(settings, 1024 * kMiB) == (1024 - 64 - 8 - 16) * kMiB);
  CHECK(MemoryAccounting::InitialHotBudget(settings, 20 * kMiB) == 2 * kMiB);
}

TEST_CASE("CONFIG SET maxmemory moves the hot tier's budget, and INFO tells it") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"CONFIG", "SET", "maxmemory", "400mb"}) == "+OK");
  CHECK(Eventually([&] {
    uint64_t budget = 0;
    server.OnLoop([&](Server& on) { budget = on.instruments().memory.hot_budget_bytes(); });
    return budget > 100 * kMiB && budget <= 400 * kMiB;
  }));
  CHECK(client.RunText({"INFO", "memory"}).find("\r\nmaxmemory:419430400\r\n") !=
        std::string::npos);
}

TEST_CASE("data beyond maxmemory is taken all the same, and memory stays within its bound") {
  RunningServer server([](Settings& settings) {
    settings.maxmemory = 96 << 20;
    settings.lsm_memtable_size = 4 << 20;
    settings.backlog_limit = 16 << 20;
    settings.enable_debug_command = "yes";
  });
  TestClient client(server.port());
  uint64_t before = 0;
  server.OnLoop([&](Server&) { before = ReadResidentBytes().anonymous; });
  // About three times what fits.
  for (int i = 0; i < 30; ++i) {
    const std::string prefix = "p" + std::to_string(i);
    CHECK(client.Run({"DEBUG", "POPULATE", "5000", prefix, "2000"}) == "+OK");
  }
  CHECK(client.Run({"DBSIZE"}) == ":150000");
  CHECK(client.Run({"STRLEN", "p0:17"}) == ":2000");
  CHECK(Eventually([&] {
    uint64_t hot = 0;
    uint64_t budget = 0;
    server.OnLoop([&](Server& on) {
      hot = on.store().Stats().hot_bytes;
      budget = on.instruments().memory.hot_budget_bytes();
    });
    return hot <= budget && budget < 96 * kMiB;
  }));
}

TEST_CASE("MEMORY USAGE grows with the value, is null for no key, and takes SAMPLES") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"MEMORY", "USAGE", "absent"}) == "nil$");
  client.Run({"SET", "small", "v"});
  const std::string big(100000, 'x');
  client.Run({"SET", "big", big});
  const std::string small_bytes = client.Run({"MEMORY", "USAGE", "small"});
  CHECK(std::stoi(small_bytes.substr(1)) < 200);
  CHECK(std::stoi(client.Run({"MEMORY", "USAGE", "big", "samples", "0"}).substr(1)) > 100000);
  CHECK(client.Run({"MEMORY", "USAGE", "small", "SAMPLES", "-1"}) == "-ERR syntax error");
  CHECK(client.Run({"MEMORY", "USAGE", "small", "SAMPLES"}) == "-ERR syntax error");
  CHECK(client.Run({"MEMORY", "USAGE", "small", "SAMPLES", "x"}) ==
        "-ERR value is not an integer or out of range");
}

TEST_CASE("MEMORY STATS has Redis' names, with doubles in RESP3") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"SET", "k", "v"});
  client.Run({"HELLO", "3"});
  const std::string stats = client.Run({"MEMORY", "STATS"});
  for (const char* const name :
       {"\"peak.allocated\": :", "\"total.allocated\": :", "\"clients.normal\": :",
        "\"db.0\": {\"overhead.hashtable.main\": :", "\"keys.count\": :1",
        "\"dataset.percentage\": ,", "\"fragmentation\": ,", "\"fragmentation.bytes\": :"}) {
    CAPTURE(name);
    CHECK(stats.find(name) != std::string::npos);
  }
}

TEST_CASE("MEMORY STATS counts scripts, functions and the replication backlog") {
  const RunningServer server;
  TestClient client(server.port());
  const auto is_zero = [&](const std::string& name) {
    const std::string stats = client.Run({"MEMORY", "STATS"});
    REQUIRE(stats.find('"' + name + "\", :") != std::string::npos);
    return stats.find('"' + name + "\", :0,") != std::string::npos;
  };
  for (const char* const name : {"lua.caches", "functions.caches", "replication.backlog"}) {
    CAPTURE(name);
    CHECK(is_zero(name));
  }
  client.Run({"SCRIPT", "LOAD", "return 1"});
  client.Run(
      {"FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)"});
  CHECK_FALSE(is_zero("lua.caches"));
  CHECK_FALSE(is_zero("functions.caches"));
  TestClient replica(server.port());
  replica.SendCommand({"PSYNC", "?", "-1"});
  CHECK(Eventually([&] {
    client.Run({"SET", "k", "v"});
    return !is_zero("replication.backlog");
  }));
}

TEST_CASE("MEMORY PURGE, DOCTOR and MALLOC-STATS answer; other words are unknown") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"MEMORY", "PURGE"}) == "+OK");
  CHECK_FALSE(client.RunText({"MEMORY", "DOCTOR"}).empty());
  CHECK_FALSE(client.RunText({"MEMORY", "MALLOC-STATS"}).empty());
  CHECK(client.Run({"MEMORY", "foo"}) == "-ERR unknown subcommand 'foo'. Try MEMORY HELP.");
  CHECK(client.Run({"MEMORY", "USAGE"}) ==
        "-ERR wrong number of arguments for 'memory|usage' command");
}

}  // namespace
}  // namespace server
