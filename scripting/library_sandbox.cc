// SPDX-License-Identifier: BSD-3-Clause
// No frame here holds an object with a destructor: Lua's errors jump over them.
#include "scripting/library_sandbox.h"

#include <lua.hpp>

#include "scripting/register_function.h"
#include "scripting/sandbox.h"
#include "scripting/sandbox_functions.h"

namespace scripting {
namespace {

constexpr const char* kNarrowKey = "tiercel.library.globals";
constexpr const char* kWorldKey = "tiercel.library.world";

// What a library may use of `redis` while it is loaded.
constexpr const char* kWhileLoading[] = {
    "log",         "LOG_DEBUG",     "LOG_VERBOSE",      "LOG_NOTICE",
    "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM"};
// What only EVAL has.
constexpr const char* kOnlyForEval[] = {"breakpoint", "debug", "replicate_commands"};

// Reading a field that the table on top has not is an error, as with globals.
void ForbidUnknownFields(lua_State* state) {
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, RaiseNonexistentGlobal);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
}

}  // namespace

void BuildLibrarySandbox(lua_State* state, FunctionSink* sink) {
  PushRealLibrary(state, "redis");
  const int redis = lua_gettop(state);
  for (const char* const name : kOnlyForEval) {
    lua_pushnil(state);
    lua_setfield(state, redis, name);
  }
  lua_newtable(state);
  for (const char* const name : kWhileLoading) {
    lua_getfield(state, redis, name);
    lua_setfield(state, -2, name);
  }
  PushRegisterFunction(state, sink);
  lua_setfield(state, -2, "register_function");
  ForbidUnknownFields(state);
  PushReadOnly(state);
  // The globals of a library that is being loaded.
  lua_newtable(state);
  lua_insert(state, -2);
  lua_setfield(state, -2, "redis");
  ForbidUnknownFields(state);
  lua_setfield(state, LUA_REGISTRYINDEX, kNarrowKey);
  lua_settop(state, redis - 1);
  lua_pushnil(state);
  SetRealGlobal(state, "__redis__err__handler");
}

void EnterLibraryWorld(lua_State* state) {
  lua_getfield(state, LUA_REGISTRYINDEX, kNarrowKey);
  PushReadOnly(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, LUA_REGISTRYINDEX, kWorldKey);
  lua_setfenv(state, -2);
}

void WidenLibraryWorld(lua_State* state) {
  lua_getfield(state, LUA_REGISTRYINDEX, kWorldKey);
  lua_getmetatable(state, -1);
  lua_pushvalue(state, LUA_GLOBALSINDEX);
  ReplaceByReal(state, lua_gettop(state));
  lua_setfield(state, -2, "__index");
  lua_pop(state, 2);
}

}  // namespace scripting
