// SPDX-License-Identifier: BSD-3-Clause
// What is expected here was asked of redis-server 7.0.
#include <string>

#include <doctest/doctest.h>

#include "tests/scripting/lua_fixture.h"

namespace scripting {
namespace {

TEST_CASE("cmsgpack chooses the shortest form for each value") {
  TestLua lua;
  CHECK(lua.Run("cmsgpack.pack(0, 127, 128, 255, 256, -32, -33, 65536, -32769)") ==
        std::string("\0\x7f\xcc\x80\xcc\xff\xcd\1\0\xe0\xd0\xdf\xce\0\1\0\0\xd2\xff\xff\x7f\xff",
                    22));
  CHECK(lua.Run("cmsgpack.pack(0.5, 0.1, 1/0)") ==
        std::string("\xca\x3f\0\0\0\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a\xca\x7f\x80\0\0", 19));
  CHECK(lua.Run("cmsgpack.pack(nil, true, false, 'ab', {}, {1,{}}, {a=1})") ==
        "\xc0\xc3\xc2\xa2"
        "ab\x90\x92\x01\x90\x81\xa1"
        "a\x01");
  CHECK(lua.Run("#cmsgpack.pack(string.rep('x', 70000))") == "70005");
  CHECK(lua.Run("cmsgpack.pack({[2]=1})") == "\x81\x02\x01");
  CHECK(lua.Run("cmsgpack.unpack(cmsgpack.pack({1,'a',{k={true}}}))") ==
        "{1=1 2=a 3={k={1=true}}}");
}

TEST_CASE("tables too deep to pack become nil") {
  TestLua lua;
  CHECK(lua.Run("(function() local t = {} t[1] = t return cmsgpack.pack(t) end)()") ==
        std::string(16, '\x91') + "\xc0");
}

TEST_CASE("cmsgpack unpacks one, some and all") {
  TestLua lua;
  CHECK(lua.Run("cmsgpack.unpack('\\1\\2\\3')") == "1|2|3");
  CHECK(lua.Run("cmsgpack.unpack('')") == "");
  CHECK(lua.Run("cmsgpack.unpack_one('\\1\\2\\3')") == "1|1");
  CHECK(lua.Run("cmsgpack.unpack_one('\\1\\2\\3', 2)") == "-1|3");
  CHECK(lua.Run("cmsgpack.unpack_limit('\\1\\2\\3', 2)") == "2|1|2");
  CHECK(lua.Run("cmsgpack.unpack_limit('\\1\\2\\3', 2, 1)") == "-1|2|3");
  CHECK(lua.Run("cmsgpack.unpack('\\207\\255\\255\\255\\255\\255\\255\\255\\255')") == "-1");
}

TEST_CASE("cmsgpack's errors are Redis'") {
  TestLua lua;
  const auto fails = [&](const std::string& call) {
    const std::string result = lua.Run("pcall(" + call + ")");
    REQUIRE(result.starts_with("false|"));
    return result.substr(6);
  };
  CHECK(fails("cmsgpack.pack") == "bad argument #0 to '?' (MessagePack pack needs input.)");
  CHECK(fails("cmsgpack.unpack, '\\147'") == "Missing bytes in input.");
  CHECK(fails("cmsgpack.unpack, '\\193'") == "Bad data format in input.");
  CHECK(fails("cmsgpack.unpack, '\\221\\255\\255\\255\\255'") == "Missing bytes in input.");
  CHECK(fails("cmsgpack.unpack, '\\129\\192\\1'") == "table index is nil");
  CHECK(fails("cmsgpack.unpack_limit, 'abc', -1") ==
        "Invalid request to unpack with offset of 0 and limit of 3.");
  CHECK(fails("cmsgpack.unpack_limit, 'abc', 1, 5") ==
        "Start offset 5 greater than input length 3.");
  CHECK(fails("cmsgpack.unpack, string.rep('\\145', 100000)") ==
        "stack overflow (in function mp_decode_to_lua_array)");
}

}  // namespace
}  // namespace scripting
