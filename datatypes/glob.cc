// SPDX-License-Identifier: BSD-3-Clause
// Every element of a pattern but the star takes exactly one byte. So when something after the
// latest star does not fit, it is enough to let that star take one byte more: whatever an earlier
// star could do, the latest one can as well. No recursion, and no exponential patterns.
#include "datatypes/glob.h"

#include <cstddef>
#include <utility>

namespace datatypes {
namespace {

constexpr int kMaxStars = 1000;

int Fold(char c, bool ignore_case) {
  const int byte = static_cast<signed char>(c);
  return ignore_case && c >= 'A' && c <= 'Z' ? byte - 'A' + 'a' : byte;
}

// Matches the class that begins after the '[' at pattern[at - 1]; leaves `at` after it.
bool MatchClass(std::string_view pattern, size_t& at, char c, bool ignore_case) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool match = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const size_t left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      if (pattern[at + 1] == c) match = true;
      at += 2;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      int start = static_cast<signed char>(pattern[at]);
      int end = static_cast<signed char>(pattern[at + 2]);
      if (start > end) std::swap(start, end);
      start = Fold(static_cast<char>(start), ignore_case);
      end = Fold(static_cast<char>(end), ignore_case);
      const int byte = Fold(c, ignore_case);
      if (byte >= start && byte <= end) match = true;
      at += 3;
    } else {
      if (Fold(pattern[at], ignore_case) == Fold(c, ignore_case)) match = true;
      ++at;
    }
  }
  if (at < pattern.size()) ++at;  // The ']'.
  return match != negated;
}

// Matches the one element at pattern[at], not a star, and leaves `at` after it.
bool MatchOne(std::string_view pattern, size_t& at, char c, bool ignore_case) {
  switch (pattern[at]) {
    case '?':
      ++at;
      return true;
    case '[':
      ++at;
      return MatchClass(pattern, at, c, ignore_case);
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      break;
    default:
      break;
  }
  return Fold(pattern[at++], ignore_case) == Fold(c, ignore_case);
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, GlobCase letters) {
  if (text.empty()) return pattern.empty();
  const bool ignore_case = letters == GlobCase::kIgnore;
  size_t at = 0;
  size_t position = 0;
  size_t after_star = std::string_view::npos;
  size_t star_end = 0;  // The star's text ends here.
  int stars = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      while (at < pattern.size() && pattern[at] == '*') ++at;
      if (at == pattern.size()) return true;
      if (++stars > kMaxStars) return false;
      after_star = at;
      star_end = position;
      continue;
    }
    if (at < pattern.size() && MatchOne(pattern, at, text[position], ignore_case)) {
      ++position;
      continue;
    }
    if (after_star == std::string_view::npos) return false;
    at = after_star;
    position = ++star_end;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace datatypes
