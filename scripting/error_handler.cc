// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/error_handler.h"

#include <string_view>

#include <lua.hpp>

namespace scripting {

int HandleError(lua_State* state) {
  lua_settop(state, 1);
  if (!lua_istable(state, 1)) {
    lua_createtable(state, 0, 3);
    lua_pushliteral(state, "ERR ");
    if (lua_isstring(state, 1) != 0) {
      lua_pushvalue(state, 1);
    } else if (lua_isnil(state, 1)) {
      lua_pushliteral(state, "nil");
    } else {
      // As tostring() does it, but for metamethods.
      lua_pushfstring(state, "%s: %p", luaL_typename(state, 1), lua_topointer(state, 1));
    }
    lua_concat(state, 2);
    lua_setfield(state, -2, "err");
    lua_replace(state, 1);
  }
  lua_Debug place = {};
  // The function that raised it, or, if that was one of C's, its caller.
  bool known = lua_getstack(state, 1, &place) != 0 && lua_getinfo(state, "Sl", &place) != 0;
  if (known && std::string_view(place.what) == "C") {
    known = lua_getstack(state, 2, &place) != 0 && lua_getinfo(state, "Sl", &place) != 0;
  }
  if (known) {
    lua_pushstring(state, place.source);
    lua_setfield(state, 1, "source");
    lua_pushinteger(state, place.currentline);
    lua_setfield(state, 1, "line");
  }
  return 1;
}

}  // namespace scripting
