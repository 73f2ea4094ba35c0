// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace scripting {

// The memory of one Lua state, counted and bounded. An allocation beyond the limit fails, which Lua
// turns into the error "not enough memory". Loop thread only.
class LuaAllocator {
 public:
  explicit LuaAllocator(size_t limit) : limit_(limit) {}

  // As lua_Alloc, but for the user data.
  void* Reallocate(void* block, size_t old_size, size_t new_size);

  size_t used() const { return used_; }
  size_t limit() const { return limit_; }
  void set_limit(size_t limit) { limit_ = limit; }

  // While one of these lives the limit does not hold: for what runs outside of lua_pcall, where Lua
  // could not report the failure but only abort. Such work is small or bounded by its caller.
  class Unbounded {
   public:
    explicit Unbounded(LuaAllocator& allocator) : allocator_(allocator) { ++allocator_.unbounded_; }
    ~Unbounded() { --allocator_.unbounded_; }
    Unbounded(const Unbounded&) = delete;
    Unbounded& operator=(const Unbounded&) = delete;

   private:
    LuaAllocator& allocator_;
  };

 private:
  size_t limit_;
  size_t used_ = 0;
  int unbounded_ = 0;
};

}  // namespace scripting
