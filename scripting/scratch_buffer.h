// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include <lua.hpp>

namespace scripting {

// A growing run of bytes for C functions of a Lua library. Lua may raise an error out of any call
// (it has no memory, a string is too long) and jump over C++ frames; so this lives in a Lua
// userdata, which owns its bytes and frees them when it is collected, and the frames that use it
// hold nothing that has a destructor. The bytes come from the Lua state's allocator, and count
// there.
//
// One library may share one among all its functions as long as none of them calls back into Lua
// code while using it.
class ScratchBuffer {
 public:
  // Pushes a userdata with an empty buffer, and `extra` bytes (zeroed) behind it for the library's
  // own trivially destructible state. May raise.
  static ScratchBuffer* Push(lua_State* lua, size_t extra = 0);
  // What Push() has left at this index (an upvalue's, too).
  static ScratchBuffer* At(lua_State* lua, int index) {
    return static_cast<ScratchBuffer*>(lua_touserdata(lua, index));
  }
  void* extra() { return this + 1; }

  std::string_view view() const { return {data_, size_}; }
  size_t size() const { return size_; }
  void Clear() { size_ = 0; }
  // Gives memory back, if it is more than a small buffer's.
  void Shrink();
  void Free();

  void Append(lua_State* lua, std::string_view bytes) {
    char* const at = Room(lua, bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Append(lua_State* lua, char byte) {
    *Room(lua, 1) = byte;
    ++size_;
  }
  // Room for `bytes` more at the end; Advance() says how many were written. Raises Lua's error for
  // want of memory.
  char* Room(lua_State* lua, size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(lua, bytes);
    return data_ + size_;
  }
  void Advance(size_t bytes) { size_ += bytes; }

 private:
  void Grow(lua_State* lua, size_t bytes);

  lua_Alloc allocate_;
  void* context_;
  char* data_;
  size_t size_;
  size_t capacity_;
};

}  // namespace scripting
