// SPDX-License-Identifier: BSD-3-Clause
#pragma once

struct lua_State;

// The world of libraries of functions within the sandbox of scripts. While a library is loaded, it
// sees nothing but a small table `redis`: register_function, log and constants. Its functions, when
// they are called, see what scripts do, less what Redis has for EVAL only.
namespace scripting {

class FunctionSink;

// Once per Lua state, after BuildSandbox(). May raise.
void BuildLibrarySandbox(lua_State* state, FunctionSink* sink);
// The compiled library on top of the stack, which stays, gets the narrow world, and so will all
// functions made in it. May raise.
void EnterLibraryWorld(lua_State* state);
// The library that has entered last is loaded: its functions see the whole.
void WidenLibraryWorld(lua_State* state);

}  // namespace scripting
