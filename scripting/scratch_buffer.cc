// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/scratch_buffer.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace scripting {
namespace {

constexpr size_t kSmall = size_t{64} << 10;
constexpr size_t kLeast = 256;
// Its address is the metatable's key in the registry.
const char kMetatableKey = 0;

int Collect(lua_State* lua) {
  ScratchBuffer::At(lua, 1)->Free();
  return 0;
}

}  // namespace

static_assert(std::is_trivially_destructible_v<ScratchBuffer>);

ScratchBuffer* ScratchBuffer::Push(lua_State* lua, size_t extra) {
  void* const memory = lua_newuserdata(lua, sizeof(ScratchBuffer) + extra);
  std::memset(memory, 0, sizeof(ScratchBuffer) + extra);
  auto* const buffer = static_cast<ScratchBuffer*>(memory);
  buffer->allocate_ = lua_getallocf(lua, &buffer->context_);
  lua_pushlightuserdata(lua, const_cast<char*>(&kMetatableKey));
  lua_rawget(lua, LUA_REGISTRYINDEX);
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, Collect);
    lua_setfield(lua, -2, "__gc");
    lua_pushlightuserdata(lua, const_cast<char*>(&kMetatableKey));
    lua_pushvalue(lua, -2);
    lua_rawset(lua, LUA_REGISTRYINDEX);
  }
  lua_setmetatable(lua, -2);
  return buffer;
}

void ScratchBuffer::Free() {
  if (data_ != nullptr) allocate_(context_, data_, capacity_, 0);
  data_ = nullptr;
  size_ = capacity_ = 0;
}

void ScratchBuffer::Shrink() {
  size_ = 0;
  if (capacity_ > kSmall) Free();
}

void ScratchBuffer::Grow(lua_State* lua, size_t bytes) {
  constexpr size_t kMost = std::numeric_limits<size_t>::max() / 4;
  void* grown = nullptr;
  if (bytes < kMost && size_ < kMost) {
    const size_t wanted = std::max({kLeast, capacity_ * 2, size_ + bytes});
    grown = allocate_(context_, data_, capacity_, wanted);
    if (grown != nullptr) capacity_ = wanted;
  }
  if (grown == nullptr) luaL_error(lua, "not enough memory");
  data_ = static_cast<char*>(grown);
}

}  // namespace scripting
