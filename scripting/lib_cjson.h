// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

namespace scripting {

// Opens the library `cjson` (encode, decode, new and its settings), as Redis' scripts know it from
// lua-cjson 2.1. Makes it a global and leaves its table on the stack. A lua_CFunction; may raise.
//
// It is our own, since lua-cjson as Debian has it takes memory past the Lua state's allocator, ends
// the process when there is none, and writes past its buffer for very long strings
// (CVE-2022-24834).
int OpenCjson(lua_State* lua);

}  // namespace scripting
