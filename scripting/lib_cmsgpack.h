// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

namespace scripting {

// Opens the library `cmsgpack` (pack, unpack, unpack_one, unpack_limit): MessagePack, with the
// choices of lua-cmsgpack 0.4 that Redis has. Makes it a global and leaves its table on the stack.
// A lua_CFunction; may raise.
int OpenCmsgpack(lua_State* lua);

}  // namespace scripting
