// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/string_search.h"

#include <array>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "scripting/long_calls.h"
#include "scripting/pattern.h"

namespace scripting {
namespace {

// Where to begin, from 0 on, by the optional argument 3: from 1 on, or, if negative, from the end.
size_t StartOf(lua_State* lua, size_t size) {
  ptrdiff_t position = luaL_optinteger(lua, 3, 1);
  if (position < 0) position += static_cast<ptrdiff_t>(size) + 1;
  if (position <= 0) return 0;
  const auto start = static_cast<size_t>(position) - 1;
  return start > size ? size : start;
}

// string.find of a text that is no pattern.
int FindPlain(lua_State* lua, std::string_view text, std::string_view wanted, size_t start) {
  // The C library's takes linear time.
  const void* const found =
      memmem(text.data() + start, text.size() - start, wanted.data(), wanted.size());
  if (found == nullptr) {
    lua_pushnil(lua);
    return 1;
  }
  const ptrdiff_t at = static_cast<const char*>(found) - text.data();
  lua_pushinteger(lua, at + 1);
  lua_pushinteger(lua, at + static_cast<ptrdiff_t>(wanted.size()));
  return 2;
}

// Whether it has none of the characters that mean something in patterns; up to its first NUL.
bool IsPlain(const char* pattern) {
  static constexpr std::array<bool, 256> kMeaning = [] {
    std::array<bool, 256> meaning{};
    for (const char c : std::string_view("^$*+?.([%-"))
      meaning[static_cast<unsigned char>(c)] = true;
    return meaning;
  }();
  for (; *pattern != '\0'; ++pattern) {
    if (kMeaning[static_cast<unsigned char>(*pattern)]) return false;
  }
  return true;
}

int FindOrMatch(lua_State* lua, bool find) {
  size_t size = 0;
  const char* const text = luaL_checklstring(lua, 1, &size);
  size_t pattern_size = 0;
  const char* pattern = luaL_checklstring(lua, 2, &pattern_size);
  const size_t start = lua_gettop(lua) > 2 ? StartOf(lua, size) : 0;
  if (find && (lua_toboolean(lua, 4) != 0 || IsPlain(pattern))) {
    return FindPlain(lua, {text, size}, {pattern, pattern_size}, start);
  }
  const bool anchored = *pattern == '^';
  if (anchored) ++pattern;
  PatternMatch match(lua, text, size, pattern);
  for (const char* at = text + start; at <= match.end(); ++at) {
    if (const char* const to = match.At(at); to != nullptr) {
      if (!find) return match.PushCaptures(at, to, /*whole=*/true);
      lua_pushinteger(lua, at - text + 1);
      lua_pushinteger(lua, to - text);
      return 2 + match.PushCaptures(at, to, /*whole=*/false);
    }
    if (anchored) break;
  }
  lua_pushnil(lua);
  return 1;
}

int Find(lua_State* lua) {
  return FindOrMatch(lua, /*find=*/true);
}
int Match(lua_State* lua) {
  return FindOrMatch(lua, /*find=*/false);
}

// What gmatch gives. Its upvalues: text, pattern, where to go on.
int NextMatch(lua_State* lua) {
  size_t size = 0;
  const char* const text = lua_tolstring(lua, lua_upvalueindex(1), &size);
  PatternMatch match(lua, text, size, lua_tostring(lua, lua_upvalueindex(2)));
  for (const char* at = text + lua_tointeger(lua, lua_upvalueindex(3)); at <= match.end(); ++at) {
    const char* const to = match.At(at);
    if (to == nullptr) continue;
    // An empty match is not found twice.
    lua_pushinteger(lua, to - text + (to == at ? 1 : 0));
    lua_replace(lua, lua_upvalueindex(3));
    return match.PushCaptures(at, to, /*whole=*/true);
  }
  return 0;
}

// string.gmatch(text, pattern)
int GMatch(lua_State* lua) {
  luaL_checkstring(lua, 1);
  luaL_checkstring(lua, 2);
  lua_settop(lua, 2);
  lua_pushinteger(lua, 0);
  lua_pushcclosure(lua, NextMatch, 3);
  return 1;
}

// Appends argument 3, a text in which %1 stands for the first capture.
void AddText(lua_State* lua, luaL_Buffer* made, PatternMatch& match, const char* from,
             const char* to) {
  size_t size = 0;
  const char* const text = lua_tolstring(lua, 3, &size);
  for (size_t i = 0; i < size; ++i) {
    if (text[i] != '%') {
      luaL_addchar(made, text[i]);
      continue;
    }
    ++i;  // Behind the last character stands a NUL.
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) {
      luaL_addchar(made, text[i]);
    } else if (text[i] == '0') {
      luaL_addlstring(made, from, static_cast<size_t>(to - from));
    } else {
      match.PushCapture(text[i] - '1', from, to);
      luaL_addvalue(made);
    }
  }
}

// Appends what stands for the match, by the kind of argument 3.
void AddReplacement(lua_State* lua, luaL_Buffer* made, PatternMatch& match, const char* from,
                    const char* to) {
  const int type = lua_type(lua, 3);
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(lua, 3);
    const int count = match.PushCaptures(from, to, /*whole=*/true);
    lua_call(lua, count, 1);
  } else if (type == LUA_TTABLE) {
    match.PushCapture(0, from, to);
    lua_gettable(lua, 3);
  } else {
    AddText(lua, made, match, from, to);
    return;
  }
  if (lua_toboolean(lua, -1) == 0) {
    lua_pop(lua, 1);
    lua_pushlstring(lua, from, static_cast<size_t>(to - from));
  } else if (lua_isstring(lua, -1) == 0) {
    luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
  }
  luaL_addvalue(made);
}

// string.gsub(text, pattern, replacement [, most])
int GSub(lua_State* lua) {
  size_t size = 0;
  const char* at = luaL_checklstring(lua, 1, &size);
  const char* pattern = luaL_checkstring(lua, 2);
  const int type = lua_type(lua, 3);
  const auto most = static_cast<int>(luaL_optinteger(lua, 4, static_cast<ptrdiff_t>(size) + 1));
  luaL_argcheck(
      lua,
      type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
      "string/function/table expected");
  if (type == LUA_TFUNCTION || type == LUA_TTABLE) CheckCStack(lua);
  const bool anchored = *pattern == '^';
  if (anchored) ++pattern;
  PatternMatch match(lua, at, size, pattern);
  luaL_Buffer made;
  luaL_buffinit(lua, &made);
  int count = 0;
  while (count < most) {
    const char* const to = match.At(at);
    if (to != nullptr) {
      ++count;
      AddReplacement(lua, &made, match, at, to);
    }
    if (to != nullptr && to > at) {
      at = to;
    } else if (at < match.end()) {
      luaL_addchar(&made, *at++);
    } else {
      break;
    }
    if (anchored) break;
  }
  luaL_addlstring(&made, at, static_cast<size_t>(match.end() - at));
  luaL_pushresult(&made);
  lua_pushinteger(lua, count);
  return 2;
}

}  // namespace

constexpr luaL_Reg kStringSearch[] = {
    {"find", Find}, {"match", Match}, {"gmatch", GMatch}, {"gsub", GSub}, {nullptr, nullptr}};

}  // namespace scripting
