// SPDX-License-Identifier: BSD-3-Clause
// cjson.encode. No frame here holds an object with a destructor: Lua's errors jump over them.
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scripting/json_state.h"
#include "scripting/long_calls.h"

namespace scripting {
namespace {

struct Encoder {
  lua_State* lua;
  ScratchBuffer& out;
  const JsonSettings& settings;
  LongCall& long_call;
};

constexpr size_t kMaxNumberChars = 40;

[[noreturn]] void Refuse(lua_State* lua, int index, const char* reason) {
  luaL_error(lua, "Cannot serialise %s: %s", lua_typename(lua, lua_type(lua, index)), reason);
  __builtin_unreachable();
}

// The letter behind the backslash; 0: as it is; 'u': by its number.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (size_t i = 0; i < 32; ++i) escapes[i] = 'u';
  escapes[127] = 'u';
  escapes['\b'] = 'b';
  escapes['\t'] = 't';
  escapes['\n'] = 'n';
  escapes['\f'] = 'f';
  escapes['\r'] = 'r';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['/'] = '/';
  return escapes;
}();

void AppendString(const Encoder& to, int index) {
  size_t size = 0;
  const char* const text = lua_tolstring(to.lua, index, &size);
  to.out.Append(to.lua, '"');
  size_t plain = 0;  // Where what needs no escape begins.
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    to.out.Append(to.lua, {text + plain, i - plain});
    plain = i + 1;
    if (escape == 'u') {
      constexpr std::string_view kHex = "0123456789abcdef";
      const char code[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
      to.out.Append(to.lua, {code, sizeof(code)});
    } else {
      const char code[] = {'\\', escape};
      to.out.Append(to.lua, {code, sizeof(code)});
    }
  }
  to.out.Append(to.lua, {text + plain, size - plain});
  to.out.Append(to.lua, '"');
}

void AppendNumber(const Encoder& to, int index) {
  const double number = lua_tonumber(to.lua, index);
  if (std::isnan(number) || std::isinf(number)) {
    switch (to.settings.encode_invalid) {
      case JsonSettings::kRefuse:
        Refuse(to.lua, index, "must not be NaN or Inf");
      case JsonSettings::kNull:
        to.out.Append(to.lua, "null");
        return;
      default:
        to.out.Append(to.lua, std::isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
        return;
    }
  }
  char* const begin = to.out.Room(to.lua, kMaxNumberChars);
  const auto end = std::to_chars(begin, begin + kMaxNumberChars, number, std::chars_format::general,
                                 to.settings.number_precision);
  to.out.Advance(static_cast<size_t>(end.ptr - begin));
}

void AppendValue(const Encoder& to, int depth);

// How many elements the table on top has if it is an array (with holes, perhaps); 0 and less: it is
// none.
int ArrayLength(const Encoder& to) {
  int64_t greatest = 0;
  int64_t items = 0;
  lua_pushnil(to.lua);
  while (lua_next(to.lua, -2) != 0) {
    const double key = lua_type(to.lua, -2) == LUA_TNUMBER ? lua_tonumber(to.lua, -2) : 0;
    if (!(key >= 1) || std::floor(key) != key) {
      lua_pop(to.lua, 2);
      return -1;
    }
    // Beyond what lua-cjson's counter holds, there is no array.
    const int64_t index = key > INT32_MAX ? INT32_MIN : static_cast<int64_t>(key);
    if (index == INT32_MIN) {
      lua_pop(to.lua, 2);
      return -1;
    }
    if (index > greatest) greatest = index;
    to.long_call.Step();
    ++items;
    lua_pop(to.lua, 1);
  }
  if (to.settings.sparse_ratio > 0 && greatest > items * to.settings.sparse_ratio &&
      greatest > to.settings.sparse_safe) {
    if (to.settings.sparse_convert == 0) Refuse(to.lua, -1, "excessively sparse array");
    return -1;
  }
  return static_cast<int>(greatest);
}

void AppendArray(const Encoder& to, int depth, int length) {
  to.out.Append(to.lua, '[');
  for (int i = 1; i <= length; ++i) {
    if (i > 1) to.out.Append(to.lua, ',');
    lua_rawgeti(to.lua, -1, i);
    AppendValue(to, depth);
    lua_pop(to.lua, 1);
  }
  to.out.Append(to.lua, ']');
}

void AppendObject(const Encoder& to, int depth) {
  to.out.Append(to.lua, '{');
  bool first = true;
  lua_pushnil(to.lua);
  while (lua_next(to.lua, -2) != 0) {
    if (!first) to.out.Append(to.lua, ',');
    first = false;
    switch (lua_type(to.lua, -2)) {
      case LUA_TNUMBER:
        to.out.Append(to.lua, '"');
        AppendNumber(to, -2);
        to.out.Append(to.lua, "\":");
        break;
      case LUA_TSTRING:
        AppendString(to, -2);
        to.out.Append(to.lua, ':');
        break;
      default:
        Refuse(to.lua, -2, "table key must be a number or string");
    }
    AppendValue(to, depth);
    lua_pop(to.lua, 1);
  }
  to.out.Append(to.lua, '}');
}

// The value on top of the stack, which stays.
void AppendValue(const Encoder& to, int depth) {
  to.long_call.Step();
  switch (lua_type(to.lua, -1)) {
    case LUA_TSTRING:
      AppendString(to, -1);
      return;
    case LUA_TNUMBER:
      AppendNumber(to, -1);
      return;
    case LUA_TBOOLEAN:
      to.out.Append(to.lua, lua_toboolean(to.lua, -1) != 0 ? "true" : "false");
      return;
    case LUA_TNIL:
      to.out.Append(to.lua, "null");
      return;
    case LUA_TTABLE: {
      ++depth;
      if (depth > to.settings.encode_max_depth || lua_checkstack(to.lua, 3) == 0) {
        luaL_error(to.lua, "Cannot serialise, excessive nesting (%d)", depth);
      }
      const int length = ArrayLength(to);
      if (length > 0) {
        AppendArray(to, depth, length);
      } else {
        AppendObject(to, depth);
      }
      return;
    }
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(to.lua, -1) == nullptr) {
        to.out.Append(to.lua, "null");
        return;
      }
      [[fallthrough]];
    default:
      Refuse(to.lua, -1, "type not supported");
  }
}

}  // namespace

int JsonEncode(lua_State* lua) {
  luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
  ScratchBuffer& out = JsonBuffer(lua);
  const JsonSettings& settings = JsonSettingsOf(out);
  out.Clear();
  // A table may be in itself many times over.
  LongCall long_call(lua);
  AppendValue({lua, out, settings, long_call}, 0);
  lua_pushlstring(lua, out.view().data(), out.size());
  if (settings.keep_buffer != 0) {
    out.Shrink();
  } else {
    out.Free();
  }
  return 1;
}

}  // namespace scripting
