// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

// Functions of Lua's own libraries that call back into Lua: pcall, xpcall, coroutine.create, resume
// and wrap, string.format (which calls __tostring). LuaJIT's let a script use up the C stack, which
// ends the process, and its xpcall calls the handler of an error that the hook raised from within
// the hook, where no other hook is called: such a handler could not be ended.
namespace scripting {

// By name, ended by nullptr.
extern const luaL_Reg kCallingBase[];
extern const luaL_Reg kCallingCoroutine[];

// Pushes string.format in front of LuaJIT's, which is on top of the stack and is replaced.
void WrapFormat(lua_State* lua);

}  // namespace scripting
