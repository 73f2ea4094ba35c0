// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace scripting {

// Rewrites a script so that the errors of its last call can be placed. Where Lua 5.1 keeps the
// caller's frame when a C function is called in `return f(x)`, LuaJIT drops it, and with it the
// line that an error is reported on; and `return redis.call(…)` is how most scripts end.
//
//   return redis.call('get', k)        becomes        return (redis.call('get', k))
//
// which is no tail call, and differs only in that all but the first value are dropped. That is
// done where it changes nothing: at the script's own level, of which only the first value is used,
// and in functions for calls of redis.…, which have one value. Line numbers stay as they are. What
// is no valid Lua comes back as it is, or as no valid Lua.
std::string PlaceTailCalls(std::string_view code);

}  // namespace scripting
