// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/lcs.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

bool IsSubsequence(std::string_view part, std::string_view whole) {
  for (const char c : whole) {
    if (!part.empty() && part[0] == c) part.remove_prefix(1);
  }
  return part.empty();
}

// By trying all subsequences of `a`.
size_t LongestByTrying(std::string_view a, std::string_view b) {
  size_t longest = 0;
  for (uint32_t chosen = 0; chosen < 1U << a.size(); ++chosen) {
    std::string part;
    for (size_t i = 0; i < a.size(); ++i) {
      if ((chosen >> i & 1) != 0) part += a[i];
    }
    if (IsSubsequence(part, b)) longest = std::max(longest, part.size());
  }
  return longest;
}

TEST_CASE("the longest common subsequence is common, and none is longer") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string a;
    std::string b;
    for (size_t i = random() % 9; i > 0; --i) a += static_cast<char>('a' + random() % 3);
    for (size_t i = random() % 12; i > 0; --i) b += static_cast<char>('a' + random() % 3);
    CAPTURE(a);
    CAPTURE(b);
    const LongestCommonSubsequence lcs(a, b, true);
    REQUIRE(lcs.length() == LongestByTrying(a, b));
    const std::string text = lcs.Text();
    REQUIRE(text.size() == lcs.length());
    REQUIRE(IsSubsequence(text, a));
    REQUIRE(IsSubsequence(text, b));
    REQUIRE(LongestCommonSubsequence(a, b, false).length() == lcs.length());
    size_t sum = 0;
    for (const auto& match : lcs.Matches()) {
      REQUIRE(a.substr(match.a_begin, match.length) == b.substr(match.b_begin, match.length));
      sum += match.length;
    }
    REQUIRE(sum == lcs.length());
  }
}

}  // namespace
}  // namespace datatypes
