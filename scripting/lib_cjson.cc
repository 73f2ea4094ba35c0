// SPDX-License-Identifier: BSD-3-Clause
// The library's table and settings. No frame here holds an object with a destructor.
#include "scripting/lib_cjson.h"

#include <climits>
#include <new>

#include "scripting/json_state.h"

namespace scripting {
namespace {

// Settings answer what they are now. At most `most` arguments; absent ones are nil.
JsonSettings& TakeArguments(lua_State* lua, int most) {
  luaL_argcheck(lua, lua_gettop(lua) <= most, most + 1, "found too many arguments");
  lua_settop(lua, most);
  return JsonSettingsOf(JsonBuffer(lua));
}

void IntegerOption(lua_State* lua, int index, int& setting, int min, int max) {
  if (!lua_isnil(lua, index)) {
    const auto value = static_cast<int>(luaL_checkinteger(lua, index));
    if (value < min || value > max) {
      // Whichever argument it was, the first is named.
      luaL_argerror(lua, 1, lua_pushfstring(lua, "expected integer between %d and %d", min, max));
    }
    setting = value;
  }
  lua_pushinteger(lua, setting);
}

void ChoiceOption(lua_State* lua, int index, int& setting, const char* const choices[]) {
  if (!lua_isnil(lua, index)) {
    setting = lua_isboolean(lua, index) ? lua_toboolean(lua, index)
                                        : luaL_checkoption(lua, index, nullptr, choices);
  }
  if (setting <= 1) {
    lua_pushboolean(lua, setting);
  } else {
    lua_pushstring(lua, choices[setting]);
  }
}

constexpr const char* kOffOn[] = {"off", "on", nullptr};
constexpr const char* kOffOnNull[] = {"off", "on", "null", nullptr};

int EncodeSparseArray(lua_State* lua) {
  JsonSettings& settings = TakeArguments(lua, 3);
  ChoiceOption(lua, 1, settings.sparse_convert, kOffOn);
  IntegerOption(lua, 2, settings.sparse_ratio, 0, INT_MAX);
  IntegerOption(lua, 3, settings.sparse_safe, 0, INT_MAX);
  return 3;
}

int EncodeMaxDepth(lua_State* lua) {
  IntegerOption(lua, 1, TakeArguments(lua, 1).encode_max_depth, 1, INT_MAX);
  return 1;
}

int DecodeMaxDepth(lua_State* lua) {
  IntegerOption(lua, 1, TakeArguments(lua, 1).decode_max_depth, 1, INT_MAX);
  return 1;
}

int EncodeNumberPrecision(lua_State* lua) {
  IntegerOption(lua, 1, TakeArguments(lua, 1).number_precision, 1, 14);
  return 1;
}

int EncodeKeepBuffer(lua_State* lua) {
  ChoiceOption(lua, 1, TakeArguments(lua, 1).keep_buffer, kOffOn);
  return 1;
}

int EncodeInvalidNumbers(lua_State* lua) {
  ChoiceOption(lua, 1, TakeArguments(lua, 1).encode_invalid, kOffOnNull);
  return 1;
}

int DecodeInvalidNumbers(lua_State* lua) {
  ChoiceOption(lua, 1, TakeArguments(lua, 1).decode_invalid, kOffOn);
  return 1;
}

int New(lua_State* lua);

constexpr luaL_Reg kFunctions[] = {
    {"encode", JsonEncode},
    {"decode", JsonDecode},
    {"encode_sparse_array", EncodeSparseArray},
    {"encode_max_depth", EncodeMaxDepth},
    {"decode_max_depth", DecodeMaxDepth},
    {"encode_number_precision", EncodeNumberPrecision},
    {"encode_keep_buffer", EncodeKeepBuffer},
    {"encode_invalid_numbers", EncodeInvalidNumbers},
    {"decode_invalid_numbers", DecodeInvalidNumbers},
    {"new", New},
};

// Pushes an instance of the library, with settings of its own.
int New(lua_State* lua) {
  lua_createtable(lua, 0, 16);
  ScratchBuffer* const buffer = ScratchBuffer::Push(lua, sizeof(JsonSettings));
  new (buffer->extra()) JsonSettings();
  for (const luaL_Reg& function : kFunctions) {
    lua_pushvalue(lua, -1);
    lua_pushcclosure(lua, function.func, 1);
    lua_setfield(lua, -3, function.name);
  }
  lua_pop(lua, 1);
  lua_pushlightuserdata(lua, nullptr);
  lua_setfield(lua, -2, "null");
  lua_pushliteral(lua, "cjson");
  lua_setfield(lua, -2, "_NAME");
  // What it behaves as.
  lua_pushliteral(lua, "2.1.0");
  lua_setfield(lua, -2, "_VERSION");
  return 1;
}

}  // namespace

int OpenCjson(lua_State* lua) {
  New(lua);
  lua_pushvalue(lua, -1);
  lua_setglobal(lua, "cjson");
  return 1;
}

}  // namespace scripting
