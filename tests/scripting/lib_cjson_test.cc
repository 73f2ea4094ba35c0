// SPDX-License-Identifier: BSD-3-Clause
// What is expected here was asked of redis-server 7.0.
#include <string>

#include <doctest/doctest.h>

#include "tests/scripting/lua_fixture.h"

namespace scripting {
namespace {

std::string Fails(TestLua& lua, const std::string& call) {
  const std::string result = lua.Run("pcall(" + call + ")");
  REQUIRE(result.starts_with("false|"));
  return result.substr(6);
}

TEST_CASE("cjson encodes as lua-cjson does") {
  TestLua lua;
  CHECK(lua.Run("cjson.encode({1, 'a', {}, true, cjson.null, 0.1, 1e100})") ==
        R"([1,"a",{},true,null,0.1,1e+100])");
  CHECK(lua.Run("cjson.encode('\"\\\\/\\b\\f\\n\\r\\t\\1\\127\\200')") ==
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\xc8\"");
  CHECK(lua.Run("cjson.encode({[1]=1,[3]=3})") == "[1,null,3]");
  CHECK(lua.Run("cjson.encode({['a/b']={x=1}})") == R"({"a\/b":{"x":1}})");
  CHECK(lua.Run("cjson.encode({[0]=1})") == R"({"0":1})");
  CHECK(lua.Run("cjson.encode({[3000000000]=1})") == R"({"3000000000":1})");
  CHECK(lua.Run("cjson.encode(123456789012345678)") == "1.2345678901235e+17");
}

TEST_CASE("cjson decodes as lua-cjson does") {
  TestLua lua;
  CHECK(
      lua.Run(R"(cjson.decode(' {"a" : [1, -2.5e1, true, null, "\\u00e9\\ud83d\\ude00\\n"]} '))") ==
      "{a={1=1 2=-25 3=true 4=null 5=\xc3\xa9\xf0\x9f\x98\x80\n}}");
  CHECK(lua.Run("cjson.decode('[0x10, 012, -Infinity]')") == "{1=16 2=12 3=-inf}");
  CHECK(lua.Run("cjson.decode('12\\0garbage')") == "12");
  CHECK(lua.Run("cjson.decode(cjson.encode(cjson.decode('[[],{}]')))") == "{1={} 2={}}");
}

TEST_CASE("cjson's errors are Redis'") {
  TestLua lua;
  CHECK(Fails(lua, "cjson.encode") == "bad argument #1 to '?' (expected 1 argument)");
  CHECK(Fails(lua, "cjson.encode, print") == "Cannot serialise function: type not supported");
  CHECK(Fails(lua, "cjson.encode, {[true]=1}") ==
        "Cannot serialise boolean: table key must be a number or string");
  CHECK(Fails(lua, "cjson.encode, {[1]=1,[1000]=2}") ==
        "Cannot serialise table: excessively sparse array");
  CHECK(Fails(lua, "cjson.encode, 0/0") == "Cannot serialise number: must not be NaN or Inf");
  CHECK(Fails(lua, "cjson.encode, (function() local t = {} t[1] = t return t end)()") ==
        "Cannot serialise, excessive nesting (1001)");
  CHECK(Fails(lua, "cjson.decode, ''") == "Expected value but found T_END at character 1");
  CHECK(Fails(lua, "cjson.decode, '{x'") ==
        "Expected object key string but found invalid token at character 2");
  CHECK(Fails(lua, "cjson.decode, '[1 2]'") ==
        "Expected comma or array end but found T_NUMBER at character 4");
  CHECK(Fails(lua, "cjson.decode, '[1]]'") ==
        "Expected the end but found T_ARR_END at character 4");
  CHECK(Fails(lua, "cjson.decode, '\"ab'") ==
        "Expected value but found unexpected end of string at character 4");
  CHECK(Fails(lua, R"(cjson.decode, '"\\ud800"')") ==
        "Expected value but found invalid unicode escape code at character 2");
  CHECK(Fails(lua, "cjson.decode, string.rep('[', 1005)") ==
        "Found too many nested data structures (1001) at character 1001");
  CHECK(Fails(lua, "cjson.decode, 'a\\0'") == "JSON parser does not support UTF-16 or UTF-32");
}

TEST_CASE("cjson's settings, and instances of its own") {
  TestLua lua;
  CHECK(lua.Run("cjson.encode_sparse_array()") == "false|2|10");
  CHECK(lua.Run("cjson.encode_sparse_array(true, 2, 3)") == "true|2|3");
  CHECK(lua.Run("cjson.encode({[10]=1})") == R"({"10":1})");
  CHECK(lua.Run("cjson.new().encode_sparse_array()") == "false|2|10");
  CHECK(lua.Run("cjson.encode_max_depth(2)") == "2");
  CHECK(Fails(lua, "cjson.encode, {{{}}}") == "Cannot serialise, excessive nesting (3)");
  CHECK(lua.Run("cjson.decode_max_depth()") == "1000");
  CHECK(lua.Run("cjson.encode_number_precision(3)") == "3");
  CHECK(lua.Run("cjson.encode(3.14159)") == "3.14");
  CHECK(lua.Run("cjson.encode_invalid_numbers('null')") == "null");
  CHECK(lua.Run("cjson.encode({0/0, 1/0})") == "[null,null]");
  CHECK(lua.Run("cjson.encode_invalid_numbers(true)") == "true");
  CHECK(lua.Run("cjson.encode({-1/0})") == "[-inf]");
  CHECK(lua.Run("cjson.decode_invalid_numbers(false)") == "false");
  CHECK(Fails(lua, "cjson.decode, '[0x1]'") ==
        "Expected value but found invalid number at character 2");
  CHECK(lua.Run("cjson.encode_keep_buffer('off')") == "false");
  CHECK(Fails(lua, "cjson.encode_max_depth, 0") ==
        "bad argument #1 to '?' (expected integer between 1 and 2147483647)");
  CHECK(Fails(lua, "cjson.encode_max_depth, 1, 2") ==
        "bad argument #2 to '?' (found too many arguments)");
  CHECK(Fails(lua, "cjson.encode_invalid_numbers, 'x'") ==
        "bad argument #1 to '?' (invalid option 'x')");
}

// The fixture checks at its end that every byte was given back.
TEST_CASE("no call leaks or crashes when memory runs out in its midst") {
  TestLua lua;
  REQUIRE(lua.Run("(function() big = {} for i = 1, 2000 do big[i] = {k = 'v' .. i, i} end "
                  "json = cjson.encode(big) pack = cmsgpack.pack(big) return 1 end)()") == "1");
  lua_gc(lua.state(), LUA_GCCOLLECT, 0);
  const size_t base = lua.used();
  int failed = 0;
  for (size_t extra = 1000; extra < 600'000; extra += 7'000) {
    for (const char* const code :
         {"#cjson.encode(big)", "#cjson.decode(json)", "#cmsgpack.pack(big)",
          "#cmsgpack.unpack(pack)", "#struct.pack('c0', string.rep('x', 100000))"}) {
      lua.SetLimit(base + extra);
      failed += lua.Run(code).starts_with("error: not enough memory") ? 1 : 0;
      lua.SetLimit(0);
      lua_gc(lua.state(), LUA_GCCOLLECT, 0);
    }
  }
  CHECK(failed > 20);
  CHECK(lua.Run("#cjson.decode(cjson.encode(big))") == "2000");
}

}  // namespace
}  // namespace scripting
