// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include <lua.hpp>

// What C functions that a script calls owe to the server: the watchdog's hook runs between Lua's
// instructions, so a C function that may take long has to let it in by itself; and Lua's own limit
// of nested calls knows nothing of the C stack. All of these may raise Lua errors.
namespace scripting {

// Counts the steps of one call, and lets the watchdog in every now and then.
class LongCall {
 public:
  explicit LongCall(lua_State* lua) : lua_(lua) {}

  void Step(size_t count = 1) {
    steps_ += count;
    if (steps_ >= kStepsBetweenLooks) [[unlikely]]
      LookUp();
  }

 private:
  // Some tens of microseconds' worth.
  static constexpr size_t kStepsBetweenLooks = 16384;

  void LookUp();

  lua_State* lua_;
  size_t steps_ = 0;
};

// To be called by a C function that calls back into Lua, or itself, on a script's bidding: raises
// an error when these are nested so deeply that the C stack could end. Redis' Lua allows 200 such
// levels; here all of them have 2 MB, which is more.
void CheckCStack(lua_State* lua);

}  // namespace scripting
