// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/lua_values.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <lua.hpp>

namespace scripting {
namespace {

// Stack slots that one level of a nested value needs.
constexpr int kSlotsPerLevel = 8;

// Reads a reply from front to back. It trusts the bytes: they are ours. Nothing in here has a
// destructor, since a Lua error may leave at any push.
class ReplyReader {
 public:
  ReplyReader(lua_State* state, std::string_view bytes) : state_(state), bytes_(bytes) {}

  void PushNext() {
    luaL_checkstack(state_, kSlotsPerLevel, "reply nested too deeply");
    const char type = bytes_.front();
    bytes_.remove_prefix(1);
    switch (type) {
      case ':':
        lua_pushnumber(state_, static_cast<lua_Number>(TakeInteger()));
        break;
      case '$':
        PushBulk();
        break;
      case '+':
        PushField("ok", TakeLine());
        break;
      case '-':
        PushErrorTable(state_, TakeLine(), /*counted=*/true);
        break;
      case '*':
      case '>':
        PushArray();
        break;
      case '_':
        TakeLine();
        lua_pushnil(state_);
        break;
      case '#':
        lua_pushboolean(state_, TakeLine() == "t" ? 1 : 0);
        break;
      case '%':
        PushMap();
        break;
      case '~':
        PushSet();
        break;
      case '|':
        SkipAttribute();
        PushNext();
        break;
      default:
        PushRarely(type);
        break;
    }
  }

 private:
  std::string_view TakeLine() {
    const size_t end = bytes_.find('\r');
    const std::string_view line = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 2);
    return line;
  }

  int64_t TakeInteger() {
    size_t at = 0;
    const bool negative = bytes_[0] == '-';
    if (negative) ++at;
    uint64_t value = 0;
    for (; bytes_[at] != '\r'; ++at) value = value * 10 + static_cast<uint64_t>(bytes_[at] - '0');
    bytes_.remove_prefix(at + 2);
    return static_cast<int64_t>(negative ? 0 - value : value);
  }

  std::string_view TakeBytes(size_t size) {
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size + 2);
    return taken;
  }

  void PushView(std::string_view text) { lua_pushlstring(state_, text.data(), text.size()); }

  void PushField(const char* name, std::string_view text) {
    lua_createtable(state_, 0, 1);
    PushView(text);
    lua_setfield(state_, -2, name);
  }

  void PushBulk() {
    const int64_t size = TakeInteger();
    if (size < 0) {
      lua_pushboolean(state_, 0);
    } else {
      PushView(TakeBytes(static_cast<size_t>(size)));
    }
  }

  void PushArray() {
    const int64_t count = TakeInteger();
    if (count < 0) {
      lua_pushboolean(state_, 0);
      return;
    }
    lua_createtable(state_, static_cast<int>(count), 0);
    for (int64_t i = 1; i <= count; ++i) {
      PushNext();
      lua_rawseti(state_, -2, static_cast<int>(i));
    }
  }

  void PushMap() {
    const int64_t count = TakeInteger();
    lua_createtable(state_, 0, 1);
    lua_createtable(state_, 0, static_cast<int>(count));
    for (int64_t i = 0; i < count; ++i) {
      PushNext();
      PushNext();
      lua_rawset(state_, -3);
    }
    lua_setfield(state_, -2, "map");
  }

  void PushSet() {
    const int64_t count = TakeInteger();
    lua_createtable(state_, 0, 1);
    lua_createtable(state_, 0, static_cast<int>(count));
    for (int64_t i = 0; i < count; ++i) {
      PushNext();
      lua_pushboolean(state_, 1);
      lua_rawset(state_, -3);
    }
    lua_setfield(state_, -2, "set");
  }

  void SkipAttribute() {
    for (int64_t left = 2 * TakeInteger(); left > 0; --left) {
      PushNext();
      lua_pop(state_, 1);
    }
  }

  void PushRarely(char type) {
    if (type == ',') {
      const std::string_view line = TakeLine();
      lua_createtable(state_, 0, 1);
      // The line ends with a CR, where strtod stops.
      lua_pushnumber(state_, std::strtod(line.data(), nullptr));
      lua_setfield(state_, -2, "double");
    } else if (type == '(') {
      PushField("big_number", TakeLine());
    } else if (type == '=') {
      const std::string_view text = TakeBytes(static_cast<size_t>(TakeInteger()));
      lua_createtable(state_, 0, 1);
      lua_createtable(state_, 0, 2);
      PushView(text.substr(0, 3));
      lua_setfield(state_, -2, "format");
      PushView(text.substr(4));
      lua_setfield(state_, -2, "string");
      lua_setfield(state_, -2, "verbatim_string");
    } else {
      lua_pushnil(state_);
    }
  }

  lua_State* state_;
  std::string_view bytes_;
};

// ---- Lua to RESP -------------------------------------------------------------------------------

class ValueWriter {
 public:
  ValueWriter(lua_State* state, resp::Protocol script_protocol, resp::Writer& reply)
      : state_(state), script_resp3_(script_protocol == resp::Protocol::kResp3), reply_(reply) {}

  // The value on top of the stack; pops it.
  void Write() {
    if (lua_checkstack(state_, 4) == 0) {
      reply_.Error("ERR reached lua stack limit");
      lua_pop(state_, 1);
      return;
    }
    switch (lua_type(state_, -1)) {
      case LUA_TSTRING:
        reply_.Bulk(ViewOf(-1));
        break;
      case LUA_TNUMBER:
        reply_.Integer(Truncated(lua_tonumber(state_, -1)));
        break;
      case LUA_TBOOLEAN:
        WriteBoolean(lua_toboolean(state_, -1) != 0);
        break;
      case LUA_TTABLE:
        WriteTable();
        break;
      default:
        reply_.Null();
        break;
    }
    lua_pop(state_, 1);
  }

 private:
  // As the processor Redis runs on mostly converts: what does not fit is the smallest integer.
  static int64_t Truncated(double value) {
    constexpr double kLimit = 9223372036854775808.0;
    if (value >= -kLimit && value < kLimit) return static_cast<int64_t>(value);
    return INT64_MIN;
  }

  std::string_view ViewOf(int index) {
    size_t size = 0;
    const char* const bytes = lua_tolstring(state_, index, &size);
    return {bytes, size};
  }

  void WriteBoolean(bool value) {
    if (script_resp3_) {
      reply_.Bool(value);
    } else if (value) {
      reply_.Integer(1);
    } else {
      reply_.Null();
    }
  }

  // Pushes the field's value if it is of that type.
  bool PushField(const char* name, int type) {
    lua_pushstring(state_, name);
    lua_rawget(state_, -2);
    if (lua_type(state_, -1) == type) return true;
    lua_pop(state_, 1);
    return false;
  }

  static std::string InOneLine(std::string_view text) {
    std::string line(text);
    std::ranges::replace(line, '\r', ' ');
    std::ranges::replace(line, '\n', ' ');
    return line;
  }

  // The table on top of the stack, which stays.
  void WriteTable() {
    if (PushField("err", LUA_TSTRING)) {
      reply_.Error(ViewOf(-1));
      lua_pop(state_, 1);
    } else if (PushField("ok", LUA_TSTRING)) {
      reply_.SimpleString(InOneLine(ViewOf(-1)));
      lua_pop(state_, 1);
    } else if (PushField("double", LUA_TNUMBER)) {
      reply_.Double(lua_tonumber(state_, -1));
      lua_pop(state_, 1);
    } else if (PushField("map", LUA_TTABLE)) {
      WriteMap();
    } else if (PushField("set", LUA_TTABLE)) {
      WriteSet();
    } else if (PushField("big_number", LUA_TSTRING)) {
      reply_.BigNumber(InOneLine(ViewOf(-1)));
      lua_pop(state_, 1);
    } else if (!WriteVerbatim()) {
      WriteArray();
    }
  }

  size_t CountPairs() {
    size_t count = 0;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      ++count;
      lua_pop(state_, 1);
    }
    return count;
  }

  // Pops the map.
  void WriteMap() {
    reply_.Map(CountPairs());
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      lua_pushvalue(state_, -2);
      Write();
      Write();
    }
    lua_pop(state_, 1);
  }

  // Pops the set.
  void WriteSet() {
    reply_.Set(CountPairs());
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      lua_pop(state_, 1);
      lua_pushvalue(state_, -1);
      Write();
    }
    lua_pop(state_, 1);
  }

  bool WriteVerbatim() {
    if (!PushField("verbatim_string", LUA_TTABLE)) return false;
    bool written = false;
    if (PushField("string", LUA_TSTRING)) {
      const std::string_view text = ViewOf(-1);
      lua_pushstring(state_, "format");
      lua_rawget(state_, -3);
      if (lua_type(state_, -1) == LUA_TSTRING) {
        std::string format(ViewOf(-1).substr(0, 3));
        format.resize(3, ' ');
        reply_.Verbatim(format, text);
        written = true;
      }
      lua_pop(state_, 2);
    }
    lua_pop(state_, 1);
    return written;
  }

  void WriteArray() {
    int count = 0;
    for (bool more = true; more; ++count) {
      lua_rawgeti(state_, -1, count + 1);
      more = !lua_isnil(state_, -1);
      lua_pop(state_, 1);
    }
    --count;
    reply_.Array(static_cast<size_t>(count));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(state_, -1, i);
      Write();
    }
  }

  lua_State* state_;
  const bool script_resp3_;
  resp::Writer& reply_;
};

}  // namespace

void PushReply(lua_State* state, std::string_view reply) {
  ReplyReader(state, reply).PushNext();
}

void WriteValue(lua_State* state, resp::Protocol script_protocol, resp::Writer& reply) {
  ValueWriter(state, script_protocol, reply).Write();
}

void PushErrorTable(lua_State* state, std::string_view text, bool counted) {
  lua_createtable(state, 0, 4);
  lua_pushlstring(state, text.data(), text.size());
  lua_setfield(state, -2, "err");
  if (counted) {
    lua_pushboolean(state, 1);
    lua_setfield(state, -2, "ignore_error_stats_update");
  }
}

void PushErrorReply(lua_State* state, std::string_view text) {
  std::string_view code = "ERR";
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    if (const size_t space = text.find(' '); space != std::string_view::npos) {
      code = text.substr(0, space);
      text.remove_prefix(space + 1);
    }
  }
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
  lua_createtable(state, 0, 1);
  lua_pushlstring(state, code.data(), code.size());
  lua_pushlstring(state, " ", 1);
  lua_pushlstring(state, text.data(), text.size());
  lua_concat(state, 3);
  lua_setfield(state, -2, "err");
}

}  // namespace scripting
