// SPDX-License-Identifier: BSD-3-Clause
#include <string>

#include <doctest/doctest.h>

#include "server/instruments.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

void Allow(Settings& settings) {
  settings.enable_debug_command = "yes";
}

TEST_CASE("DEBUG is refused unless it is enabled") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"DEBUG", "HELP"}).starts_with("-ERR DEBUG command not allowed. If the "));
  CHECK(client.RunText({"INFO", "commandstats"}).find("cmdstat_debug:calls=0,") !=
        std::string::npos);
}

TEST_CASE("DEBUG enabled as local is for clients of the loopback") {
  RunningServer server([](Settings& settings) { settings.enable_debug_command = "local"; });
  TestClient client(server.port());
  CHECK(client.Run({"DEBUG", "SLEEP", "0"}) == "+OK");
}

TEST_CASE("an unknown subcommand and a wrong number of arguments are answered alike") {
  RunningServer server(Allow);
  TestClient client(server.port());
  const std::string end = "'. Try DEBUG HELP.";
  const std::string start = "-ERR unknown subcommand or wrong number of arguments for '";
  CHECK(client.Run({"DEBUG", "jmap"}) == start + "jmap" + end);
  CHECK(client.Run({"DEBUG", "SLEEP"}) == start + "SLEEP" + end);
  CHECK(client.Run({"DEBUG", "replybuffer", "foo", "1"}) == start + "replybuffer" + end);
  CHECK(client.Run({"DEBUG"}) == "-ERR wrong number of arguments for 'debug' command");
}

TEST_CASE("DEBUG PROTOCOL has every type in RESP2") {
  RunningServer server(Allow);
  TestClient client(server.port());
  const auto protocol = [&](const char* type) { return client.Run({"DEBUG", "PROTOCOL", type}); };
  CHECK(protocol("string") == "\"Hello World\"");
  CHECK(protocol("integer") == ":12345");
  CHECK(protocol("double") == "\"3.141\"");
  CHECK(protocol("null") == "nil$");
  CHECK(protocol("array") == "[:0, :1, :2]");
  CHECK(protocol("set") == "[:0, :1, :2]");
  CHECK(protocol("map") == "[:0, :0, :1, :1, :2, :0]");
  CHECK(protocol("attrib") == "\"Some real reply following the attribute\"");
  CHECK(protocol("push") == "-ERR RESP2 is not supported by this command");
  CHECK(protocol("verbatim") == "\"This is a verbatim\\nstring\"");
  CHECK(protocol("true") == ":1");
  CHECK(protocol("false") == ":0");
  CHECK(protocol("bignum") == "\"1234567999999999999999999999999999999\"");
  CHECK(protocol("x").starts_with("-ERR Wrong protocol type name. Please use one of"));
}

TEST_CASE("DEBUG PROTOCOL has every type in RESP3") {
  RunningServer server(Allow);
  TestClient client(server.port());
  client.Run({"HELLO", "3"});
  const auto protocol = [&](const char* type) { return client.Run({"DEBUG", "PROTOCOL", type}); };
  CHECK(protocol("double") == ",3.141");
  CHECK(protocol("null") == "nil_");
  CHECK(protocol("set") == "~[:0, :1, :2]");
  CHECK(protocol("map") == "{:0: #f, :1: #t, :2: #f}");
  CHECK(protocol("attrib") ==
        "|{\"key-popularity\": [\"key:123\", :90]} \"Some real reply following the attribute\"");
  CHECK(protocol("push") == ">[\"server-cpu-usage\", :42]");
  CHECK(client.Read() == "\"Some real reply following the push reply\"");
  CHECK(protocol("verbatim") == "=txt:\"This is a verbatim\\nstring\"");
  CHECK(protocol("true") == "#t");
  CHECK(protocol("bignum") == "(1234567999999999999999999999999999999");
}

TEST_CASE("DEBUG POPULATE makes keys, leaves those that exist, and pads or cuts values") {
  RunningServer server(Allow);
  TestClient client(server.port());
  client.Run({"SET", "key:1", "mine"});
  CHECK(client.Run({"DEBUG", "POPULATE", "5000"}) == "+OK");
  CHECK(client.Run({"DBSIZE"}) == ":5000");
  CHECK(client.Run({"GET", "key:1"}) == "\"mine\"");
  CHECK(client.Run({"GET", "key:4999"}) == "\"value:4999\"");
  CHECK(client.Run({"DEBUG", "POPULATE", "2", "p", "9"}) == "+OK");
  CHECK(client.Run({"GET", "p:0"}) == "\"value:0\\x00\\x00\"");
  CHECK(client.Run({"DEBUG", "POPULATE", "2", "q", "3"}) == "+OK");
  CHECK(client.Run({"GET", "q:0"}) == "\"val\"");
  const std::string error = "-ERR value is out of range, must be positive";
  CHECK(client.Run({"DEBUG", "POPULATE", "x"}) == error);
  CHECK(client.Run({"DEBUG", "POPULATE", "-1"}) == error);
  CHECK(client.Run({"DEBUG", "POPULATE", "1", "p", "-1"}) == error);
}

TEST_CASE("DEBUG DIGEST depends on the data alone") {
  RunningServer one(Allow);
  RunningServer other(Allow);
  TestClient client(one.port());
  TestClient client2(other.port());
  const std::string empty = client.Run({"DEBUG", "DIGEST"});
  CHECK(empty == "+" + std::string(40, '0'));
  client.Run({"SET", "a", "1"});
  client.Run({"SET", "b", "2", "EX", "1000"});
  const std::string digest = client.Run({"DEBUG", "DIGEST"});
  client2.Run({"SET", "b", "2", "EX", "5000"});
  client2.Run({"SET", "a", "0"});
  CHECK(client2.Run({"DEBUG", "DIGEST"}) != digest);
  client2.Run({"SET", "a", "1"});
  CHECK(client2.Run({"DEBUG", "DIGEST"}) == digest);
  client2.Run({"PERSIST", "b"});
  CHECK(client2.Run({"DEBUG", "DIGEST"}) != digest);
  client.Run({"FLUSHALL"});
  CHECK(client.Run({"DEBUG", "DIGEST"}) == empty);
}

TEST_CASE("DEBUG DIGEST tells databases apart, DIGEST-VALUE keys not") {
  RunningServer server(Allow);
  TestClient client(server.port());
  client.Run({"SET", "a", "1"});
  client.Run({"SET", "b", "1"});
  const std::string digest = client.Run({"DEBUG", "DIGEST"});
  const std::string values = client.Run({"DEBUG", "DIGEST-VALUE", "a", "b", "absent"});
  CHECK(values.substr(1, 41) == values.substr(44, 41));
  CHECK(values.ends_with("+" + std::string(40, '0') + "]"));
  client.Run({"MOVE", "a", "1"});
  CHECK(client.Run({"DEBUG", "DIGEST"}) != digest);
}

TEST_CASE("DEBUG RELOAD and LOADAOF keep the data and drop it from RAM") {
  RunningServer server(Allow);
  TestClient client(server.port());
  client.Run({"DEBUG", "POPULATE", "1000", "k", "100"});
  const std::string big(200000, 'z');
  client.Run({"SET", "big", big});
  client.Run({"EXPIRE", "k:5", "1000"});
  const std::string digest = client.Run({"DEBUG", "DIGEST"});
  for (const char* const how : {"RELOAD", "LOADAOF"}) {
    CAPTURE(how);
    CHECK(client.Run({"DEBUG", how}) == "+OK");
    uint64_t entries = 0;
    server.OnLoop([&](Server& on) { entries = on.store().Stats().hot_entries; });
    CHECK(entries < 1000);
    CHECK(client.Run({"DEBUG", "DIGEST"}) == digest);
    CHECK(client.Run({"DBSIZE"}) == ":1001");
  }
  CHECK(client.Run({"GET", "k:7"}).starts_with("\"value:7"));
}

TEST_CASE("DEBUG OBJECT describes a key, and knows when there is none") {
  RunningServer server(Allow);
  TestClient client(server.port());
  client.Run({"SET", "n", "12"});
  const std::string text = client.Run({"DEBUG", "OBJECT", "n"});
  CHECK(text.starts_with("+Value at:0x"));
  CHECK(text.find(" refcount:1 encoding:int serializedlength:") != std::string::npos);
  CHECK(text.find(" lru_seconds_idle:") != std::string::npos);
  CHECK(client.Run({"DEBUG", "OBJECT", "n", "FAST"}).find("serializedlength") == std::string::npos);
  CHECK(client.Run({"DEBUG", "OBJECT", "absent"}) == "-ERR no such key");
}

TEST_CASE("DEBUG SET-ACTIVE-EXPIRE 0 leaves expired keys in place until it is 1 again") {
  RunningServer server(Allow);
  TestClient client(server.port());
  CHECK(client.Run({"DEBUG", "SET-ACTIVE-EXPIRE", "0"}) == "+OK");
  server.OnLoop([](Server& on) { CHECK_FALSE(on.active_expire()); });
  client.Run({"SET", "k", "v", "PX", "1"});
  CHECK(client.Run({"DEBUG", "SLEEP", "0.01"}) == "+OK");
  CHECK(client.Run({"DBSIZE"}) == ":1");
  CHECK(client.Run({"DEBUG", "SET-ACTIVE-EXPIRE", "1"}) == "+OK");
  CHECK(Eventually([&] { return client.Run({"DBSIZE"}) == ":0"; }));
}

TEST_CASE("DEBUG QUICKLIST-PACKED-THRESHOLD takes a size, 0 for the default") {
  RunningServer server(Allow);
  TestClient client(server.port());
  const auto threshold = [&] {
    int64_t bytes = 0;
    server.OnLoop([&](Server& on) { bytes = on.settings().data.list_packed_threshold_bytes; });
    return bytes;
  };
  CHECK(client.Run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "10b"}) == "+OK");
  CHECK(threshold() == 10);
  CHECK(client.Run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0"}) == "+OK");
  CHECK(threshold() == int64_t{1} << 30);
  const std::string error =
      "-ERR argument must be a memory value bigger than 1 and smaller than 4gb";
  CHECK(client.Run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "4gb"}) == error);
  CHECK(client.Run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "x"}) == error);
}

TEST_CASE("DEBUG QUICKLIST-PACKED-THRESHOLD keeps a list with a larger element a quicklist") {
  RunningServer server(Allow);
  TestClient client(server.port());
  const std::string large(200, 'x');
  const auto encoding_after_shrinking = [&] {
    client.Run({"DEL", "list"});
    client.Run({"RPUSH", "list", large, "2", "3", "4", "5"});
    CHECK(client.Run({"OBJECT", "ENCODING", "list"}) == "\"quicklist\"");
    client.Run({"LTRIM", "list", "0", "0"});
    return client.Run({"OBJECT", "ENCODING", "list"});
  };
  CHECK(client.Run({"CONFIG", "SET", "list-max-listpack-size", "4"}) == "+OK");
  CHECK(encoding_after_shrinking() == "\"listpack\"");
  CHECK(client.Run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "199b"}) == "+OK");
  CHECK(encoding_after_shrinking() == "\"quicklist\"");
  CHECK(client.Run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "200b"}) == "+OK");
  CHECK(encoding_after_shrinking() == "\"listpack\"");
}

TEST_CASE("DEBUG REPLYBUFFER, PAUSE-CRON and SET-DISABLE-DENY-SCRIPTS move their switches") {
  RunningServer server(Allow);
  TestClient client(server.port());
  const auto state = [&] {
    DebugState copy;
    server.OnLoop([&](Server& on) { copy = on.instruments().debug; });
    return copy;
  };
  CHECK(client.Run({"DEBUG", "REPLYBUFFER", "RESIZING", "0"}) == "+OK");
  CHECK_FALSE(state().reply_buffer_resizing);
  CHECK(client.Run({"DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "100"}) == "+OK");
  CHECK(state().reply_buffer_peak_reset_ms == 100);
  CHECK(client.Run({"DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "never"}) == "+OK");
  CHECK(state().reply_buffer_peak_reset_ms < 0);
  CHECK(client.Run({"DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "reset"}) == "+OK");
  CHECK(state().reply_buffer_peak_reset_ms == DebugState::kDefaultPeakResetMs);
  CHECK(client.Run({"DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "x"}) ==
        "-ERR value is not an integer or out of range");
  CHECK(client.Run({"DEBUG", "SET-DISABLE-DENY-SCRIPTS", "1"}) == "+OK");
  CHECK(state().scripts_may_call_all);
  CHECK(client.Run({"DEBUG", "PAUSE-CRON", "1"}) == "+OK");
  CHECK(state().cron_paused);
  CHECK(client.Run({"DEBUG", "PAUSE-CRON", "0"}) == "+OK");
  CHECK_FALSE(state().cron_paused);
}

TEST_CASE("DEBUG HTSTATS, LOG, ERROR and HELP") {
  RunningServer server(Allow);
  TestClient client(server.port());
  CHECK(client.RunText({"DEBUG", "HTSTATS", "0"}).starts_with("[Dictionary HT]\n"));
  CHECK(client.Run({"DEBUG", "HTSTATS", "77"}) == "-ERR Out of range database");
  CHECK(client.Run({"DEBUG", "LOG", "hello there"}) == "+OK");
  CHECK(server.LogText().find("# DEBUG LOG: hello there") != std::string::npos);
  CHECK(client.Run({"DEBUG", "ERROR", "MYCODE text"}) == "-MYCODE text");
  CHECK(client.Run({"DEBUG", "HELP"})
            .starts_with("[+DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

}  // namespace
}  // namespace server
