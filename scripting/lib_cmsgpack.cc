// SPDX-License-Identifier: BSD-3-Clause
// No frame here holds an object with a destructor: Lua's errors jump over them.
#include "scripting/lib_cmsgpack.h"

#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "scripting/long_calls.h"
#include "scripting/scratch_buffer.h"

namespace scripting {
namespace {

// Tables within tables up to here; deeper ones become nil, so that circles end.
constexpr int kMaxNesting = 16;

// ---- Packing
// -------------------------------------------------------------------------------------

template <typename Integer>
void PutBigEndian(lua_State* lua, ScratchBuffer& out, uint8_t tag, Integer value) {
  char* const at = out.Room(lua, 1 + sizeof(Integer));
  at[0] = static_cast<char>(tag);
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    at[1 + i] = static_cast<char>(value >> (8 * (sizeof(Integer) - 1 - i)) & 0xff);
  }
  out.Advance(1 + sizeof(Integer));
}

void PackInteger(lua_State* lua, ScratchBuffer& out, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (value >= -32 && value <= 127) {
    out.Append(lua, static_cast<char>(bits & 0xff));
  } else if (value >= 0) {
    if (value <= 0xff) {
      PutBigEndian(lua, out, 0xcc, static_cast<uint8_t>(bits));
    } else if (value <= 0xffff) {
      PutBigEndian(lua, out, 0xcd, static_cast<uint16_t>(bits));
    } else if (value <= 0xffffffff) {
      PutBigEndian(lua, out, 0xce, static_cast<uint32_t>(bits));
    } else {
      PutBigEndian(lua, out, 0xcf, bits);
    }
  } else if (value >= INT8_MIN) {
    PutBigEndian(lua, out, 0xd0, static_cast<uint8_t>(bits));
  } else if (value >= INT16_MIN) {
    PutBigEndian(lua, out, 0xd1, static_cast<uint16_t>(bits));
  } else if (value >= INT32_MIN) {
    PutBigEndian(lua, out, 0xd2, static_cast<uint32_t>(bits));
  } else {
    PutBigEndian(lua, out, 0xd3, bits);
  }
}

// What casting to a signed 64-bit integer does on this processor, for any double.
int64_t Truncate(double value) {
  constexpr double kTwo63 = 9223372036854775808.0;
  return value >= -kTwo63 && value < kTwo63 ? static_cast<int64_t>(value) : INT64_MIN;
}

void PackNumber(lua_State* lua, ScratchBuffer& out, double value) {
  const int64_t truncated = Truncate(value);
  if (!std::isinf(value) && static_cast<double>(truncated) == value) {
    PackInteger(lua, out, truncated);
    return;
  }
  if (const auto narrow = static_cast<float>(value); static_cast<double>(narrow) == value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &narrow, sizeof(bits));
    PutBigEndian(lua, out, 0xca, bits);
    return;
  }
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  PutBigEndian(lua, out, 0xcb, bits);
}

void PackString(lua_State* lua, ScratchBuffer& out, std::string_view text) {
  const size_t size = text.size();
  if (size < 32) {
    out.Append(lua, static_cast<char>(0xa0 | size));
  } else if (size <= 0xff) {
    PutBigEndian(lua, out, 0xd9, static_cast<uint8_t>(size));
  } else if (size <= 0xffff) {
    PutBigEndian(lua, out, 0xda, static_cast<uint16_t>(size));
  } else {
    PutBigEndian(lua, out, 0xdb, static_cast<uint32_t>(size));
  }
  out.Append(lua, text);
}

// The header of an array or a map.
void PackCount(lua_State* lua, ScratchBuffer& out, size_t count, uint8_t small, uint8_t tag16) {
  if (count <= 15) {
    out.Append(lua, static_cast<char>(small | count));
  } else if (count <= 0xffff) {
    PutBigEndian(lua, out, tag16, static_cast<uint16_t>(count));
  } else {
    PutBigEndian(lua, out, tag16 + 1, static_cast<uint32_t>(count));
  }
}

// Whether the keys of the table on top are the numbers from 1 on, all of them. `count` is then how
// many there are.
bool IsArray(lua_State* lua, LongCall& long_call, size_t* count) {
  size_t found = 0;
  double greatest = 0;
  const int top = lua_gettop(lua);
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pop(lua, 1);
    const double key = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
    if (!(key > 0) || key > INT_MAX || static_cast<double>(static_cast<int>(key)) != key) {
      lua_settop(lua, top);
      return false;
    }
    if (key > greatest) greatest = key;
    long_call.Step();
    ++found;
  }
  *count = found;
  return greatest == static_cast<double>(found);
}

void PackTop(lua_State* lua, ScratchBuffer& out, LongCall& long_call, int level);

void PackTable(lua_State* lua, ScratchBuffer& out, LongCall& long_call, int level) {
  luaL_checkstack(lua, 4, "in function mp_encode_lua_table");
  size_t count = 0;
  if (IsArray(lua, long_call, &count)) {
    PackCount(lua, out, count, 0x90, 0xdc);
    for (size_t i = 1; i <= count; ++i) {
      lua_rawgeti(lua, -1, static_cast<int>(i));
      PackTop(lua, out, long_call, level + 1);
    }
    return;
  }
  count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pop(lua, 1);
    ++count;
  }
  PackCount(lua, out, count, 0x80, 0xde);
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pushvalue(lua, -2);
    PackTop(lua, out, long_call, level + 1);
    PackTop(lua, out, long_call, level + 1);
  }
}

// Packs the value on top of the stack, and pops it.
void PackTop(lua_State* lua, ScratchBuffer& out, LongCall& long_call, int level) {
  long_call.Step();
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t size = 0;
      const char* const text = lua_tolstring(lua, -1, &size);
      PackString(lua, out, {text, size});
      break;
    }
    case LUA_TBOOLEAN:
      out.Append(lua, lua_toboolean(lua, -1) != 0 ? '\xc3' : '\xc2');
      break;
    case LUA_TNUMBER:
      PackNumber(lua, out, lua_tonumber(lua, -1));
      break;
    case LUA_TTABLE:
      if (level < kMaxNesting) {
        PackTable(lua, out, long_call, level);
        break;
      }
      [[fallthrough]];
    default:
      out.Append(lua, '\xc0');
  }
  lua_pop(lua, 1);
}

int Pack(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  ScratchBuffer& out = *ScratchBuffer::At(lua, lua_upvalueindex(1));
  out.Clear();
  luaL_checkstack(lua, 1, "in function mp_pack");
  LongCall long_call(lua);
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(lua, i);
    PackTop(lua, out, long_call, 0);
  }
  lua_pushlstring(lua, out.view().data(), out.size());
  out.Shrink();
  return 1;
}

// ---- Unpacking
// -----------------------------------------------------------------------------------

struct Input {
  const unsigned char* next;
  size_t left;
  LongCall& long_call;
};

[[noreturn]] void Raise(lua_State* lua, const char* text) {
  luaL_error(lua, "%s", text);
  __builtin_unreachable();
}

void Need(lua_State* lua, const Input& input, size_t bytes) {
  if (input.left < bytes) Raise(lua, "Missing bytes in input.");
}

void Skip(Input& input, size_t bytes) {
  input.next += bytes;
  input.left -= bytes;
}

// The big-endian number of `bytes` bytes behind the tag, which are passed over with it.
uint64_t TakeNumber(lua_State* lua, Input& input, size_t bytes) {
  Need(lua, input, 1 + bytes);
  uint64_t value = 0;
  for (size_t i = 1; i <= bytes; ++i) value = value << 8 | input.next[i];
  Skip(input, 1 + bytes);
  return value;
}

void PushString(lua_State* lua, Input& input, size_t size) {
  Need(lua, input, size);
  lua_pushlstring(lua, reinterpret_cast<const char*>(input.next), size);
  Skip(input, size);
}

void UnpackOne(lua_State* lua, Input& input);

void UnpackArray(lua_State* lua, Input& input, size_t size) {
  lua_newtable(lua);
  luaL_checkstack(lua, 1, "in function mp_decode_to_lua_array");
  for (size_t i = 1; i <= size; ++i) {
    // The index takes its place on the stack, so that nesting ends where it does in Redis.
    lua_pushnumber(lua, static_cast<lua_Number>(i));
    UnpackOne(lua, input);
    lua_rawset(lua, -3);
  }
}

void UnpackMap(lua_State* lua, Input& input, size_t size) {
  lua_newtable(lua);
  for (size_t i = 0; i < size; ++i) {
    UnpackOne(lua, input);
    UnpackOne(lua, input);
    lua_settable(lua, -3);
  }
}

void PushSigned(lua_State* lua, int64_t value) {
  lua_pushnumber(lua, static_cast<lua_Number>(value));
}

// Tags that say all but a size or a value behind them.
void UnpackTagged(lua_State* lua, Input& input) {
  const unsigned char tag = *input.next;
  switch (tag) {
    case 0xc0:
      lua_pushnil(lua);
      Skip(input, 1);
      return;
    case 0xc2:
    case 0xc3:
      lua_pushboolean(lua, tag == 0xc3 ? 1 : 0);
      Skip(input, 1);
      return;
    case 0xca: {
      const auto bits = static_cast<uint32_t>(TakeNumber(lua, input, 4));
      float value = 0;
      std::memcpy(&value, &bits, sizeof(value));
      lua_pushnumber(lua, static_cast<lua_Number>(value));
      return;
    }
    case 0xcb: {
      const uint64_t bits = TakeNumber(lua, input, 8);
      double value = 0;
      std::memcpy(&value, &bits, sizeof(value));
      lua_pushnumber(lua, value);
      return;
    }
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      // As in Redis, the greatest unsigned numbers come out as negative ones.
      PushSigned(lua, static_cast<int64_t>(TakeNumber(lua, input, size_t{1} << (tag - 0xcc))));
      return;
    case 0xd0:
      PushSigned(lua, static_cast<int8_t>(TakeNumber(lua, input, 1)));
      return;
    case 0xd1:
      PushSigned(lua, static_cast<int16_t>(TakeNumber(lua, input, 2)));
      return;
    case 0xd2:
      PushSigned(lua, static_cast<int32_t>(TakeNumber(lua, input, 4)));
      return;
    case 0xd3:
      PushSigned(lua, static_cast<int64_t>(TakeNumber(lua, input, 8)));
      return;
    case 0xd9:
    case 0xda:
    case 0xdb:
      PushString(lua, input, TakeNumber(lua, input, size_t{1} << (tag - 0xd9)));
      return;
    case 0xdc:
    case 0xdd:
      UnpackArray(lua, input, TakeNumber(lua, input, tag == 0xdc ? 2 : 4));
      return;
    case 0xde:
    case 0xdf:
      UnpackMap(lua, input, TakeNumber(lua, input, tag == 0xde ? 2 : 4));
      return;
    default:
      Raise(lua, "Bad data format in input.");
  }
}

// Pushes the next value.
void UnpackOne(lua_State* lua, Input& input) {
  input.long_call.Step();
  Need(lua, input, 1);
  luaL_checkstack(lua, 1,
                  "too many return values at once; use unpack_one or unpack_limit instead.");
  const unsigned char tag = *input.next;
  if (tag < 0x80) {
    lua_pushinteger(lua, tag);
    Skip(input, 1);
  } else if (tag >= 0xe0) {
    lua_pushinteger(lua, static_cast<signed char>(tag));
    Skip(input, 1);
  } else if (tag < 0x90) {
    Skip(input, 1);
    UnpackMap(lua, input, tag & 0x0f);
  } else if (tag < 0xa0) {
    Skip(input, 1);
    UnpackArray(lua, input, tag & 0x0f);
  } else if (tag < 0xc0) {
    Skip(input, 1);
    PushString(lua, input, tag & 0x1f);
  } else {
    UnpackTagged(lua, input);
  }
}

// With neither a limit nor an offset all is unpacked, and no position is returned.
int UnpackValues(lua_State* lua, int limit, int offset) {
  size_t size = 0;
  const char* const data = luaL_checklstring(lua, 1, &size);
  const bool all = limit == 0 && offset == 0;
  if (offset < 0 || limit < 0) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.", offset,
                      static_cast<int>(size));
  }
  if (static_cast<size_t>(offset) > size) {
    return luaL_error(lua, "Start offset %d greater than input length %d.", offset,
                      static_cast<int>(size));
  }
  if (all) limit = INT_MAX;
  LongCall long_call(lua);
  Input input{reinterpret_cast<const unsigned char*>(data) + offset,
              size - static_cast<size_t>(offset), long_call};
  int count = 0;
  for (; input.left > 0 && count < limit; ++count) UnpackOne(lua, input);
  if (all) return count;
  luaL_checkstack(lua, 1, "in function mp_unpack_full");
  // -1: the end was reached.
  lua_pushinteger(lua, input.left == 0 ? -1 : static_cast<lua_Integer>(size - input.left));
  lua_insert(lua, 2);
  return count + 1;
}

// unpack(bytes)
int Unpack(lua_State* lua) {
  return UnpackValues(lua, 0, 0);
}

// unpack_one(bytes [, offset])
int UnpackSingle(lua_State* lua) {
  const auto offset = static_cast<int>(luaL_optinteger(lua, 2, 0));
  if (lua_gettop(lua) > 1) lua_settop(lua, 1);
  return UnpackValues(lua, 1, offset);
}

// unpack_limit(bytes, limit [, offset])
int UnpackLimit(lua_State* lua) {
  const auto limit = static_cast<int>(luaL_checkinteger(lua, 2));
  const auto offset = static_cast<int>(luaL_optinteger(lua, 3, 0));
  if (lua_gettop(lua) > 1) lua_settop(lua, 1);
  return UnpackValues(lua, limit, offset);
}

}  // namespace

int OpenCmsgpack(lua_State* lua) {
  lua_createtable(lua, 0, 7);
  ScratchBuffer::Push(lua);
  lua_pushcclosure(lua, Pack, 1);
  lua_setfield(lua, -2, "pack");
  lua_pushcfunction(lua, Unpack);
  lua_setfield(lua, -2, "unpack");
  lua_pushcfunction(lua, UnpackSingle);
  lua_setfield(lua, -2, "unpack_one");
  lua_pushcfunction(lua, UnpackLimit);
  lua_setfield(lua, -2, "unpack_limit");
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
  // What it behaves as.
  lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
  lua_setfield(lua, -2, "_VERSION");
  lua_pushliteral(lua, "MessagePack C implementation for Lua");
  lua_setfield(lua, -2, "_DESCRIPTION");
  lua_pushvalue(lua, -1);
  lua_setglobal(lua, "cmsgpack");
  return 1;
}

}  // namespace scripting
