// SPDX-License-Identifier: BSD-3-Clause
#pragma once

struct lua_State;

namespace scripting {

// The message handler of every script: makes a table {err, source, line} of whatever was raised,
// with the place where it was.
int HandleError(lua_State* state);

}  // namespace scripting
