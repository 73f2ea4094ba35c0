// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

struct lua_State;

namespace scripting {

// Pushes the table `redis`, as scripts of both kinds have it.
void PushRedisTable(lua_State* state, std::string_view redis_version);

}  // namespace scripting
