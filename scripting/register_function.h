// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

struct lua_State;

namespace scripting {

// Who is told of the functions that a library registers while it is loaded. Must not touch Lua.
class FunctionSink {
 public:
  virtual ~FunctionSink() = default;
  // False while no library is being loaded.
  virtual bool loading() const = 0;
  // The function itself is in the Lua registry at `callback`, and stays there if nullptr is
  // returned; else the text says what is wrong.
  virtual const char* AddFunction(std::string_view name,
                                  std::optional<std::string_view> description, uint32_t flags,
                                  int callback) = 0;
};

// Pushes redis.register_function, which tells `sink`; that must outlive the Lua state. May raise.
void PushRegisterFunction(lua_State* state, FunctionSink* sink);

}  // namespace scripting
