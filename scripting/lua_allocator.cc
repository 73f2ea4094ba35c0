// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/lua_allocator.h"

#include <cstdlib>

namespace scripting {

void* LuaAllocator::Reallocate(void* block, size_t old_size, size_t new_size) {
  if (new_size == 0) {
    std::free(block);
    used_ -= old_size;
    return nullptr;
  }
  // Making a block smaller never fails: Lua counts on it.
  if (new_size > old_size && unbounded_ == 0 && used_ - old_size + new_size > limit_) {
    return nullptr;
  }
  void* const moved = std::realloc(block, new_size);
  if (moved == nullptr) return nullptr;
  used_ = used_ - old_size + new_size;
  return moved;
}

}  // namespace scripting
