// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/calls_back.h"

#include "scripting/long_calls.h"
#include "scripting/lua_vm.h"

namespace scripting {
namespace {

// pcall as Redis has it: of an error table only the text is given on.
int PCall(lua_State* lua) {
  luaL_checkany(lua, 1);
  CheckCStack(lua);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);
  if (lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0) != 0) {
    lua_remove(lua, 1);
    if (lua_istable(lua, -1)) {
      lua_getfield(lua, -1, "err");
      if (lua_isstring(lua, -1) != 0) {
        lua_replace(lua, -2);
      } else {
        lua_pop(lua, 1);
      }
    }
    lua_pushboolean(lua, 0);
    lua_insert(lua, 1);
  }
  return lua_gettop(lua);
}

// The handler of xpcall (the upvalue), unless nothing of the script may run any more.
int GuardedHandler(lua_State* lua) {
  if (LuaVm::Of(lua).is_ending()) return 1;
  CheckCStack(lua);
  lua_settop(lua, 1);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, 1, 1);
  return 1;
}

// xpcall(function, handler)
int XPCall(lua_State* lua) {
  luaL_checkany(lua, 2);
  CheckCStack(lua);
  lua_settop(lua, 2);
  lua_pushcclosure(lua, GuardedHandler, 1);
  lua_insert(lua, 1);
  const int status = lua_pcall(lua, 0, LUA_MULTRET, 1);
  lua_pushboolean(lua, status == 0 ? 1 : 0);
  lua_replace(lua, 1);
  return lua_gettop(lua);
}

lua_State* CheckCoroutine(lua_State* lua) {
  lua_State* const coroutine = lua_tothread(lua, 1);
  luaL_argcheck(lua, coroutine != nullptr, 1, "coroutine expected");
  return coroutine;
}

// Why it cannot be resumed, or nullptr.
const char* NotSuspended(lua_State* lua, lua_State* coroutine) {
  if (lua == coroutine) return "running";
  const int status = lua_status(coroutine);
  if (status == LUA_YIELD) return nullptr;
  if (status != 0) return "dead";
  lua_Debug frame;
  if (lua_getstack(coroutine, 0, &frame) > 0) return "normal";  // It resumed another.
  return lua_gettop(coroutine) == 0 ? "dead" : nullptr;
}

// Resumes with the `count` values on top, and pushes what came back: their number, or -1 and the
// error's value.
int Resume(lua_State* lua, lua_State* coroutine, int count) {
  CheckCStack(lua);
  if (lua_checkstack(coroutine, count) == 0) luaL_error(lua, "too many arguments to resume");
  if (const char* const state = NotSuspended(lua, coroutine); state != nullptr) {
    lua_pushfstring(lua, "cannot resume %s coroutine", state);
    return -1;
  }
  lua_xmove(lua, coroutine, count);
  const int status = lua_resume(coroutine, count);
  if (status != 0 && status != LUA_YIELD) {
    lua_xmove(coroutine, lua, 1);
    return -1;
  }
  const int results = lua_gettop(coroutine);
  if (lua_checkstack(lua, results + 1) == 0) luaL_error(lua, "too many results to resume");
  lua_xmove(coroutine, lua, results);
  return results;
}

// coroutine.create(function)
int CoroutineCreate(lua_State* lua) {
  luaL_argcheck(lua, lua_isfunction(lua, 1) && lua_iscfunction(lua, 1) == 0, 1,
                "Lua function expected");
  lua_State* const coroutine = lua_newthread(lua);
  lua_pushvalue(lua, 1);
  lua_xmove(lua, coroutine, 1);
  return 1;
}

// coroutine.resume(coroutine, value ...)
int CoroutineResume(lua_State* lua) {
  lua_State* const coroutine = CheckCoroutine(lua);
  const int results = Resume(lua, coroutine, lua_gettop(lua) - 1);
  const int pushed = results < 0 ? 1 : results;
  lua_pushboolean(lua, results < 0 ? 0 : 1);
  lua_insert(lua, -pushed - 1);
  return pushed + 1;
}

// What coroutine.wrap gives: the coroutine is its upvalue.
int ResumeWrapped(lua_State* lua) {
  lua_State* const coroutine = lua_tothread(lua, lua_upvalueindex(1));
  const int results = Resume(lua, coroutine, lua_gettop(lua));
  if (results >= 0) return results;
  if (lua_isstring(lua, -1) != 0) {
    luaL_where(lua, 1);
    lua_insert(lua, -2);
    lua_concat(lua, 2);
  }
  return lua_error(lua);
}

// coroutine.wrap(function)
int CoroutineWrap(lua_State* lua) {
  CoroutineCreate(lua);
  lua_pushcclosure(lua, ResumeWrapped, 1);
  return 1;
}

// Runs LuaJIT's in this frame, so that the errors are its own.
int Format(lua_State* lua) {
  CheckCStack(lua);
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

}  // namespace

constexpr luaL_Reg kCallingBase[] = {{"pcall", PCall}, {"xpcall", XPCall}, {nullptr, nullptr}};
constexpr luaL_Reg kCallingCoroutine[] = {{"create", CoroutineCreate},
                                          {"resume", CoroutineResume},
                                          {"wrap", CoroutineWrap},
                                          {nullptr, nullptr}};

void WrapFormat(lua_State* lua) {
  lua_pushcclosure(lua, Format, 1);
}

}  // namespace scripting
