// SPDX-License-Identifier: BSD-3-Clause
#include "tests/scripting/lua_fixture.h"

#include <cstdlib>

#include <doctest/doctest.h>

#include "scripting/lib_cjson.h"
#include "scripting/lib_cmsgpack.h"
#include "scripting/lib_struct.h"

namespace scripting {
namespace {

constexpr const char* kShow = R"lua(
function show(value, depth)
  depth = depth or 0
  local kind = type(value)
  if kind == 'number' then return string.format('%.17g', value) end
  if kind == 'userdata' then return 'null' end
  if kind ~= 'table' then return tostring(value) end
  if depth > 30 then return '...' end
  local items = {}
  for key, item in pairs(value) do
    items[#items + 1] = show(key, depth + 1) .. '=' .. show(item, depth + 1)
  end
  table.sort(items)
  return '{' .. table.concat(items, ' ') .. '}'
end
function all(...)
  local items = {}
  for i = 1, select('#', ...) do items[i] = show((select(i, ...))) end
  return table.concat(items, '|')
end
)lua";

}  // namespace

TestLua::TestLua() : state_(lua_newstate(Allocate, this)) {
  REQUIRE(state_ != nullptr);
  luaL_openlibs(state_);
  for (const lua_CFunction open : {OpenCjson, OpenCmsgpack, OpenStruct}) {
    lua_pushcfunction(state_, open);
    REQUIRE(lua_pcall(state_, 0, 0, 0) == 0);
  }
  REQUIRE(luaL_dostring(state_, kShow) == 0);
}

TestLua::~TestLua() {
  lua_close(state_);
  CHECK(used_ == 0);
}

void* TestLua::Allocate(void* self, void* block, size_t old_size, size_t new_size) {
  auto& lua = *static_cast<TestLua*>(self);
  if (new_size == 0) {
    std::free(block);
    if (block != nullptr) lua.used_ -= old_size;
    return nullptr;
  }
  const size_t before = block == nullptr ? 0 : old_size;
  if (lua.limit_ != 0 && new_size > before && lua.used_ - before + new_size > lua.limit_) {
    return nullptr;
  }
  void* const grown = std::realloc(block, new_size);
  if (grown != nullptr) lua.used_ = lua.used_ - before + new_size;
  return grown;
}

std::string TestLua::Run(std::string_view code) {
  const std::string chunk = "return all(" + std::string(code) + ")";
  std::string result;
  if (luaL_loadbuffer(state_, chunk.data(), chunk.size(), "@test") != 0 ||
      lua_pcall(state_, 0, 1, 0) != 0) {
    result = "error: ";
  }
  size_t size = 0;
  const char* const text = lua_tolstring(state_, -1, &size);
  if (text != nullptr) result.append(text, size);
  lua_settop(state_, 0);
  return result;
}

}  // namespace scripting
