// SPDX-License-Identifier: BSD-3-Clause
// cjson.decode. No frame here holds an object with a destructor: Lua's errors jump over them.
#include <strings.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "scripting/json_state.h"
#include "scripting/long_calls.h"

namespace scripting {
namespace {

enum class Token : uint8_t {
  kObjectBegin,
  kObjectEnd,
  kArrayBegin,
  kArrayEnd,
  kString,
  kNumber,
  kBoolean,
  kNull,
  kColon,
  kComma,
  kEnd,
  kError,
};

// As the errors of lua-cjson call them.
constexpr const char* kTokenNames[] = {"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END",
                                       "T_STRING",    "T_NUMBER",  "T_BOOLEAN",   "T_NULL",
                                       "T_COLON",     "T_COMMA",   "T_END",       "T_ERROR"};

// Reads a text that ends with a zero byte (every Lua string does; one within the text ends it, too,
// where no string is being read).
struct Decoder {
  lua_State* lua;
  ScratchBuffer& text;  // Of the string read last.
  const JsonSettings& settings;
  const char* begin;
  const char* next;
  LongCall& long_call;
  int depth = 0;

  // Of the token read last.
  Token token = Token::kEnd;
  size_t token_at = 0;
  const char* error = nullptr;  // kError: what it is.
  double number = 0;
  bool boolean = false;
};

void Fail(Decoder& from, const char* error) {
  from.token = Token::kError;
  from.token_at = static_cast<size_t>(from.next - from.begin);
  from.error = error;
}

[[noreturn]] void RaiseUnexpected(const Decoder& from, const char* expected) {
  const char* const found =
      from.token == Token::kError ? from.error : kTokenNames[static_cast<size_t>(from.token)];
  luaL_error(from.lua, "Expected %s but found %s at character %d", expected, found,
             static_cast<int>(from.token_at + 1));
  __builtin_unreachable();
}

// Infinity, NaN, hexadecimal, leading zeros, plus: what strtod takes and JSON does not know.
bool IsForeignNumber(const char* at) {
  if (*at == '+') return true;
  if (*at == '-') ++at;
  if (*at == '0') return (at[1] | 0x20) == 'x' || (at[1] >= '0' && at[1] <= '9');
  if (*at <= '9') return false;
  return strncasecmp(at, "inf", 3) == 0 || strncasecmp(at, "nan", 3) == 0;
}

void ReadNumber(Decoder& from) {
  char* end = nullptr;
  from.number = std::strtod(from.next, &end);
  if (end == from.next) {
    Fail(from, "invalid number");
    return;
  }
  from.token = Token::kNumber;
  from.next = end;
}

// ---- Strings
// -------------------------------------------------------------------------------------

// Four hexadecimal digits; -1: they are not.
int ReadHex(const char* at) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20) - 'a' + 10;
    } else {
      return -1;
    }
    value = value << 4 | digit;
  }
  return value;
}

void AppendUtf8(Decoder& to, int code) {
  char* const at = to.text.Room(to.lua, 4);
  const auto continued = [code](int shift) {
    return static_cast<char>(0x80 | (code >> shift & 0x3f));
  };
  if (code < 0x80) {
    at[0] = static_cast<char>(code);
    to.text.Advance(1);
  } else if (code < 0x800) {
    at[0] = static_cast<char>(0xc0 | code >> 6);
    at[1] = continued(0);
    to.text.Advance(2);
  } else if (code < 0x10000) {
    at[0] = static_cast<char>(0xe0 | code >> 12);
    at[1] = continued(6);
    at[2] = continued(0);
    to.text.Advance(3);
  } else {
    at[0] = static_cast<char>(0xf0 | code >> 18);
    at[1] = continued(12);
    at[2] = continued(6);
    at[3] = continued(0);
    to.text.Advance(4);
  }
}

// \uXXXX, two of them for what is beyond 16 bits. False: it is none.
bool ReadUnicode(Decoder& from) {
  int code = ReadHex(from.next + 2);
  if (code < 0) return false;
  size_t length = 6;
  if ((code & 0xf800) == 0xd800) {
    if ((code & 0x400) != 0) return false;
    if (from.next[6] != '\\' || from.next[7] != 'u') return false;
    const int low = ReadHex(from.next + 8);
    if (low < 0 || (low & 0xfc00) != 0xdc00) return false;
    code = ((code & 0x3ff) << 10 | (low & 0x3ff)) + 0x10000;
    length = 12;
  }
  AppendUtf8(from, code);
  from.next += length;
  return true;
}

// What a backslash and this letter stand for; 0: nothing.
char Unescape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

void ReadString(Decoder& from) {
  ++from.next;
  from.text.Clear();
  for (;;) {
    const size_t plain = std::strcspn(from.next, "\"\\");
    from.text.Append(from.lua, {from.next, plain});
    from.next += plain;
    if (*from.next == '"') break;
    if (*from.next == '\0') {
      Fail(from, "unexpected end of string");
      return;
    }
    if (from.next[1] == 'u') {
      if (ReadUnicode(from)) continue;
      Fail(from, "invalid unicode escape code");
      return;
    }
    const char meant = Unescape(from.next[1]);
    if (meant == 0) {
      Fail(from, "invalid escape code");
      return;
    }
    from.text.Append(from.lua, meant);
    from.next += 2;
  }
  ++from.next;
  from.token = Token::kString;
}

// ---- Tokens
// --------------------------------------------------------------------------------------

bool TakeWord(Decoder& from, std::string_view word, Token token) {
  if (std::strncmp(from.next, word.data(), word.size()) != 0) return false;
  from.next += word.size();
  from.token = token;
  return true;
}

void ReadWordOrNumber(Decoder& from) {
  const char first = *from.next;
  if (first == '-' || (first >= '0' && first <= '9')) {
    if (from.settings.decode_invalid == 0 && IsForeignNumber(from.next)) {
      Fail(from, "invalid number");
    } else {
      ReadNumber(from);
    }
    return;
  }
  from.boolean = first == 't';
  if (TakeWord(from, "true", Token::kBoolean) || TakeWord(from, "false", Token::kBoolean) ||
      TakeWord(from, "null", Token::kNull)) {
    return;
  }
  const bool may_be_number = std::strchr("+fiInNt", first) != nullptr;
  if (may_be_number && from.settings.decode_invalid != 0 && IsForeignNumber(from.next)) {
    ReadNumber(from);
  } else {
    Fail(from, "invalid token");
  }
}

void Next(Decoder& from) {
  while (*from.next == ' ' || *from.next == '\t' || *from.next == '\n' || *from.next == '\r') {
    ++from.next;
  }
  from.token_at = static_cast<size_t>(from.next - from.begin);
  const auto single = [&from](Token token) {
    from.token = token;
    ++from.next;
  };
  switch (*from.next) {
    case '\0':
      from.token = Token::kEnd;
      return;
    case '{':
      return single(Token::kObjectBegin);
    case '}':
      return single(Token::kObjectEnd);
    case '[':
      return single(Token::kArrayBegin);
    case ']':
      return single(Token::kArrayEnd);
    case ':':
      return single(Token::kColon);
    case ',':
      return single(Token::kComma);
    case '"':
      return ReadString(from);
    default:
      return ReadWordOrNumber(from);
  }
}

// ---- Values
// --------------------------------------------------------------------------------------

void Descend(Decoder& from, int slots) {
  ++from.depth;
  if (from.depth <= from.settings.decode_max_depth && lua_checkstack(from.lua, slots) != 0) return;
  luaL_error(from.lua, "Found too many nested data structures (%d) at character %d", from.depth,
             static_cast<int>(from.next - from.begin));
}

void PushString(Decoder& from) {
  lua_pushlstring(from.lua, from.text.view().data(), from.text.size());
}

void PushValue(Decoder& from);

void PushObject(Decoder& from) {
  Descend(from, 3);
  lua_newtable(from.lua);
  Next(from);
  if (from.token != Token::kObjectEnd) {
    for (;;) {
      if (from.token != Token::kString) RaiseUnexpected(from, "object key string");
      PushString(from);
      Next(from);
      if (from.token != Token::kColon) RaiseUnexpected(from, "colon");
      Next(from);
      PushValue(from);
      lua_rawset(from.lua, -3);
      Next(from);
      if (from.token == Token::kObjectEnd) break;
      if (from.token != Token::kComma) RaiseUnexpected(from, "comma or object end");
      Next(from);
    }
  }
  --from.depth;
}

void PushArray(Decoder& from) {
  Descend(from, 2);
  lua_newtable(from.lua);
  Next(from);
  if (from.token != Token::kArrayEnd) {
    for (int i = 1;; ++i) {
      PushValue(from);
      lua_rawseti(from.lua, -2, i);
      Next(from);
      if (from.token == Token::kArrayEnd) break;
      if (from.token != Token::kComma) RaiseUnexpected(from, "comma or array end");
      Next(from);
    }
  }
  --from.depth;
}

// Pushes the value that begins with the token read last.
void PushValue(Decoder& from) {
  from.long_call.Step();
  switch (from.token) {
    case Token::kString:
      return PushString(from);
    case Token::kNumber:
      return lua_pushnumber(from.lua, from.number);
    case Token::kBoolean:
      return lua_pushboolean(from.lua, from.boolean ? 1 : 0);
    case Token::kNull:
      return lua_pushlightuserdata(from.lua, nullptr);
    case Token::kObjectBegin:
      return PushObject(from);
    case Token::kArrayBegin:
      return PushArray(from);
    default:
      RaiseUnexpected(from, "value");
  }
}

}  // namespace

int JsonDecode(lua_State* lua) {
  luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
  size_t size = 0;
  const char* const text = luaL_checklstring(lua, 1, &size);
  // The first character of any JSON text is ASCII.
  if (size >= 2 && (text[0] == '\0' || text[1] == '\0')) {
    return luaL_error(lua, "JSON parser does not support UTF-16 or UTF-32");
  }
  ScratchBuffer& buffer = JsonBuffer(lua);
  buffer.Clear();
  LongCall long_call(lua);
  Decoder from{lua, buffer, JsonSettingsOf(buffer), text, text, long_call};
  Next(from);
  PushValue(from);
  Next(from);
  if (from.token != Token::kEnd) RaiseUnexpected(from, "the end");
  buffer.Shrink();
  return 1;
}

}  // namespace scripting
