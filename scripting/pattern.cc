// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/pattern.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace scripting {
namespace {

constexpr char kEscape = '%';

// The classes of bytes, as in the locale C; by the bit's number.
enum ClassBit : uint8_t { kAlpha, kCntrl, kDigit, kLower, kPunct, kSpace, kUpper, kHex, kZero };

constexpr bool IsBetween(int byte, int first, int last) {
  return byte >= first && byte <= last;
}

constexpr std::array<uint16_t, 256> kClassesOf = [] {
  std::array<uint16_t, 256> classes{};
  for (int byte = 0; byte < 128; ++byte) {
    const bool lower = IsBetween(byte, 'a', 'z');
    const bool upper = IsBetween(byte, 'A', 'Z');
    const bool digit = IsBetween(byte, '0', '9');
    const bool hex = digit || IsBetween(byte, 'a', 'f') || IsBetween(byte, 'A', 'F');
    const bool printed = IsBetween(byte, '!', '~');
    const bool is[] = {lower || upper,
                       byte < ' ' || byte == 127,
                       digit,
                       lower,
                       printed && !lower && !upper && !digit,
                       byte == ' ' || IsBetween(byte, '\t', '\r'),
                       upper,
                       hex,
                       byte == 0};
    for (int bit = kAlpha; bit <= kZero; ++bit) {
      if (is[bit]) classes[byte] = static_cast<uint16_t>(classes[byte] | 1U << bit);
    }
  }
  return classes;
}();

// By the letter behind the %: the classes that it stands for; 0: it is no class's.
constexpr std::array<uint16_t, 256> kClassesMeant = [] {
  std::array<uint16_t, 256> meant{};
  constexpr const char* kLetters = "acdlpsuxz";
  for (int bit = kAlpha; bit <= kZero; ++bit) {
    const int letter = kLetters[bit];
    meant[letter] = meant[letter - 'a' + 'A'] = static_cast<uint16_t>(1U << bit);
  }
  meant['w'] = meant['W'] = 1U << kAlpha | 1U << kDigit;
  return meant;
}();

// %a, %d and their kin, in capitals all that is not of the class; what is no letter of a class
// stands for itself.
bool InClass(unsigned char byte, unsigned char letter) {
  const uint16_t meant = kClassesMeant[letter];
  if (meant == 0) return letter == byte;
  return ((kClassesOf[byte] & meant) != 0) == (letter >= 'a');
}

// [...]: `set` is at its opening bracket, `last` at its closing one.
bool InSet(unsigned char byte, const char* set, const char* last) {
  const bool negated = set[1] == '^';
  for (const char* at = set + (negated ? 2 : 1); at < last; ++at) {
    if (*at == kEscape) {
      ++at;
      if (InClass(byte, static_cast<unsigned char>(*at))) return !negated;
    } else if (at[1] == '-' && at + 2 < last) {
      if (static_cast<unsigned char>(at[0]) <= byte && byte <= static_cast<unsigned char>(at[2])) {
        return !negated;
      }
      at += 2;
    } else if (static_cast<unsigned char>(*at) == byte) {
      return !negated;
    }
  }
  return negated;
}

bool IsOne(unsigned char byte, const char* item, const char* item_end) {
  switch (*item) {
    case '.':
      return true;
    case kEscape:
      return InClass(byte, static_cast<unsigned char>(item[1]));
    case '[':
      return InSet(byte, item, item_end - 1);
    default:
      return static_cast<unsigned char>(*item) == byte;
  }
}

bool IsRepeat(char c) {
  return c == '*' || c == '+' || c == '-' || c == '?';
}

}  // namespace

const char* PatternMatch::ClassEnd(const char* pattern) {
  const char first = *pattern++;
  if (first == kEscape) {
    if (*pattern == '\0') luaL_error(lua_, "malformed pattern (ends with '%%')");
    return pattern + 1;
  }
  if (first != '[') return pattern;
  if (*pattern == '^') ++pattern;
  // What comes first belongs to the set, even if it is "]".
  do {
    if (*pattern == '\0') luaL_error(lua_, "malformed pattern (missing ']')");
    if (*pattern++ == kEscape && *pattern != '\0') ++pattern;
  } while (*pattern != ']');
  return pattern + 1;
}

int PatternMatch::CaptureIndex(char digit) {
  const int index = digit - '1';
  if (index < 0 || index >= level_ || captures_[index].size == kOpen) {
    luaL_error(lua_, "invalid capture index");
  }
  return index;
}

const char* PatternMatch::Balanced(const char* at, const char* brackets) {
  if (brackets[0] == '\0' || brackets[1] == '\0') luaL_error(lua_, "unbalanced pattern");
  if (at >= end_ || *at != brackets[0]) return nullptr;
  size_t depth = 1;
  for (const char* next = at + 1; next < end_; ++next) {
    if (*next == brackets[1]) {
      if (--depth == 0) {
        long_call_.Step(static_cast<size_t>(next - at));
        return next + 1;
      }
    } else if (*next == brackets[0]) {
      ++depth;
    }
  }
  long_call_.Step(static_cast<size_t>(end_ - at));
  return nullptr;
}

const char* PatternMatch::Captured(const char* at, char digit) {
  const Capture& capture = captures_[CaptureIndex(digit)];
  const auto size = static_cast<size_t>(capture.size);
  if (static_cast<size_t>(end_ - at) < size) return nullptr;
  long_call_.Step(size);
  return std::string_view(capture.at, size) == std::string_view(at, size) ? at + size : nullptr;
}

bool PatternMatch::AtFrontier(const char* at, const char* set, const char* set_end) const {
  const char before = at == text_ ? '\0' : at[-1];
  // The text ends with a NUL, which counts as what follows it.
  return !InSet(static_cast<unsigned char>(before), set, set_end - 1) &&
         InSet(static_cast<unsigned char>(*at), set, set_end - 1);
}

const char* PatternMatch::MatchMost(const char* at, const char* pattern, const char* item_end) {
  ptrdiff_t count = 0;
  while (at + count < end_ && IsOne(static_cast<unsigned char>(at[count]), pattern, item_end)) {
    ++count;
  }
  long_call_.Step(static_cast<size_t>(count));
  for (; count >= 0; --count) {
    if (const char* const to = Match(at + count, item_end + 1); to != nullptr) return to;
  }
  return nullptr;
}

const char* PatternMatch::MatchLeast(const char* at, const char* pattern, const char* item_end) {
  for (;; ++at) {
    if (const char* const to = Match(at, item_end + 1); to != nullptr) return to;
    if (at >= end_ || !IsOne(static_cast<unsigned char>(*at), pattern, item_end)) return nullptr;
  }
}

const char* PatternMatch::MatchCapture(const char* at, const char* pattern, ptrdiff_t size) {
  if (level_ >= kMaxCaptures) luaL_error(lua_, "too many captures");
  captures_[level_] = {at, size};
  ++level_;
  const char* const to = Match(at, pattern);
  if (to == nullptr) --level_;
  return to;
}

const char* PatternMatch::CloseCapture(const char* at, const char* pattern) {
  int index = level_ - 1;
  while (index >= 0 && captures_[index].size != kOpen) --index;
  if (index < 0) luaL_error(lua_, "invalid pattern capture");
  captures_[index].size = at - captures_[index].at;
  const char* const to = Match(at, pattern);
  if (to == nullptr) captures_[index].size = kOpen;
  return to;
}

// A single character class, perhaps repeated, and all that follows it. Nothing but the class: the
// loop in Match() goes on behind it, and comes back with nullptr otherwise.
const char* PatternMatch::MatchItem(const char* at, const char* pattern, const char* item_end) {
  const bool fits = at < end_ && IsOne(static_cast<unsigned char>(*at), pattern, item_end);
  switch (*item_end) {
    case '?':
      if (fits) {
        if (const char* const to = Match(at + 1, item_end + 1); to != nullptr) return to;
      }
      return Match(at, item_end + 1);
    case '*':
      return MatchMost(at, pattern, item_end);
    case '+':
      return fits ? MatchMost(at + 1, pattern, item_end) : nullptr;
    default:
      return MatchLeast(at, pattern, item_end);
  }
}

const char* PatternMatch::Match(const char* at, const char* pattern) {
  if (++depth_ > kMaxDepth) luaL_error(lua_, "pattern too complex");
  const char* const to = MatchHere(at, pattern);
  --depth_;
  return to;
}

const char* PatternMatch::MatchHere(const char* at, const char* pattern) {
  for (;;) {
    long_call_.Step();
    const char first = *pattern;
    if (first == '\0') return at;
    if (first == '(') {
      if (pattern[1] == ')') return MatchCapture(at, pattern + 2, kPosition);
      return MatchCapture(at, pattern + 1, kOpen);
    }
    if (first == ')') return CloseCapture(at, pattern + 1);
    if (first == '$' && pattern[1] == '\0') return at == end_ ? at : nullptr;
    if (first == kEscape && pattern[1] == 'b') {
      at = Balanced(at, pattern + 2);
      pattern += 4;
    } else if (first == kEscape && pattern[1] == 'f') {
      pattern += 2;
      if (*pattern != '[') luaL_error(lua_, "missing '[' after '%%f' in pattern");
      const char* const set_end = ClassEnd(pattern);
      if (!AtFrontier(at, pattern, set_end)) return nullptr;
      pattern = set_end;
    } else if (first == kEscape && IsBetween(pattern[1], '0', '9')) {
      at = Captured(at, pattern[1]);
      pattern += 2;
    } else {
      const char* const item_end = ClassEnd(pattern);
      if (IsRepeat(*item_end)) {
        return MatchItem(at, pattern, item_end);
      }
      if (at >= end_ || !IsOne(static_cast<unsigned char>(*at), pattern, item_end)) return nullptr;
      ++at;
      pattern = item_end;
    }
    if (at == nullptr) return nullptr;
  }
}

void PatternMatch::PushCapture(int index, const char* from, const char* to) {
  if (index >= level_) {
    if (index != 0) luaL_error(lua_, "invalid capture index");
    lua_pushlstring(lua_, from, static_cast<size_t>(to - from));
    return;
  }
  const Capture& capture = captures_[index];
  if (capture.size == kOpen) luaL_error(lua_, "unfinished capture");
  if (capture.size == kPosition) {
    lua_pushinteger(lua_, capture.at - text_ + 1);
  } else {
    lua_pushlstring(lua_, capture.at, static_cast<size_t>(capture.size));
  }
}

int PatternMatch::PushCaptures(const char* from, const char* to, bool whole) {
  const int count = level_ == 0 && whole ? 1 : level_;
  luaL_checkstack(lua_, count, "too many captures");
  for (int i = 0; i < count; ++i) PushCapture(i, from, to);
  return count;
}

}  // namespace scripting
