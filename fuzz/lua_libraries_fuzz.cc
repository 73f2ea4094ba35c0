// SPDX-License-Identifier: BSD-3-Clause
//
// The decoders of the scripts' libraries: the first byte of the input chooses cjson.decode,
// cmsgpack.unpack or struct.unpack (whose format comes before a newline). What is decoded is
// encoded and decoded again; JSON must. Memory is bounded, so that running out of it is met, too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include <lua.hpp>

#include "scripting/lib_cjson.h"
#include "scripting/lib_cmsgpack.h"
#include "scripting/lib_struct.h"

namespace {

constexpr size_t kLimit = size_t{8} << 20;

void* Allocate(void* used_bytes, void* block, size_t old_size, size_t new_size) {
  auto& used = *static_cast<size_t*>(used_bytes);
  const size_t before = block == nullptr ? 0 : old_size;
  if (new_size == 0) {
    std::free(block);
    used -= before;
    return nullptr;
  }
  if (used - before + new_size > kLimit) return nullptr;
  void* const grown = std::realloc(block, new_size);
  if (grown != nullptr) used = used - before + new_size;
  return grown;
}

constexpr const char* kChunk = R"lua(
local kind, first, second = ...
if kind == 0 then
  local ok, value = pcall(cjson.decode, first)
  if not ok then return end
  local encoded, text = pcall(cjson.encode, value)
  if encoded then assert(pcall(cjson.decode, text) or collectgarbage('count') > 1000) end
elseif kind == 1 then
  local ok, value = pcall(cmsgpack.unpack, first)
  pcall(cmsgpack.unpack_one, first, 1)
  pcall(cmsgpack.unpack_limit, first, 2, 3)
  if not ok then return end
  local encoded, bytes = pcall(cmsgpack.pack, value)
  -- What lay too deep is nil by now, and may be a key.
  if encoded then pcall(cmsgpack.unpack, bytes) end
else
  pcall(struct.unpack, first, second)
  pcall(struct.size, first)
  pcall(struct.pack, first, 1, 'x', 2)
end
)lua";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 4096) return 0;
  size_t used = 0;
  lua_State* const lua = lua_newstate(Allocate, &used);
  luaL_openlibs(lua);
  for (const lua_CFunction open :
       {scripting::OpenCjson, scripting::OpenCmsgpack, scripting::OpenStruct}) {
    lua_pushcfunction(lua, open);
    if (lua_pcall(lua, 0, 0, 0) != 0) std::abort();
  }
  if (luaL_loadstring(lua, kChunk) != 0) std::abort();
  const auto* const text = reinterpret_cast<const char*>(data) + 1;
  const size_t length = size - 1;
  const void* const newline = std::memchr(text, '\n', length);
  const size_t split =
      newline == nullptr ? length : static_cast<size_t>(static_cast<const char*>(newline) - text);
  const int kind = data[0] % 3;
  lua_pushinteger(lua, kind);
  lua_pushlstring(lua, text, kind == 2 ? split : length);
  lua_pushlstring(lua, text + split, length - split);
  if (lua_pcall(lua, 3, 0, 0) != 0) {
    const char* const error = lua_tostring(lua, -1);
    if (error == nullptr || std::strstr(error, "not enough memory") == nullptr) std::abort();
  }
  lua_close(lua);
  if (used != 0) std::abort();
  return 0;
}
