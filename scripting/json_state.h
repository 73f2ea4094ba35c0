// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

#include "scripting/scratch_buffer.h"

namespace scripting {

// What one instance of the library `cjson` has set; all its functions have it as their upvalue.
struct JsonSettings {
  // What becomes of numbers that are none.
  enum Invalid : int { kRefuse = 0, kAllow = 1, kNull = 2 };

  int sparse_convert = 0;
  int sparse_ratio = 2;
  int sparse_safe = 10;
  int encode_max_depth = 1000;
  int decode_max_depth = 1000;
  int number_precision = 14;
  int keep_buffer = 1;
  int encode_invalid = kRefuse;
  int decode_invalid = kAllow;
};

inline ScratchBuffer& JsonBuffer(lua_State* lua) {
  return *ScratchBuffer::At(lua, lua_upvalueindex(1));
}
inline JsonSettings& JsonSettingsOf(ScratchBuffer& buffer) {
  return *static_cast<JsonSettings*>(buffer.extra());
}

// lua_CFunctions: encode(value), decode(text).
int JsonEncode(lua_State* lua);
int JsonDecode(lua_State* lua);

}  // namespace scripting
