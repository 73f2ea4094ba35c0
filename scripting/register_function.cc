// SPDX-License-Identifier: BSD-3-Clause
// No frame here holds an object with a destructor: Lua's errors jump over them.
#include "scripting/register_function.h"

#include <strings.h>

#include <cstddef>

#include <lua.hpp>

#include "scripting/lua_values.h"
#include "scripting/shebang.h"

namespace scripting {
namespace {

// Where on the stack the named arguments are collected.
constexpr int kName = 2;
constexpr int kDescription = 3;
constexpr int kCallback = 4;

int Raise(lua_State* state, const char* text) {
  PushErrorTable(state, text, /*counted=*/false);
  return lua_error(state);
}

// The flags in the table on top of the stack. False: one is not known.
bool ReadFlags(lua_State* state, uint32_t* flags) {
  for (int i = 1;; ++i) {
    lua_rawgeti(state, -1, i);
    if (lua_isnil(state, -1)) {
      lua_pop(state, 1);
      return true;
    }
    uint32_t flag = 0;
    if (lua_type(state, -1) == LUA_TSTRING) {
      for (const ScriptFlagName& known : ScriptFlagNames()) {
        if (strcasecmp(known.name.data(), lua_tostring(state, -1)) == 0) flag = known.flag;
      }
    }
    lua_pop(state, 1);
    if (flag == 0) return false;
    *flags |= flag;
  }
}

// One named argument: its key is below its value on the stack; both stay. What is wrong with it, or
// nullptr.
const char* ReadNamed(lua_State* state, uint32_t* flags) {
  if (lua_isstring(state, -2) == 0) {
    return "ERR named argument key given to redis.register_function is not a string";
  }
  // A number is no name of ours, and must not be made a string while the table is walked.
  const char* const key = lua_type(state, -2) == LUA_TSTRING ? lua_tostring(state, -2) : "";
  const auto keep = [state](int slot) {
    lua_pushvalue(state, -1);
    lua_replace(state, slot);
  };
  if (strcasecmp(key, "function_name") == 0) {
    if (lua_isstring(state, -1) == 0) {
      return "ERR function_name argument given to redis.register_function must be a string";
    }
    keep(kName);
  } else if (strcasecmp(key, "description") == 0) {
    if (lua_isstring(state, -1) == 0) {
      return "ERR description argument given to redis.register_function must be a string";
    }
    keep(kDescription);
  } else if (strcasecmp(key, "callback") == 0) {
    if (!lua_isfunction(state, -1)) {
      return "ERR callback argument given to redis.register_function must be a function";
    }
    keep(kCallback);
  } else if (strcasecmp(key, "flags") == 0) {
    if (!lua_istable(state, -1)) {
      return "ERR flags argument to redis.register_function must be a table representing function "
             "flags";
    }
    if (!ReadFlags(state, flags)) return "ERR unknown flag given";
  } else {
    return "ERR unknown argument given to redis.register_function";
  }
  return nullptr;
}

// register_function{function_name = …, callback = …, …}: puts the arguments into their places.
const char* ReadNamedArguments(lua_State* state, uint32_t* flags) {
  if (!lua_istable(state, 1)) {
    return "ERR calling redis.register_function with a single argument is only applicable to Lua "
           "table (representing named arguments).";
  }
  lua_settop(state, kCallback);
  lua_pushnil(state);
  while (lua_next(state, 1) != 0) {
    if (const char* const problem = ReadNamed(state, flags); problem != nullptr) return problem;
    lua_pop(state, 1);
  }
  if (lua_isnil(state, kName)) {
    return "ERR redis.register_function must get a function name argument";
  }
  if (lua_isnil(state, kCallback)) {
    return "ERR redis.register_function must get a callback argument";
  }
  return nullptr;
}

// register_function(name, callback)
const char* ReadPositionalArguments(lua_State* state) {
  if (lua_isstring(state, 1) == 0) {
    return "ERR first argument to redis.register_function must be a string";
  }
  if (!lua_isfunction(state, 2)) {
    return "ERR second argument to redis.register_function must be a function";
  }
  lua_settop(state, kCallback);
  lua_pushvalue(state, 2);
  lua_replace(state, kCallback);
  lua_pushvalue(state, 1);
  lua_replace(state, kName);
  return nullptr;
}

int RegisterFunction(lua_State* state) {
  auto* const sink = static_cast<FunctionSink*>(lua_touserdata(state, lua_upvalueindex(1)));
  if (!sink->loading()) {
    return Raise(state, "ERR redis.register_function can only be called on FUNCTION LOAD command");
  }
  const int count = lua_gettop(state);
  if (count < 1 || count > 2) {
    return Raise(state, "ERR wrong number of arguments to redis.register_function");
  }
  uint32_t flags = 0;
  const char* problem =
      count == 1 ? ReadNamedArguments(state, &flags) : ReadPositionalArguments(state);
  if (problem != nullptr) return Raise(state, problem);
  size_t name_size = 0;
  const char* const name = lua_tolstring(state, kName, &name_size);
  size_t description_size = 0;
  const char* const description = lua_tolstring(state, kDescription, &description_size);
  lua_pushvalue(state, kCallback);
  const int callback = luaL_ref(state, LUA_REGISTRYINDEX);
  std::optional<std::string_view> described;
  if (description != nullptr) described.emplace(description, description_size);
  problem = sink->AddFunction({name, name_size}, described, flags, callback);
  if (problem == nullptr) return 0;
  luaL_unref(state, LUA_REGISTRYINDEX, callback);
  return Raise(state, problem);
}

}  // namespace

void PushRegisterFunction(lua_State* state, FunctionSink* sink) {
  lua_pushlightuserdata(state, sink);
  lua_pushcclosure(state, RegisterFunction, 1);
}

}  // namespace scripting
