// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

namespace scripting {

// string.find, match, gmatch and gsub, by Lua 5.1's manual and error texts. LuaJIT's own cannot be
// interrupted, and a pattern that backtracks for ever would hold up the server for ever. By name,
// ended by nullptr.
extern const luaL_Reg kStringSearch[];

}  // namespace scripting
