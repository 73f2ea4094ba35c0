// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/sandbox_functions.h"

#include <cmath>
#include <cstdint>
#include <string_view>

#include "scripting/calls_back.h"
#include "scripting/long_calls.h"
#include "scripting/lua_vm.h"
#include "scripting/string_search.h"
#include "scripting/table_sort.h"

namespace scripting {
namespace {

// A read-only table's metatable has, besides __index and __newindex, in its array part: this
// address as a mark, the real table, and what getmetatable() shows.
constexpr char kMark = 0;
constexpr int kMarkSlot = 1;
constexpr int kRealSlot = 2;
constexpr int kShownSlot = 3;

// As Redis words it; without a place when a function was called to do it.
int RaiseReadOnly(lua_State* state) {
  return luaL_error(state, "Attempt to modify a readonly table");
}
int RaiseReadOnlyFlat(lua_State* state) {
  lua_pushliteral(state, "Attempt to modify a readonly table");
  return lua_error(state);
}

// Pushes the metatable of a read-only table at `index`.
bool PushMarkedMetatable(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TTABLE || lua_getmetatable(state, index) == 0) return false;
  lua_rawgeti(state, -1, kMarkSlot);
  const bool marked = lua_touserdata(state, -1) == &kMark;
  lua_pop(state, marked ? 1 : 2);
  return marked;
}

bool IsReadOnly(lua_State* state, int index) {
  if (!PushMarkedMetatable(state, index)) return false;
  lua_pop(state, 1);
  return true;
}

int RawGet(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checkany(state, 2);
  lua_settop(state, 2);
  ReplaceByReal(state, 1);
  lua_rawget(state, 1);
  return 1;
}

int RawSet(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checkany(state, 2);
  luaL_checkany(state, 3);
  lua_settop(state, 3);
  if (IsReadOnly(state, 1)) return RaiseReadOnlyFlat(state);
  lua_rawset(state, 1);
  return 1;
}

// Walks a read-only table without giving away the real one.
int ReadOnlyNext(lua_State* state) {
  lua_settop(state, 2);
  ReplaceByReal(state, 1);
  luaL_checktype(state, 1, LUA_TTABLE);
  return lua_next(state, 1) != 0 ? 2 : 0;
}

// Gives out Lua's own next where it can, so that the interpreter's fast loop stays in use.
int Pairs(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  if (IsReadOnly(state, 1)) {
    lua_pushcfunction(state, ReadOnlyNext);
  } else {
    lua_getfield(state, LUA_REGISTRYINDEX, kNextKey);
  }
  lua_insert(state, 1);
  lua_pushnil(state);
  return 3;
}

int GetMetatable(lua_State* state) {
  luaL_checkany(state, 1);
  if (PushMarkedMetatable(state, 1) || lua_type(state, 1) == LUA_TSTRING) {
    if (lua_type(state, 1) == LUA_TSTRING && lua_getmetatable(state, 1) == 0) return 0;
    lua_rawgeti(state, -1, kShownSlot);
    return 1;
  }
  if (lua_getmetatable(state, 1) == 0) {
    lua_pushnil(state);
    return 1;
  }
  luaL_getmetafield(state, 1, "__metatable");
  return 1;  // That field, or the metatable below it.
}

int SetMetatable(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const int type = lua_type(state, 2);
  luaL_argcheck(state, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  if (IsReadOnly(state, 1)) return RaiseReadOnlyFlat(state);
  if (luaL_getmetafield(state, 1, "__metatable") != 0) {
    return luaL_error(state, "cannot change a protected metatable");
  }
  lua_settop(state, 2);
  lua_setmetatable(state, 1);
  return 1;
}

// Without the ways to switch the collector off: it is shared by all scripts.
int CollectGarbage(lua_State* state) {
  static constexpr const char* kOptions[] = {"stop", "restart",  "collect",    "count",
                                             "step", "setpause", "setstepmul", nullptr};
  const std::string_view option = kOptions[luaL_checkoption(state, 1, "collect", kOptions)];
  const auto argument = static_cast<int>(luaL_optinteger(state, 2, 0));
  if (option == "count") {
    lua_pushnumber(state, lua_gc(state, LUA_GCCOUNT, 0) +
                              static_cast<lua_Number>(lua_gc(state, LUA_GCCOUNTB, 0)) / 1024);
  } else if (option == "step") {
    lua_pushboolean(state, lua_gc(state, LUA_GCSTEP, argument));
  } else {
    lua_pushinteger(state, option == "collect" ? lua_gc(state, LUA_GCCOLLECT, 0) : 0);
  }
  return 1;
}

// Makes room at `at` in the table at the stack's bottom, whose last element goes to `end`. A
// position far below zero takes long.
void MoveUp(lua_State* state, int at, int end) {
  LongCall long_call(state);
  for (int i = end; i > at; --i) {
    long_call.Step();
    lua_rawgeti(state, 1, i - 1);
    lua_rawseti(state, 1, i);
  }
}

int TableInsert(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  if (IsReadOnly(state, 1)) return RaiseReadOnlyFlat(state);
  int end = static_cast<int>(lua_objlen(state, 1)) + 1;
  int at = end;
  switch (lua_gettop(state)) {
    case 2:
      break;
    case 3:
      at = static_cast<int>(luaL_checkinteger(state, 2));
      if (at > end) end = at;
      MoveUp(state, at, end);
      break;
    default:
      return luaL_error(state, "wrong number of arguments to 'insert'");
  }
  lua_rawseti(state, 1, at);
  return 0;
}

int TableSetN(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  return luaL_error(state, "'setn' is obsolete");
}

// math.random and math.randomseed on a generator of known numbers.
int MathRandom(lua_State* state) {
  constexpr uint32_t kMax = INT32_MAX;
  const double fraction = static_cast<double>(LuaVm::Of(state).random().Next() % kMax) / kMax;
  switch (lua_gettop(state)) {
    case 0:
      lua_pushnumber(state, fraction);
      return 1;
    case 1: {
      const auto upper = static_cast<int>(luaL_checkinteger(state, 1));
      luaL_argcheck(state, 1 <= upper, 1, "interval is empty");
      lua_pushnumber(state, std::floor(fraction * upper) + 1);
      return 1;
    }
    case 2: {
      const auto lower = static_cast<int>(luaL_checkinteger(state, 1));
      const auto upper = static_cast<int>(luaL_checkinteger(state, 2));
      luaL_argcheck(state, lower <= upper, 2, "interval is empty");
      const double width = static_cast<double>(upper) - lower + 1;
      lua_pushnumber(state, std::floor(fraction * width) + lower);
      return 1;
    }
    default:
      return luaL_error(state, "wrong number of arguments");
  }
}

int MathRandomSeed(lua_State* state) {
  LuaVm::Of(state).random().Seed(static_cast<uint32_t>(luaL_checkinteger(state, 1)));
  return 0;
}

int MathMod(lua_State* state) {
  lua_pushnumber(state, std::fmod(luaL_checknumber(state, 1), luaL_checknumber(state, 2)));
  return 1;
}

constexpr luaL_Reg kBase[] = {{"rawget", RawGet},
                              {"rawset", RawSet},
                              {"pairs", Pairs},
                              {"getmetatable", GetMetatable},
                              {"setmetatable", SetMetatable},
                              {"collectgarbage", CollectGarbage},
                              {nullptr, nullptr}};
constexpr luaL_Reg kMath[] = {
    {"random", MathRandom}, {"randomseed", MathRandomSeed}, {"mod", MathMod}, {nullptr, nullptr}};
constexpr luaL_Reg kTable[] = {
    {"insert", TableInsert}, {"setn", TableSetN}, {"sort", TableSort}, {nullptr, nullptr}};
constexpr luaL_Reg kNone[] = {{nullptr, nullptr}};

// The text that a function gives piece by piece, until one is empty or nil. LuaJIT's load would
// call it from within its parser, and stay without hooks for ever if one ended a script there.
int ReadPieces(lua_State* state) {
  luaL_Buffer text;
  luaL_buffinit(state, &text);
  for (;;) {
    lua_pushvalue(state, 1);
    lua_call(state, 0, 1);
    if (lua_isnil(state, -1)) break;
    if (lua_isstring(state, -1) == 0) {
      luaL_where(state, 2);  // Where load was called.
      lua_pushliteral(state, "reader function must return a string");
      lua_concat(state, 2);
      return lua_error(state);
    }
    if (lua_objlen(state, -1) == 0) break;
    luaL_addvalue(&text);
  }
  lua_pop(state, 1);
  luaL_pushresult(&text);
  return 1;
}

// Calls LuaJIT's load (the upvalue) with the two arguments on the stack, chunk and name, and "t".
int LoadText(lua_State* state) {
  lua_pushliteral(state, "t");
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, 3, LUA_MULTRET);
  return lua_gettop(state);
}

}  // namespace

void PushReadOnly(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 3, 2);
  lua_pushlightuserdata(state, const_cast<char*>(&kMark));
  lua_rawseti(state, -2, kMarkSlot);
  lua_pushvalue(state, -3);
  lua_rawseti(state, -2, kRealSlot);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, RaiseReadOnly);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

void SetShownMetatable(lua_State* state, int index) {
  lua_getmetatable(state, index);
  lua_insert(state, -2);
  lua_rawseti(state, -2, kShownSlot);
  lua_pop(state, 1);
}

bool ReplaceByReal(lua_State* state, int index) {
  if (!PushMarkedMetatable(state, index)) return false;
  lua_rawgeti(state, -1, kRealSlot);
  lua_replace(state, index);
  lua_pop(state, 1);
  return true;
}

const luaL_Reg* BaseFunctions() {
  return kBase;
}

const luaL_Reg* LibraryFunctions(const char* library) {
  const std::string_view name = library;
  if (name == "coroutine") return kCallingCoroutine;
  if (name == "math") return kMath;
  if (name == "string") return kStringSearch;
  if (name == "table") return kTable;
  return kNone;
}

int RaiseNonexistentGlobal(lua_State* state) {
  return luaL_error(state, "Script attempted to access nonexistent global variable '%s'",
                    lua_tostring(state, 2));
}

int TextLoad(lua_State* state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  lua_settop(state, 2);
  if (lua_isnil(state, 2)) {
    lua_pushliteral(state, "=(load)");
    lua_replace(state, 2);
  }
  lua_pushcfunction(state, ReadPieces);
  lua_pushvalue(state, 1);
  CheckCStack(state);
  if (lua_pcall(state, 1, 1, 0) != 0) {
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
  }
  lua_replace(state, 1);
  return LoadText(state);
}

int TextLoadString(lua_State* state) {
  const bool is_skipped = *luaL_checkstring(state, 1) == '#';
  lua_settop(state, 2);
  if (lua_isnil(state, 2)) {
    lua_pushvalue(state, 1);
    lua_replace(state, 2);
  }
  if (is_skipped) {
    // LuaJIT would pass over such a first line.
    lua_pushliteral(state, " ");
    lua_pushvalue(state, 1);
    lua_concat(state, 2);
    lua_replace(state, 1);
  }
  return LoadText(state);
}

}  // namespace scripting
