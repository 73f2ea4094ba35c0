// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

// The functions that scripts get in place of Lua's own, and read-only tables.
namespace scripting {

// Where the registry has Lua's own next.
inline constexpr const char* kNextKey = "tiercel.next";

// Replaces the table on top by a read-only one in front of it.
void PushReadOnly(lua_State* state);
// getmetatable() of the value at `index` (a read-only table, a string) gives the table on top,
// which is popped.
void SetShownMetatable(lua_State* state, int index);
// A read-only table at `index` is replaced by the real one behind it. False: it was none.
bool ReplaceByReal(lua_State* state, int index);

// By name, ended by nullptr.
const luaL_Reg* BaseFunctions();
const luaL_Reg* LibraryFunctions(const char* library);

int RaiseNonexistentGlobal(lua_State* state);
// load and loadstring for source text only: byte code can crash the process. Their upvalue is
// LuaJIT's load.
int TextLoad(lua_State* state);
int TextLoadString(lua_State* state);

}  // namespace scripting
