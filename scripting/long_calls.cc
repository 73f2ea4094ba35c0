// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/long_calls.h"

#include "scripting/lua_vm.h"

namespace scripting {

void LongCall::LookUp() {
  steps_ = 0;
  if (LuaVm* const vm = LuaVm::Find(lua_); vm != nullptr) vm->LetWatchdogIn(lua_);
}

void CheckCStack(lua_State* lua) {
  if (LuaVm::Of(lua).HasCStack()) return;
  lua_pushliteral(lua, "C stack overflow");
  lua_error(lua);
}

}  // namespace scripting
