// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include <lua.hpp>

#include "scripting/long_calls.h"

namespace scripting {

// One of Lua 5.1's patterns being matched against a text, as string.find and its kin do it. It
// backtracks, so a match can take time that is exponential in the pattern's length: hence the
// LongCall. Raises Lua errors, and so has no destructor to miss. A pattern ends at its first NUL.
class PatternMatch {
 public:
  PatternMatch(lua_State* lua, const char* text, size_t size, const char* pattern)
      : lua_(lua), long_call_(lua), text_(text), end_(text + size), pattern_(pattern) {}

  // Matches at `at`, which lies in the text or is its end, and nowhere else: where the match ends,
  // or nullptr.
  const char* At(const char* at) {
    level_ = 0;
    depth_ = 0;
    return Match(at, pattern_);
  }
  const char* text() const { return text_; }
  const char* end() const { return end_; }

  // Pushes the captures of the last match; if there are none and `whole` says so, all of what was
  // matched, from `from` to `to`. Returns their number.
  int PushCaptures(const char* from, const char* to, bool whole);
  // Pushes capture `index`, from 0 on; 0 is all that was matched if there are no captures.
  void PushCapture(int index, const char* from, const char* to);

 private:
  static constexpr int kMaxCaptures = 32;
  // Of calls within calls, one for each item of a pattern that is repeated or captures: about 1 MB
  // of the C stack. Redis' Lua has no limit, and dies of it.
  static constexpr int kMaxDepth = 4000;
  // In place of a capture's size.
  static constexpr ptrdiff_t kOpen = -1;
  static constexpr ptrdiff_t kPosition = -2;

  struct Capture {
    const char* at;
    ptrdiff_t size;
  };

  // Each takes the rest of the pattern, matches it at `at`, and returns where that ends, or
  // nullptr.
  const char* Match(const char* at, const char* pattern);
  const char* MatchHere(const char* at, const char* pattern);
  const char* MatchItem(const char* at, const char* pattern, const char* item_end);
  const char* MatchMost(const char* at, const char* pattern, const char* item_end);
  const char* MatchLeast(const char* at, const char* pattern, const char* item_end);
  const char* MatchCapture(const char* at, const char* pattern, ptrdiff_t size);
  const char* CloseCapture(const char* at, const char* pattern);

  // Each matches one item, and returns where that ends, or nullptr.
  const char* Balanced(const char* at, const char* brackets);
  const char* Captured(const char* at, char digit);
  bool AtFrontier(const char* at, const char* set, const char* set_end) const;

  // Behind the character class that begins here.
  const char* ClassEnd(const char* pattern);
  int CaptureIndex(char digit);

  lua_State* lua_;
  LongCall long_call_;
  const char* text_;
  const char* end_;
  const char* pattern_;
  int level_ = 0;  // Captures begun.
  int depth_ = 0;
  Capture captures_[kMaxCaptures];
};

}  // namespace scripting
