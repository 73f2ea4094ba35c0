// SPDX-License-Identifier: BSD-3-Clause
#include "server/config.h"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/clock.h"
#include "lsm/file_system.h"
#include "server/config_file.h"
#include "server/config_values.h"
#include "server/log.h"
#include "server/server.h"
#include "tests/server/server_fixture.h"

namespace server {

namespace {

std::string SetOne(Config& config, const std::string& name, const std::string& value) {
  const auto result = config.Set({{name, value}}, nullptr);
  return result ? "OK" : result.error().text();
}

constexpr std::string_view kPrefix = "ERR CONFIG SET failed (possibly related to argument '";

}  // namespace

TEST_CASE("every parameter can be set to the value it has") {
  Settings settings;
  Config config(settings);
  for (const ConfigRow* row : config.rows()) {
    CAPTURE(row->name);
    CHECK(SetOne(config, std::string(row->name), std::string(config.Value(row->name))) == "OK");
  }
}

TEST_CASE("names and aliases of parameters are told apart") {
  Settings settings;
  Config config(settings);
  std::set<std::string_view> names;
  for (const ConfigRow* row : config.rows()) {
    CHECK(names.insert(row->name).second);
    if (!row->alias.empty()) CHECK(names.insert(row->alias).second);
    CHECK_FALSE(row->doc.empty());
  }
}

TEST_CASE("the defaults of the table are those of Settings") {
  Settings untouched;
  Settings settings;
  const Config config(settings);
  CHECK(settings.port == untouched.port);
  CHECK(settings.bind == untouched.bind);
  CHECK(settings.client_query_buffer_limit == untouched.client_query_buffer_limit);
  CHECK(settings.client_output_buffer_limit[2].soft_bytes ==
        untouched.client_output_buffer_limit[2].soft_bytes);
  CHECK(settings.data.hash_max_listpack_entries == untouched.data.hash_max_listpack_entries);
  CHECK(settings.backlog_limit == untouched.backlog_limit);
  CHECK(settings.latency_tracking_info_percentiles == untouched.latency_tracking_info_percentiles);
}

TEST_CASE("a wrong value is refused with Redis' words, and nothing changes") {
  Settings settings;
  Config config(settings);
  const auto refused = [&](const std::string& name, const std::string& value,
                           const std::string& reason) {
    CHECK(SetOne(config, name, value) == std::string(kPrefix) + name + "') - " + reason);
  };
  refused("maxmemory", "abc", "argument must be a memory value");
  refused("port", "70000", "argument must be between 0 and 65535 inclusive");
  refused("port", "abc", "argument couldn't be parsed into an integer");
  refused("appendfsync", "foo", "argument(s) must be one of the following: everysec, always, no");
  refused("maxmemory-clients", "200%", "percentage argument must be less or equal to 100");
  refused("maxmemory-clients", "-5", "argument must be a memory or percent value");
  refused("databases", "3", "can't set immutable config");
  refused("dir", "/", "can't set protected config");
  refused("notify-keyspace-events", "Q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  CHECK(settings.port == 6379);
  CHECK(SetOne(config, "nothing-like-it", "1") ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'nothing-like-it'");
}

TEST_CASE("several parameters are set together or not at all") {
  Settings settings;
  Config config(settings);
  CHECK_FALSE(config.Set({{"timeout", "5"}, {"port", "x"}}, nullptr));
  CHECK(settings.timeout_s == 0);
  CHECK(config.Set({{"timeout", "5"}, {"slowlog-max-len", "7"}}, nullptr));
  CHECK(settings.timeout_s == 5);
  CHECK(settings.slowlog_max_len == 7);
  const auto twice = config.Set({{"timeout", "6"}, {"timeout", "7"}}, nullptr);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().text() == std::string(kPrefix) + "timeout') - duplicate parameter");
}

TEST_CASE("sizes have units, and are shown in bytes") {
  CHECK(ParseMemory("1024") == 1024);
  CHECK(ParseMemory("10k") == 10000);
  CHECK(ParseMemory("10Kb") == 10240);
  CHECK(ParseMemory("1gb") == uint64_t{1} << 30);
  CHECK_FALSE(ParseMemory("-1"));
  CHECK_FALSE(ParseMemory("1tb"));
  CHECK_FALSE(ParseMemory(""));
  Settings settings;
  Config config(settings);
  CHECK(SetOne(config, "maxmemory", "10kb") == "OK");
  CHECK(settings.maxmemory == 10240);
  CHECK(config.Value("maxmemory") == "10240");
}

TEST_CASE("CONFIG GET takes globs and exact names, aliases as well") {
  Settings settings;
  const Config config(settings);
  CHECK(config.Get({"maxmemory"}).size() == 1);
  CHECK(config.Get({"slave-priority"}).size() == 1);
  CHECK(config.Get({"*-priority"}).size() == 2);
  CHECK(config.Get({"nothing"}).empty());
  CHECK(config.Get({"watchdog-perio?"}).empty());
  CHECK(config.Get({"watchdog-period"}).size() == 1);
}

TEST_CASE("a file is read as Redis reads it, and says where it is wrong") {
  Settings settings;
  Config config(settings);
  CHECK(LoadConfigText("# comment\n\n  PORT 7000 \nsave 900 1\nsave 300 10\nrequirepass \"a b\"\n"
                       "client-output-buffer-limit pubsub 1mb 2kb 3\n",
                       "test", config)
            .ok());
  CHECK(settings.port == 7000);
  CHECK(settings.requirepass == "a b");
  CHECK(config.Value("save") == "900 1 300 10");
  CHECK(settings.client_output_buffer_limit[2].hard_bytes == 1 << 20);
  const lsm::Status bad = LoadConfigText("port 1\nfoo bar\n", "x.conf", config);
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.message().find("x.conf, at line 2\n>>> 'foo bar'\nBad directive or wrong number of "
                           "arguments") != std::string::npos);
  CHECK_FALSE(LoadConfigText("port \"1\n", "x", config).ok());
  CHECK_FALSE(LoadConfigText("cluster-enabled yes\n", "x", config).ok());
}

TEST_CASE("a file renames commands, and rewriting keeps its lines") {
  Log log;
  Server server({.files = lsm::PosixFileSystem(), .clock = *lsm::SystemClock(), .log = log});
  constexpr std::string_view kFile =
      "rename-command CONFIG \"\"\nRename-Command get \"fetch it\"\nport 7000\n";
  REQUIRE(LoadConfigText(kFile, "x", server.config()).ok());
  CHECK(server.commands().Find("config") == nullptr);
  CHECK(server.commands().Find("get") == nullptr);
  CHECK(server.commands().Find("FETCH IT") != nullptr);
  CHECK(server.config().Rewrite(kFile, false) == kFile);

  const auto fails = [&](std::string_view line, std::string_view reason) {
    const lsm::Status bad = LoadConfigText(line, "x", server.config());
    CHECK(bad.message().find(reason) != std::string::npos);
  };
  fails("rename-command nosuchcommand x", "No such command in rename-command");
  fails("rename-command config|get x", "No such command in rename-command");
  fails("rename-command set append", "Target command name already exists");
  fails("rename-command set", "Bad directive or wrong number of arguments");
  fails("rename-command set a b", "Bad directive or wrong number of arguments");
}

TEST_CASE("an LFU policy makes uses count, and a key keeps its count when it is overwritten") {
  RunningServer server;
  TestClient client(server.port());
  client.Run({"SET", "a", "x"});
  CHECK(client.Run({"OBJECT", "FREQ", "a"}).starts_with("-ERR An LFU maxmemory policy is not"));
  CHECK(client.Run({"CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0",
                    "lfu-decay-time", "0"}) == "+OK");
  const auto freq = [&](std::string_view key) { return client.Run({"OBJECT", "FREQ", key}); };
  client.Run({"DEL", "a"});
  client.Run({"SET", "a", "x"});
  CHECK(freq("a") == ":5");
  client.Run({"GET", "a"});
  CHECK(freq("a") == ":6");
  client.Run({"SET", "a", "y"});
  CHECK(freq("a") == ":7");
  client.Run({"TTL", "a"});
  client.Run({"TYPE", "a"});
  CHECK(freq("a") == ":7");
  // It goes along with the value; RENAME looks at the key more than once.
  client.Run({"RENAME", "a", "b"});
  CHECK(std::stoi(freq("b").substr(1)) > 7);
  client.Run({"COPY", "b", "c"});
  CHECK(freq("c") == ":5");
  const std::string dump = client.RunText({"DUMP", "c"});
  client.Run({"RESTORE", "d", "0", dump, "FREQ", "100"});
  CHECK(freq("d") == ":100");
  CHECK(client.Run({"CONFIG", "SET", "maxmemory-policy", "noeviction"}) == "+OK");
  client.Run({"GET", "a"});
  CHECK(client.Run({"OBJECT", "IDLETIME", "b"}).starts_with(":"));
}

TEST_CASE("the command line has redis-server's grammar") {
  const CommandLine line =
      ParseCommandLine({"a.conf", "--port", "7000", "--save", "", "--client-output-buffer-limit",
                        "normal", "0", "0", "0"});
  CHECK(line.file == "a.conf");
  Settings settings;
  Config config(settings);
  REQUIRE(LoadConfigText(line.directives, "command line", config).ok());
  CHECK(settings.port == 7000);
  CHECK(config.Value("save").empty());
  CHECK(ParseCommandLine({"--version"}).action == CommandLine::Action::kVersion);
  CHECK(ParseCommandLine({"-h"}).action == CommandLine::Action::kHelp);
  CHECK(ParseCommandLine({"-"}).from_stdin);
}

TEST_CASE("rewriting keeps comments and order, changes values, and appends what is new") {
  Settings settings;
  Config config(settings);
  REQUIRE(SetOne(config, "timeout", "9") == "OK");
  REQUIRE(SetOne(config, "hz", "20") == "OK");
  REQUIRE(SetOne(config, "requirepass", "a \"b\"") == "OK");
  const std::string text = config.Rewrite("# mine\ntimeout 3\n\nport 6379\ntimeout 4\n", false);
  CHECK(text ==
        "# mine\ntimeout 9\n\nport 6379\n# Generated by CONFIG REWRITE\nhz 20\n"
        "requirepass \"a \\\"b\\\"\"\n");
  // What was written reads as the same configuration.
  Settings again;
  Config read(again);
  REQUIRE(LoadConfigText(text, "x", read).ok());
  CHECK(again.timeout_s == 9);
  CHECK(again.requirepass == "a \"b\"");
}

TEST_CASE("a rewrite of everything reads as the same configuration") {
  Settings settings;
  Config config(settings);
  Settings again;
  Config read(again);
  const lsm::Status status = LoadConfigText(config.Rewrite("", true), "x", read);
  REQUIRE_MESSAGE(status.ok(), status.message());
  for (const ConfigRow* row : config.rows()) {
    CHECK(read.Value(row->name) == config.Value(row->name));
  }
}

}  // namespace server
