// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/table_sort.h"

#include "scripting/long_calls.h"

namespace scripting {
namespace {

constexpr int kTable = 1;
constexpr int kComparator = 2;  // Nil: the operator <.

// The sorting of one table, at the stack's bottom. May raise errors: holds no destructors.
class Sorter {
 public:
  explicit Sorter(lua_State* lua) : lua_(lua), long_call_(lua) {}

  // Elements `low` to `high`, both included. Goes down into the smaller part, so the depth is
  // logarithmic.
  void Sort(int low, int high) {
    while (low < high) {
      OrderPair(low, high);
      if (high - low == 1) return;
      const int middle = static_cast<int>((static_cast<unsigned>(low) + high) / 2);
      if (!OrderPair(low, middle)) OrderPair(middle, high);
      if (high - low == 2) return;
      const int pivot = Partition(low, middle, high);
      if (pivot - low < high - pivot) {
        Sort(low, pivot - 1);
        low = pivot + 1;
      } else {
        Sort(pivot + 1, high);
        high = pivot - 1;
      }
    }
  }

 private:
  // Whether the element at stack index `a` comes before the one at `b`.
  bool Less(int a, int b) {
    long_call_.Step();
    if (lua_isnil(lua_, kComparator)) return lua_lessthan(lua_, a, b) != 0;
    lua_pushvalue(lua_, kComparator);
    lua_pushvalue(lua_, a < 0 ? a - 1 : a);
    lua_pushvalue(lua_, b < 0 ? b - 2 : b);
    lua_call(lua_, 2, 1);
    const bool less = lua_toboolean(lua_, -1) != 0;
    lua_pop(lua_, 1);
    return less;
  }

  // Swaps the two elements if the second comes before the first: whether it did.
  bool OrderPair(int first, int second) {
    lua_rawgeti(lua_, kTable, first);
    lua_rawgeti(lua_, kTable, second);
    const bool swap = Less(-1, -2);
    if (swap) {
      lua_rawseti(lua_, kTable, first);
      lua_rawseti(lua_, kTable, second);
    } else {
      lua_pop(lua_, 2);
    }
    return swap;
  }

  // The element in the middle, which is neither below the one at `low` nor above the one at `high`,
  // goes where all before it are no greater, and all behind it no smaller: to what is returned.
  int Partition(int low, int middle, int high) {
    lua_rawgeti(lua_, kTable, middle);
    const int pivot = lua_gettop(lua_);
    lua_pushvalue(lua_, pivot);
    lua_rawgeti(lua_, kTable, high - 1);
    lua_rawseti(lua_, kTable, middle);
    lua_rawseti(lua_, kTable, high - 1);
    int left = low;
    int right = high - 1;
    for (;;) {
      while (lua_rawgeti(lua_, kTable, ++left), Less(-1, pivot)) {
        if (left > high) luaL_error(lua_, "invalid order function for sorting");
        lua_pop(lua_, 1);
      }
      while (lua_rawgeti(lua_, kTable, --right), Less(pivot, -1)) {
        if (right < low) luaL_error(lua_, "invalid order function for sorting");
        lua_pop(lua_, 1);
      }
      if (right < left) break;
      lua_rawseti(lua_, kTable, left);
      lua_rawseti(lua_, kTable, right);
    }
    lua_settop(lua_, pivot - 1);
    lua_rawgeti(lua_, kTable, high - 1);
    lua_rawgeti(lua_, kTable, left);
    lua_rawseti(lua_, kTable, high - 1);
    lua_rawseti(lua_, kTable, left);
    return left;
  }

  lua_State* lua_;
  LongCall long_call_;
};

}  // namespace

int TableSort(lua_State* lua) {
  luaL_checktype(lua, kTable, LUA_TTABLE);
  const auto size = static_cast<int>(lua_objlen(lua, kTable));
  // Three of each level of Sort().
  luaL_checkstack(lua, 100, "");
  if (!lua_isnoneornil(lua, kComparator)) luaL_checktype(lua, kComparator, LUA_TFUNCTION);
  lua_settop(lua, 2);
  CheckCStack(lua);
  Sorter(lua).Sort(1, size);
  return 0;
}

}  // namespace scripting
