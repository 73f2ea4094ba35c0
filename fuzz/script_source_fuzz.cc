// SPDX-License-Identifier: BSD-3-Clause
//
// The input is a script. Its first line must be read without harm, and what is valid Lua must be so
// after its tail calls were put in brackets, with the same number of lines.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <lua.hpp>

#include "scripting/shebang.h"
#include "scripting/tail_calls.h"

namespace {

bool Compiles(lua_State* state, std::string_view code) {
  const bool compiles = luaL_loadbufferx(state, code.data(), code.size(), "=x", "t") == 0;
  lua_settop(state, 0);
  return compiles;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  std::string_view code;
  if (!scripting::ParseScriptShebang(source, &code)) return 0;
  const std::string placed = scripting::PlaceTailCalls(code);
  static lua_State* const state = luaL_newstate();
  if (Compiles(state, code) && !Compiles(state, placed)) std::abort();
  if (std::ranges::count(code, '\n') != std::ranges::count(placed, '\n')) std::abort();
  return 0;
}
