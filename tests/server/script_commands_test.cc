// SPDX-License-Identifier: BSD-3-Clause
// Scripts where the differential suite cannot look: restarts, loads, endless loops, limits.
#include <string>

#include <doctest/doctest.h>

#include "server/scripts.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

constexpr const char* kReturn1 = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
constexpr const char* kBusy =
    "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";

void SoonBusy(Settings& settings) {
  settings.busy_reply_threshold_ms = 30;
}

// Asks until the script has run for long enough to be busy.
bool BecomesBusy(TestClient& client) {
  return Eventually([&] { return client.Run({"PING"}) == kBusy; });
}

TEST_CASE("scripts survive a restart, and SCRIPT FLUSH as well") {
  RunningServer server;
  {
    TestClient client(server.port());
    CHECK(client.Run({"SCRIPT", "LOAD", "return 1"}) == "\"" + std::string(kReturn1) + "\"");
    CHECK(client.Run({"EVAL", "return KEYS[1]", "1", "k"}) == "\"k\"");
  }
  server.Restart();
  {
    TestClient client(server.port());
    CHECK(client.Run({"EVALSHA", kReturn1, "0"}) == ":1");
    CHECK(client.Run({"EVALSHA", "4a2267357833227dd98abdedb8cf24b15a986445", "1", "k"}) == "\"k\"");
    CHECK(client.Run({"SCRIPT", "FLUSH"}) == "+OK");
  }
  server.Restart();
  TestClient client(server.port());
  CHECK(client.Run({"SCRIPT", "EXISTS", kReturn1}) == "[:0]");
}

TEST_CASE("declared keys are loaded before the script runs, others when it asks") {
  RunningServer server([](Settings& settings) { settings.hot_tier = false; });
  TestClient client(server.port());
  for (const char* key : {"a", "b", "c"}) CHECK(client.Run({"SET", key, key}) == "+OK");
  const auto evicted = [&] {
    size_t entries = 1;
    server.OnLoop([&](Server& its) { entries = its.store().Stats().hot_entries; });
    return entries == 0;
  };
  REQUIRE(Eventually(evicted));
  CHECK(client.Run({"EVAL", "return {redis.call('get',KEYS[1]),redis.call('get',KEYS[2])}", "2",
                    "a", "b"}) == "[\"a\", \"b\"]");
  server.OnLoop([](Server& its) { CHECK(its.store().Stats().spot_loads == 0); });
  CHECK(client.Run({"EVAL", "return redis.call('get','c')", "0"}) == "\"c\"");
  server.OnLoop([](Server& its) { CHECK(its.store().Stats().spot_loads == 1); });
}

TEST_CASE("what a script writes is one record of the commit log") {
  RunningServer server;
  TestClient client(server.port());
  uint64_t before = 0;
  CHECK(client.Run({"SCRIPT", "LOAD", "for i = 1, 500 do redis.call('set','k'..i,i) end"})
            .starts_with("\""));
  server.OnLoop([&](Server& its) { before = its.store().committed_seq(); });
  CHECK(client.Run({"EVAL", "for i = 1, 500 do redis.call('set','k'..i,i) end", "0"}) == "nil$");
  server.OnLoop([&](Server& its) { CHECK(its.store().committed_seq() == before + 1); });
}

TEST_CASE("an endless loop makes the server answer BUSY, and SCRIPT KILL ends it") {
  const char* const loops[] = {
      "while true do end", "repeat until false", "local function f() return f() end f()",
      "while true do pcall(function() while true do end end) end",
      "local x = coroutine.wrap(function() while true do end end) x()",
      "local t = setmetatable({}, {__index = function() while true do end end}) local x = t.y",
      "while true do redis.call('get', 'a') end", "while true do pcall(redis.call, 'nope') end",
      // A handler of the error that ends the script.
      "xpcall(function() while true do end end, function() while true do end end)",
      "xpcall(function() error('a') end, function() while true do end end)",
      // From within LuaJIT's parser, after which no hook would be called any more.
      "load(function() while true do end end) while true do end", "while true do end",
      "local function f() while true do pcall(coroutine.wrap(f)) end end f()",
      // In one call of a C function.
      "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))",
      "while true do pcall(string.match, ('a'):rep(20000), '.-.-.-.-b') end",
      "return string.gsub(('a'):rep(200000), '.-.-.-b', '')",
      "for w in string.gmatch(('a'):rep(20000), '.-.-.-b') do end",
      "table.sort({1, 2}, function() while true do end end)", "table.insert({}, -2147483647, 1)",
      "local t = {1} for i = 1, 900 do t = {t, t} end return cjson.encode(t)",
      "local t = {} for i = 1, 15 do local n = {} for j = 1, 1000 do n[j] = t end t = n end "
      "return cmsgpack.pack(t)"};
  RunningServer server(SoonBusy);
  TestClient other(server.port());
  CHECK(other.Run({"SCRIPT", "KILL"}) == "-NOTBUSY No scripts in execution right now.");
  for (const char* loop : loops) {
    CAPTURE(loop);
    TestClient client(server.port());
    client.SendCommand({"EVAL", loop, "0"});
    REQUIRE(BecomesBusy(other));
    // Also to those who come now.
    CHECK(TestClient(server.port()).Run({"GET", "a"}) == kBusy);
    CHECK(other.Run({"SHUTDOWN"}) == kBusy);
    CHECK(other.Run({"EVAL", "return 1", "0"}) == kBusy);
    CHECK(other.Run({"MULTI"}) == "+OK");
    CHECK(other.Run({"GET", "a"}) == kBusy);
    CHECK(other.Run({"DISCARD"}) == "+OK");
    CHECK(other.Run({"SCRIPT", "KILL"}) == "+OK");
    CHECK(client.Read().starts_with("-ERR Script killed by user with SCRIPT KILL..."));
    CHECK(other.Run({"PING"}) == "+PONG");
    CHECK(client.Run({"EVAL", "return 1", "0"}) == ":1");
  }
}

TEST_CASE("no nesting of calls uses up the C stack") {
  RunningServer server;
  TestClient client(server.port());
  for (const char* nested :
       {"local function f() coroutine.resume(coroutine.create(f)) end f()",
        "local function f() pcall(coroutine.wrap(f)) end f()",
        "local function f() pcall(f) end f()",
        "local function f() pcall(string.gsub, 'a', 'a', f) end f()",
        "local function f() pcall(table.sort, {2, 1}, f) end f()",
        "local function f() xpcall(f, f) end f()", "local function f() load(f) end f()",
        "local t = setmetatable({}, {__tostring = function(s) "
        "return string.format('%s', s) end}) pcall(string.format, '%s', t)",
        "pcall(string.find, ('a'):rep(1000000), ('a?'):rep(300000))"}) {
    CAPTURE(nested);
    CHECK(client.Run({"EVAL", nested, "0"}) == "nil$");
  }
  CHECK(client.Run({"EVAL", "local function f() ('a'):gsub('a', f) end f()", "0"})
            .starts_with("-ERR C stack overflow"));
}

TEST_CASE("a script that has written is not killed") {
  RunningServer server(SoonBusy);
  TestClient client(server.port());
  TestClient other(server.port());
  client.SendCommand({"EVAL",
                      "redis.call('set','a','1') local n = 0 while n < 3e7 do n = n + 1 end "
                      "return redis.call('incr','a')",
                      "0"});
  REQUIRE(BecomesBusy(other));
  CHECK(other.Run({"SCRIPT", "KILL"}).starts_with("-UNKILLABLE Sorry the script already executed"));
  CHECK(client.Read() == ":2");
  CHECK(other.Run({"GET", "a"}) == "\"2\"");
}

TEST_CASE("with script-kill-undo a script that has written is killed and its writes are undone") {
  RunningServer server([](Settings& settings) {
    SoonBusy(settings);
    settings.script_kill_undo = true;
  });
  TestClient client(server.port());
  TestClient other(server.port());
  CHECK(client.Run({"RPUSH", "l", "a", "b"}) == ":2");
  CHECK(client.Run({"SET", "s", "before", "PXAT", "4102444800000"}) == "+OK");
  CHECK(client.Run({"HSET", "h", "f", "v"}) == ":1");
  // In one turn with the script: it is answered, so it stays.
  client.SendCommand({"SET", "t", "same turn"});
  client.SendCommand({"EVAL",
                      "redis.call('lpush','l','x') redis.call('del','s') redis.call('set','new',1) "
                      "redis.call('hset','h','f','w') redis.call('flushall') "
                      "for i = 1, 30000 do redis.call('set','k'..i,string.rep('x', 100)) end "
                      "redis.call('set','s','half') while true do end",
                      "0"});
  CHECK(client.Read() == "+OK");
  REQUIRE(BecomesBusy(other));
  CHECK(other.Run({"SCRIPT", "KILL"}) == "+OK");
  CHECK(client.Read().starts_with("-ERR Script killed by user"));
  const auto as_before = [&](TestClient& asked) {
    CHECK(asked.Run({"LRANGE", "l", "0", "-1"}) == "[\"a\", \"b\"]");
    CHECK(asked.Run({"GET", "s"}) == "\"before\"");
    CHECK(asked.Run({"PEXPIRETIME", "s"}) == ":4102444800000");
    CHECK(asked.Run({"HGET", "h", "f"}) == "\"v\"");
    CHECK(asked.Run({"GET", "t"}) == "\"same turn\"");
    CHECK(asked.Run({"EXISTS", "new"}) == ":0");
    CHECK(asked.Run({"DBSIZE"}) == ":4");
  };
  as_before(other);
  // What is written from then on is kept.
  CHECK(other.Run({"RPUSH", "l", "c"}) == ":3");
  CHECK(other.Run({"RPOP", "l"}) == "\"c\"");
  server.Restart();
  TestClient later(server.port());
  as_before(later);
}

TEST_CASE(
    "a script inside of EXEC that has written is not killed, whatever script-kill-undo says") {
  RunningServer server([](Settings& settings) {
    SoonBusy(settings);
    settings.script_kill_undo = true;
  });
  TestClient client(server.port());
  TestClient other(server.port());
  CHECK(client.Run({"MULTI"}) == "+OK");
  CHECK(client.Run({"EVAL", "redis.call('set','a',1) local n = 0 while n < 3e7 do n = n + 1 end",
                    "0"}) == "+QUEUED");
  client.SendCommand({"EXEC"});
  REQUIRE(BecomesBusy(other));
  CHECK(other.Run({"SCRIPT", "KILL"}).starts_with("-UNKILLABLE"));
  CHECK(client.Read() == "[nil$]");
  CHECK(other.Run({"GET", "a"}) == "\"1\"");
}

TEST_CASE("SHUTDOWN NOSAVE ends a script that has written, and what it wrote is not stored") {
  RunningServer server(SoonBusy);
  {
    TestClient client(server.port());
    TestClient other(server.port());
    CHECK(client.Run({"SET", "a", "before"}) == "+OK");
    client.SendCommand({"EVAL",
                        "redis.call('set','a','half') while true do pcall(redis.call, 'incr', 'n') "
                        "end",
                        "0"});
    REQUIRE(BecomesBusy(other));
    other.SendCommand({"SHUTDOWN", "NOSAVE"});
    CHECK(other.Read() == "closed");
    CHECK(server.Join().ok());
  }
  server.Restart();
  TestClient client(server.port());
  CHECK(client.Run({"GET", "a"}) == "\"before\"");
  CHECK(client.Run({"GET", "n"}) == "nil$");
}

TEST_CASE("replies that were ready before a script that loops leave while it runs") {
  RunningServer server(SoonBusy);
  TestClient client(server.port());
  TestClient other(server.port());
  client.Send("SET a 1\r\nGET a\r\nEVAL \"while true do end\" 0\r\nGET a\r\n");
  CHECK(client.Read() == "+OK");
  CHECK(client.Read() == "\"1\"");
  REQUIRE(BecomesBusy(other));
  CHECK(other.Run({"SCRIPT", "KILL"}) == "+OK");
  CHECK(client.Read().starts_with("-ERR Script killed"));
  CHECK(client.Read() == "\"1\"");
}

TEST_CASE("a script that needs more memory than lua-memory-limit ends with an error") {
  RunningServer server([](Settings& settings) { settings.lua_memory_limit = 4 << 20; });
  TestClient client(server.port());
  const std::string hungry = "local t = {} for i = 1, 1e8 do t[i] = 'x' .. i end";
  for (int i = 0; i < 3; ++i) {
    CHECK(client.Run({"EVAL", hungry, "0"}).starts_with("-OOM Error running script "));
    CHECK(client.Run({"EVAL", "return string.rep('x', 1e8)", "0"}).starts_with("-OOM"));
    // Caught, it is an error as any.
    CHECK(client.Run({"EVAL", "return {pcall(string.rep, 'x', 1e8)}", "0"}) ==
          "[nil$, \"not enough memory\"]");
    CHECK(client.Run({"EVAL", "return 1", "0"}) == ":1");
  }
  // A reply larger than what is left.
  CHECK(client.Run({"SET", "big", std::string(5 << 20, 'x')}) == "+OK");
  CHECK(client.Run({"EVAL", "return #redis.call('get','big')", "0"}).starts_with("-OOM"));
  CHECK(client.Run({"CONFIG", "SET", "lua-memory-limit", "64mb"}) == "+OK");
  CHECK(client.Run({"EVAL", "return #redis.call('get','big')", "0"}) == ":5242880");
}

TEST_CASE("the state in which a client is remains its own") {
  RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"EVAL", "redis.call('select', 3) return redis.call('set','k','v')", "0"}) ==
        "+OK");
  CHECK(client.Run({"GET", "k"}) == "nil$");
  CHECK(client.RunText({"CLIENT", "INFO"}).find(" db=0 ") != std::string::npos);
}

}  // namespace
}  // namespace server
