// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/sandbox.h"

#include <string_view>

#include <lua.hpp>

#include "scripting/calls_back.h"
#include "scripting/error_handler.h"
#include "scripting/lib_cjson.h"
#include "scripting/lib_cmsgpack.h"
#include "scripting/lib_struct.h"
#include "scripting/sandbox_functions.h"

namespace scripting {
namespace {

constexpr const char* kGlobalsKey = "tiercel.globals";

// What of Lua's own is shown: Redis' lists.
constexpr const char* kBuiltins[] = {
    "_VERSION", "assert",     "error",        "gcinfo",       "ipairs",        "next",
    "pcall",    "rawequal",   "select",       "tonumber",     "type",          "unpack",
    "tostring", "xpcall",     "load",         "rawget",       "rawset",        "pairs",
    "load",     "loadstring", "setmetatable", "getmetatable", "collectgarbage"};

struct Library {
  const char* name;
  const char* functions[32];  // Ends with nullptr.
};
constexpr Library kLibraries[] = {
    {"bit",
     {"arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit",
      "tohex", nullptr}},
    {"coroutine", {"create", "resume", "running", "status", "wrap", "yield", nullptr}},
    {"math", {"abs",   "acos", "asin",  "atan", "atan2", "ceil", "cos",   "cosh", "deg",  "exp",
              "floor", "fmod", "frexp", "huge", "ldexp", "log",  "log10", "max",  "min",  "modf",
              "pi",    "pow",  "rad",   "sin",  "sinh",  "sqrt", "tan",   "tanh", nullptr}},
    {"os", {"clock", nullptr}},
    {"string",
     {"byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep",
      "reverse", "sub", "upper", nullptr}},
    {"table",
     {"concat", "foreach", "foreachi", "getn", "insert", "maxn", "remove", "sort", nullptr}},
};

// Libraries that are shown as they are.
struct OwnLibrary {
  const char* name;
  lua_CFunction open;
};
constexpr OwnLibrary kOwnLibraries[] = {
    {"cjson", OpenCjson}, {"cmsgpack", OpenCmsgpack}, {"struct", OpenStruct}};

void OpenLibrary(lua_State* state, lua_CFunction open, const char* name) {
  lua_pushcfunction(state, open);
  lua_pushstring(state, name);
  lua_call(state, 1, 0);
}

// Copies a field from the table at `from` to the one on top.
void CopyField(lua_State* state, int from, const char* name) {
  lua_getfield(state, from, name);
  lua_setfield(state, -2, name);
}

// The functions that replace or complete Lua's own in the library on top.
void ReplaceFunctions(lua_State* state, const luaL_Reg* functions) {
  for (; functions->name != nullptr; ++functions) {
    lua_pushcfunction(state, functions->func);
    lua_setfield(state, -2, functions->name);
  }
}

// load and loadstring, which take Lua's own as an upvalue.
void WrapLoaders(lua_State* state) {
  lua_getfield(state, -1, "load");
  lua_pushvalue(state, -1);
  lua_pushcclosure(state, TextLoad, 1);
  lua_setfield(state, -3, "load");
  lua_pushcclosure(state, TextLoadString, 1);
  lua_setfield(state, -2, "loadstring");
}

// Field `name` of the table on top becomes a read-only table in front of what it was.
void ProtectField(lua_State* state, const char* name) {
  lua_getfield(state, -1, name);
  PushReadOnly(state);
  lua_setfield(state, -2, name);
}

// Method calls on strings find the read-only library, and the metatable cannot be changed.
void ProtectStrings(lua_State* state) {
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  lua_getfield(state, -3, "string");
  lua_setfield(state, -2, "__index");
  PushReadOnly(state);
  SetShownMetatable(state, -2);
  lua_pop(state, 1);
}

}  // namespace

void BuildSandbox(lua_State* state) {
  const int redis = lua_gettop(state);
  OpenLibrary(state, luaopen_base, "");
  OpenLibrary(state, luaopen_table, LUA_TABLIBNAME);
  OpenLibrary(state, luaopen_string, LUA_STRLIBNAME);
  OpenLibrary(state, luaopen_math, LUA_MATHLIBNAME);
  OpenLibrary(state, luaopen_bit, LUA_BITLIBNAME);
  OpenLibrary(state, luaopen_os, LUA_OSLIBNAME);

  lua_getfield(state, LUA_GLOBALSINDEX, "next");
  lua_setfield(state, LUA_REGISTRYINDEX, kNextKey);
  lua_newtable(state);  // The real globals.
  for (const char* name : kBuiltins) CopyField(state, LUA_GLOBALSINDEX, name);
  WrapLoaders(state);
  ReplaceFunctions(state, BaseFunctions());
  ReplaceFunctions(state, kCallingBase);
  for (const Library& library : kLibraries) {
    lua_getfield(state, LUA_GLOBALSINDEX, library.name);
    const int original = lua_gettop(state);
    lua_newtable(state);
    for (const char* const* name = library.functions; *name != nullptr; ++name) {
      CopyField(state, original, *name);
    }
    ReplaceFunctions(state, LibraryFunctions(library.name));
    if (std::string_view(library.name) == "string") {
      lua_getfield(state, -1, "gmatch");
      lua_setfield(state, -2, "gfind");
      lua_getfield(state, original, "format");
      WrapFormat(state);
      lua_setfield(state, -2, "format");
    }
    lua_remove(state, original);
    lua_setfield(state, -2, library.name);
  }
  for (const OwnLibrary& library : kOwnLibraries) {
    OpenLibrary(state, library.open, library.name);
    CopyField(state, LUA_GLOBALSINDEX, library.name);
    ProtectField(state, library.name);
  }
  lua_pushvalue(state, redis);
  lua_setfield(state, -2, "redis");
  lua_pushcfunction(state, HandleError);
  lua_setfield(state, -2, "__redis__err__handler");
  for (const Library& library : kLibraries) ProtectField(state, library.name);
  ProtectField(state, "redis");
  ProtectStrings(state);

  // A global that is not there is an error.
  const int globals = lua_gettop(state);
  lua_newtable(state);
  const int metatable = lua_gettop(state);
  lua_pushcfunction(state, RaiseNonexistentGlobal);
  lua_setfield(state, metatable, "__index");
  lua_pushvalue(state, metatable);
  lua_setmetatable(state, globals);

  lua_pushvalue(state, globals);
  PushReadOnly(state);
  const int shown = lua_gettop(state);
  lua_pushvalue(state, metatable);
  PushReadOnly(state);
  SetShownMetatable(state, shown);
  lua_pushvalue(state, shown);
  lua_setfield(state, globals, "_G");
  lua_pushvalue(state, globals);
  lua_setfield(state, LUA_REGISTRYINDEX, kGlobalsKey);
  lua_pushvalue(state, shown);
  lua_replace(state, LUA_GLOBALSINDEX);
  lua_settop(state, redis - 1);
}

void SetRealGlobal(lua_State* state, const char* name) {
  lua_getfield(state, LUA_REGISTRYINDEX, kGlobalsKey);
  lua_pushstring(state, name);
  lua_pushvalue(state, -3);
  lua_rawset(state, -3);
  lua_pop(state, 2);
}

void PushRealLibrary(lua_State* state, const char* name) {
  lua_getfield(state, LUA_REGISTRYINDEX, kGlobalsKey);
  lua_pushstring(state, name);
  lua_rawget(state, -2);
  lua_remove(state, -2);
  ReplaceByReal(state, lua_gettop(state));
}

}  // namespace scripting
