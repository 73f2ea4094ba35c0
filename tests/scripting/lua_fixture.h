// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <lua.hpp>

namespace scripting {

// A Lua state with the standard libraries and ours, whose memory is counted and can be made to run
// out. All of it is checked to be given back at the end.
class TestLua {
 public:
  TestLua();
  ~TestLua();
  TestLua(const TestLua&) = delete;
  TestLua& operator=(const TestLua&) = delete;

  // Runs the code; its results joined by "|", as `show` (below) writes them, or "error: …".
  //   strings as they are, tables as {key=value key=value} in the order of their text, null.
  std::string Run(std::string_view code);
  // The state's allocator refuses whatever would need more bytes than that; 0: nothing.
  void SetLimit(size_t bytes) { limit_ = bytes; }
  size_t used() const { return used_; }
  lua_State* state() { return state_; }

 private:
  static void* Allocate(void* self, void* block, size_t old_size, size_t new_size);

  size_t used_ = 0;
  size_t limit_ = 0;
  lua_State* state_;
};

}  // namespace scripting
