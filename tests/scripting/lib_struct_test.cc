// SPDX-License-Identifier: BSD-3-Clause
// What is expected here was asked of redis-server 7.0.
#include <string>

#include <doctest/doctest.h>

#include "tests/scripting/lua_fixture.h"

namespace scripting {
namespace {

TEST_CASE("struct packs and unpacks what Redis does") {
  TestLua lua;
  CHECK(lua.Run("struct.pack('>Hc0s', 258, 'ab', 'c')") == std::string("\1\2abc\0", 6));
  CHECK(lua.Run("struct.pack('<i3', -2)") == "\xfe\xff\xff");
  CHECK(lua.Run("struct.pack('>i9', 1)") == std::string("\0\0\0\0\0\0\0\0\1", 9));
  CHECK(lua.Run("struct.pack('!4 bxi', 1, 2)") == std::string("\1\0\0\0\2\0\0\0", 8));
  CHECK(lua.Run("struct.unpack('>bBhH', '\\255\\255\\255\\254\\255\\254')") == "-1|255|-2|65534|7");
  CHECK(lua.Run("struct.unpack('<bc0s', '\\3abcxy\\0', 1)") == "abc|xy|8");
  CHECK(lua.Run("struct.unpack('>d', struct.pack('>d', 0.1))") == "0.10000000000000001|9");
  CHECK(lua.Run("struct.unpack('<f', struct.pack('<f', 0.5), 1)") == "0.5|5");
  CHECK(lua.Run("struct.size('!8 bd i3 c5')") == "26");
  CHECK(lua.Run("struct.pack('L', 2^64)") == std::string(8, '\0'));
  CHECK(lua.Run("struct.pack('<L', -1)") == std::string(8, '\xff'));
}

TEST_CASE("struct's errors are Redis'") {
  TestLua lua;
  const auto fails = [&](const std::string& call) {
    const std::string result = lua.Run("pcall(" + call + ")");
    REQUIRE(result.starts_with("false|"));
    return result.substr(6);
  };
  CHECK(fails("struct.pack, 'Z', 1") == "bad argument #1 to '?' (invalid format option 'Z')");
  CHECK(fails("struct.pack, 'i'") == "bad argument #2 to '?' (number expected, got nil)");
  CHECK(fails("struct.pack, 'c5', 'abc'") == "bad argument #3 to '?' (string too short)");
  CHECK(fails("struct.pack, 'i33', 1") == "integral size 33 is larger than limit of 32");
  CHECK(fails("struct.pack, '!3'") == "alignment 3 is not a power of 2");
  CHECK(fails("struct.pack, 'i99999999999', 1") == "integral size overflow");
  CHECK(fails("struct.unpack, 'i4', 'ab'") == "bad argument #2 to '?' (data string too short)");
  CHECK(fails("struct.unpack, 'b', 'ab', 0") ==
        "bad argument #3 to '?' (offset must be 1 or greater)");
  CHECK(fails("struct.unpack, 'b', 'ab', -1") == "bad argument #2 to '?' (data string too short)");
  CHECK(fails("struct.unpack, 's', 'ab'") == "unfinished string in data");
  CHECK(fails("struct.unpack, 'c0', 'ab'") == "format 'c0' needs a previous size");
  CHECK(fails("struct.unpack, 'bc0', '\\255ab'") ==
        "bad argument #2 to '?' (data string too short)");
  CHECK(fails("struct.size, 's'") == "bad argument #1 to '?' (option 's' has no fixed size)");
  CHECK(fails("struct.size, 'c0'") == "bad argument #1 to '?' (option 'c0' has no fixed size)");
}

}  // namespace
}  // namespace scripting
