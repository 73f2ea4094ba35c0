// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lua.hpp>

namespace scripting {

// table.sort [table, comparator]. LuaJIT's own cannot be interrupted, and takes quadratic time for
// some orders. This one takes the same steps (Lua 5.1's quicksort, by the median of three), since
// what is left of equal elements, and of a comparator that is no order, depends on them.
int TableSort(lua_State* lua);

}  // namespace scripting
