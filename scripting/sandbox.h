// SPDX-License-Identifier: BSD-3-Clause
#pragma once

struct lua_State;

// The world that a script sees: Redis' list of globals and libraries, all of them read-only. Stock
// Lua has no read-only tables, so what a script gets is an empty table whose metatable looks things
// up in the real one and refuses assignments; the few functions that would see or get past that
// (rawset, rawget, pairs, getmetatable, setmetatable, table.insert) are replaced.
namespace scripting {

// Makes it. `redis` lies on top of the stack, and is popped. Afterwards globals that C code sets by
// lua_setglobal are refused, too: use SetRealGlobal.
void BuildSandbox(lua_State* state);

// Sets the global to the value on top of the stack, and pops it.
void SetRealGlobal(lua_State* state, const char* name);
// Pushes the real table of a library ("redis", "string").
void PushRealLibrary(lua_State* state, const char* name);

// For C functions: a read-only table on the stack is replaced by the real one behind it. False: it
// was none.
bool ReplaceByReal(lua_State* state, int index);

}  // namespace scripting
