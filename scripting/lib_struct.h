// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

namespace scripting {

// Opens the library `struct` (pack, unpack, size) as Redis' scripts know it: makes it a global, and
// leaves its table on the stack. A lua_CFunction; may raise.
//
// Formats: `>` `<` byte order, `![n]` alignment, `x` a zero byte, `b B h H l L T` integers, `i[n]
// I[n]` integers of n bytes (at most 32), `f d`, `c[n]` n characters (c0: all of the string; read:
// as many as the number before says), `s` a string with a zero behind it, space.
int OpenStruct(lua_State* lua);

}  // namespace scripting
