// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/tail_calls.h"

#include <doctest/doctest.h>

namespace scripting {
namespace {

TEST_CASE("a call that a script returns is put in brackets") {
  CHECK(PlaceTailCalls("return f(x)") == "return( f(x))");
  CHECK(PlaceTailCalls("return redis.call('get', KEYS[1])") ==
        "return( redis.call('get', KEYS[1]))");
  CHECK(PlaceTailCalls("return f 'x' -- why\n") == "return( f 'x') -- why\n");
  CHECK(PlaceTailCalls("return f{1,2};") == "return( f{1,2});");
  CHECK(PlaceTailCalls("return f [==[ ]] ]==]") == "return( f [==[ ]] ]==])");
  CHECK(PlaceTailCalls("if a then return f() else return g() end") ==
        "if a then return( f()) else return( g()) end");
  CHECK(PlaceTailCalls("repeat return f() until x") == "repeat return( f()) until x");
  CHECK(PlaceTailCalls("for i = 1, 2 do return\nf(\ni) end") ==
        "for i = 1, 2 do return(\nf(\ni)) end");
  CHECK(PlaceTailCalls("return f(g(1, 2), {3, 4})") == "return( f(g(1, 2), {3, 4}))");
}

TEST_CASE("what is no call, or several values, stays") {
  for (const char* code :
       {"return", "return 1", "return a", "return f(), g()", "return f(), 1", "return ...",
        "return function() end", "local x = 'return f()'", "-- return f()", "--[[ return f() ]]",
        "x = [[ return f() ]]", "return -- f()\n", "", "local returned = f()"}) {
    CHECK(PlaceTailCalls(code) == code);
  }
}

TEST_CASE("in a function only calls of redis are, which have one value") {
  CHECK(PlaceTailCalls("local function f() return g() end") == "local function f() return g() end");
  CHECK(PlaceTailCalls("local function f() return redis.call('x') end") ==
        "local function f() return( redis.call('x')) end");
  CHECK(PlaceTailCalls("local function f() return redis.call('x').err() end") ==
        "local function f() return redis.call('x').err() end");
  CHECK(PlaceTailCalls("local function f() return redis.call('x'), g() end") ==
        "local function f() return redis.call('x'), g() end");
  CHECK(PlaceTailCalls("return pcall(function() if a then return redis.call('x') end end)") ==
        "return( pcall(function() if a then return( redis.call('x')) end end))");
  CHECK(PlaceTailCalls("local f = function() while a do return g() end end return f()") ==
        "local f = function() while a do return g() end end return( f())");
}

TEST_CASE("what is no Lua stays") {
  for (const char* code :
       {"return 'abc", "return f(\"a\n\")", "return [[abc", "return f() end", "return f())",
        "--[[ return f()", "# return\npcall(f)", "\xef\xbb\xbf# return\npcall(f)"}) {
    CHECK(PlaceTailCalls(code) == code);
  }
}

TEST_CASE("any bytes are taken") {
  const std::string pieces[] = {"return ", "f(", ")",   "end ", "function ", "'", "\"",
                                "[[",      "]]", "--",  "\n",   "\\",        "{", "}",
                                ",",       ";",  "if ", "1e+",  "redis.",    "\0"};
  uint64_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    std::string code;
    for (int i = 0; i < 12; ++i) {
      state = state * 6364136223846793005 + 1442695040888963407;
      code += pieces[(state >> 33) % std::size(pieces)];
    }
    const std::string placed = PlaceTailCalls(code);
    // Only brackets were added.
    std::string left = placed;
    std::string right = code;
    std::erase(left, '(');
    std::erase(left, ')');
    std::erase(right, '(');
    std::erase(right, ')');
    CHECK(left == right);
  }
}

}  // namespace
}  // namespace scripting
