// SPDX-License-Identifier: BSD-3-Clause
// No frame here holds an object with a destructor: Lua's errors jump over them.
#include "scripting/lib_struct.h"

#include <bit>
#include <cctype>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "scripting/scratch_buffer.h"

namespace scripting {
namespace {

constexpr int kMaxIntegerBytes = 32;
constexpr int kDefaultAlignment = alignof(double);

// Where the format stands, and what it has set.
struct Format {
  const char* next;
  bool big_endian = false;
  size_t alignment = 1;
};

// One item of a format.
struct Item {
  char option;
  size_t bytes;
};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// What casting a double to an unsigned 64-bit integer does on this processor, for any double: what
// is out of range becomes what clients of Redis see there.
uint64_t ToUnsigned(double value) {
  constexpr double kTwo63 = 9223372036854775808.0;
  const auto truncate = [](double d) {
    return d >= -kTwo63 && d < kTwo63 ? static_cast<uint64_t>(static_cast<int64_t>(d))
                                      : uint64_t{1} << 63;
  };
  return value >= kTwo63 ? truncate(value - kTwo63) ^ (uint64_t{1} << 63) : truncate(value);
}

int ReadNumber(lua_State* lua, Format& format, int otherwise) {
  if (!IsDigit(*format.next)) return otherwise;
  int64_t number = 0;
  for (; IsDigit(*format.next); ++format.next) {
    number = number * 10 + (*format.next - '0');
    if (number > INT_MAX) luaL_error(lua, "integral size overflow");
  }
  return static_cast<int>(number);
}

Item NextItem(lua_State* lua, Format& format) {
  Item item{*format.next++, 0};
  switch (item.option) {
    case 'b':
    case 'B':
    case 'x':
      item.bytes = 1;
      break;
    case 'h':
    case 'H':
      item.bytes = sizeof(short);
      break;
    case 'l':
    case 'L':
    case 'T':
    case 'd':
      item.bytes = 8;
      break;
    case 'f':
      item.bytes = 4;
      break;
    case 'c':
      item.bytes = static_cast<size_t>(ReadNumber(lua, format, 1));
      break;
    case 'i':
    case 'I': {
      const int bytes = ReadNumber(lua, format, sizeof(int));
      if (bytes > kMaxIntegerBytes) {
        luaL_error(lua, "integral size %d is larger than limit of %d", bytes, kMaxIntegerBytes);
      }
      item.bytes = static_cast<size_t>(bytes);
      break;
    }
    default:
      break;
  }
  return item;
}

// Zero bytes that must stand before an item at this position. (An integer's size need be no power
// of two; then this is what Redis makes of it.)
size_t Padding(const Format& format, const Item& item, size_t position) {
  if (item.bytes == 0 || item.option == 'c') return 0;
  const size_t unit = item.bytes < format.alignment ? item.bytes : format.alignment;
  return (unit - (position & (unit - 1))) & (unit - 1);
}

void Control(lua_State* lua, Format& format, char option) {
  switch (option) {
    case ' ':
      return;
    case '>':
      format.big_endian = true;
      return;
    case '<':
      format.big_endian = false;
      return;
    case '!': {
      const int alignment = ReadNumber(lua, format, kDefaultAlignment);
      if (alignment <= 0 || !std::has_single_bit(static_cast<unsigned>(alignment))) {
        luaL_error(lua, "alignment %d is not a power of 2", alignment);
      }
      format.alignment = static_cast<size_t>(alignment);
      return;
    }
    default:
      luaL_argerror(lua, 1, lua_pushfstring(lua, "invalid format option '%c'", option));
  }
}

bool IsInteger(char option) {
  return option != '\0' && std::strchr("bBhHlLTiI", option) != nullptr;
}

// ---- Packing
// -------------------------------------------------------------------------------------

void PackInteger(lua_State* lua, ScratchBuffer& out, int arg, const Format& format, size_t bytes) {
  uint64_t value = ToUnsigned(luaL_checknumber(lua, arg));
  char* const at = out.Room(lua, bytes);
  for (size_t i = 0; i < bytes; ++i) {
    at[format.big_endian ? bytes - 1 - i : i] = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  out.Advance(bytes);
}

template <typename Float>
void PackFloat(lua_State* lua, ScratchBuffer& out, Float value, const Format& format) {
  char bytes[sizeof(Float)];
  std::memcpy(bytes, &value, sizeof(Float));
  char* const at = out.Room(lua, sizeof(Float));
  for (size_t i = 0; i < sizeof(Float); ++i) {
    at[i] = bytes[format.big_endian ? sizeof(Float) - 1 - i : i];
  }
  out.Advance(sizeof(Float));
}

// Returns the bytes written.
size_t PackString(lua_State* lua, ScratchBuffer& out, int arg, const Item& item) {
  size_t length = 0;
  const char* const text = luaL_checklstring(lua, arg, &length);
  const size_t bytes = item.bytes == 0 ? length : item.bytes;
  // Redis names the argument behind the string.
  luaL_argcheck(lua, length >= bytes, arg + 1, "string too short");
  out.Append(lua, {text, bytes});
  if (item.option == 'c') return bytes;
  out.Append(lua, '\0');
  return bytes + 1;
}

int Pack(lua_State* lua) {
  Format format{luaL_checkstring(lua, 1)};
  ScratchBuffer& out = *ScratchBuffer::At(lua, lua_upvalueindex(1));
  out.Clear();
  // What a missing argument looks like in Redis' error.
  lua_pushnil(lua);
  int arg = 2;
  // What alignment counts: the options that set something count as well.
  size_t position = 0;
  while (*format.next != '\0') {
    Item item = NextItem(lua, format);
    const size_t padding = Padding(format, item, position);
    for (size_t i = 0; i < padding; ++i) out.Append(lua, '\0');
    position += padding;
    if (IsInteger(item.option)) {
      PackInteger(lua, out, arg++, format, item.bytes);
    } else if (item.option == 'x') {
      out.Append(lua, '\0');
    } else if (item.option == 'f') {
      PackFloat(lua, out, static_cast<float>(luaL_checknumber(lua, arg++)), format);
    } else if (item.option == 'd') {
      PackFloat(lua, out, static_cast<double>(luaL_checknumber(lua, arg++)), format);
    } else if (item.option == 'c' || item.option == 's') {
      item.bytes = PackString(lua, out, arg++, item);
    } else {
      Control(lua, format, item.option);
    }
    position += item.bytes;
  }
  lua_pushlstring(lua, out.view().data(), out.size());
  out.Shrink();
  return 1;
}

// ---- Unpacking
// -----------------------------------------------------------------------------------

double UnpackInteger(const char* data, const Format& format, bool is_signed, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(data[format.big_endian ? i : bytes - 1 - i]);
  }
  if (!is_signed) return static_cast<double>(value);
  // For more than eight bytes this is what the processor's shift makes of it in Redis.
  const uint64_t sign = ~uint64_t{0} << ((bytes * 8 - 1) & 63);
  if ((value & sign) != 0) value |= sign;
  return static_cast<double>(static_cast<int64_t>(value));
}

template <typename Float>
Float UnpackFloat(const char* data, const Format& format) {
  char bytes[sizeof(Float)];
  for (size_t i = 0; i < sizeof(Float); ++i) {
    bytes[i] = data[format.big_endian ? sizeof(Float) - 1 - i : i];
  }
  Float value;
  std::memcpy(&value, bytes, sizeof(Float));
  return value;
}

struct Input {
  const char* data;
  size_t size;
  size_t position;
};

void CheckRest(lua_State* lua, const Input& input, size_t bytes) {
  luaL_argcheck(lua, bytes <= input.size && input.position <= input.size - bytes, 2,
                "data string too short");
}

// Pushes what the item reads; `results` counts what is pushed. Returns the bytes read.
size_t UnpackItem(lua_State* lua, const Input& input, Format& format, const Item& item,
                  int& results) {
  const char* const data = input.data + input.position;
  if (IsInteger(item.option)) {
    const bool is_signed = item.option >= 'a';
    lua_pushnumber(lua, UnpackInteger(data, format, is_signed, item.bytes));
  } else if (item.option == 'f') {
    lua_pushnumber(lua, static_cast<double>(UnpackFloat<float>(data, format)));
  } else if (item.option == 'd') {
    lua_pushnumber(lua, UnpackFloat<double>(data, format));
  } else if (item.option == 'c') {
    size_t bytes = item.bytes;
    if (bytes == 0) {
      if (results == 0 || !lua_isnumber(lua, -1)) {
        luaL_error(lua, "format 'c0' needs a previous size");
      }
      bytes = ToUnsigned(lua_tonumber(lua, -1));
      lua_pop(lua, 1);
      --results;
      CheckRest(lua, input, bytes);
    }
    lua_pushlstring(lua, data, bytes);
    ++results;
    return bytes;
  } else if (item.option == 's') {
    const void* const end = std::memchr(data, '\0', input.size - input.position);
    if (end == nullptr) luaL_error(lua, "unfinished string in data");
    const auto length = static_cast<size_t>(static_cast<const char*>(end) - data);
    lua_pushlstring(lua, data, length);
    ++results;
    return length + 1;
  } else {
    if (item.option != 'x') Control(lua, format, item.option);
    return item.bytes;
  }
  ++results;
  return item.bytes;
}

int Unpack(lua_State* lua) {
  Format format{luaL_checkstring(lua, 1)};
  Input input{};
  input.data = luaL_checklstring(lua, 2, &input.size);
  const auto offset = static_cast<size_t>(luaL_optinteger(lua, 3, 1));
  luaL_argcheck(lua, offset > 0, 3, "offset must be 1 or greater");
  input.position = offset - 1;
  int results = 0;
  while (*format.next != '\0') {
    const Item item = NextItem(lua, format);
    CheckRest(lua, input, item.bytes);
    input.position += Padding(format, item, input.position);
    CheckRest(lua, input, item.bytes);
    luaL_checkstack(lua, 2, "too many results");
    input.position += UnpackItem(lua, input, format, item, results);
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(input.position + 1));
  return results + 1;
}

// ---- Size
// ----------------------------------------------------------------------------------------

int Size(lua_State* lua) {
  Format format{luaL_checkstring(lua, 1)};
  size_t position = 0;
  while (*format.next != '\0') {
    const Item item = NextItem(lua, format);
    position += Padding(format, item, position);
    if (item.option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (item.option == 'c' && item.bytes == 0) {
      luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    }
    // Letters that mean nothing pass here, as in Redis.
    if (std::isalnum(static_cast<unsigned char>(item.option)) == 0) {
      Control(lua, format, item.option);
    }
    position += item.bytes;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(position));
  return 1;
}

}  // namespace

int OpenStruct(lua_State* lua) {
  lua_createtable(lua, 0, 3);
  ScratchBuffer::Push(lua);
  lua_pushcclosure(lua, Pack, 1);
  lua_setfield(lua, -2, "pack");
  lua_pushcfunction(lua, Unpack);
  lua_setfield(lua, -2, "unpack");
  lua_pushcfunction(lua, Size);
  lua_setfield(lua, -2, "size");
  lua_pushvalue(lua, -1);
  lua_setglobal(lua, "struct");
  return 1;
}

}  // namespace scripting
