// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/lcs.h"

#include <algorithm>
#include <cstdint>

namespace datatypes {

LongestCommonSubsequence::LongestCommonSubsequence(std::string_view a, std::string_view b,
                                                   bool with_path)
    : a_(a), b_(b) {
  FillTable(with_path);
}

void LongestCommonSubsequence::FillTable(bool with_path) {
  if (with_path) leaves_out_of_a_.resize(a_.size() * b_.size());
  // Lines of the table: for a[0..i) and each b[0..j). Only the directions are kept of older ones.
  std::vector<uint32_t> above(b_.size() + 1);
  std::vector<uint32_t> line(b_.size() + 1);
  for (size_t i = 1; i <= a_.size(); ++i) {
    for (size_t j = 1; j <= b_.size(); ++j) {
      if (a_[i - 1] == b_[j - 1]) {
        line[j] = above[j - 1] + 1;
        continue;
      }
      const bool without_a = above[j] > line[j - 1];
      line[j] = without_a ? above[j] : line[j - 1];
      if (with_path && without_a) leaves_out_of_a_[(i - 1) * b_.size() + j - 1] = true;
    }
    std::swap(line, above);
  }
  length_ = above[b_.size()];
}

std::vector<LongestCommonSubsequence::Match> LongestCommonSubsequence::Matches() const {
  std::vector<Match> matches;
  size_t i = a_.size();
  size_t j = b_.size();
  bool in_match = false;
  while (i > 0 && j > 0) {
    if (a_[i - 1] == b_[j - 1]) {
      --i;
      --j;
      if (!in_match) matches.push_back({});
      in_match = true;
      matches.back() = {i, j, matches.back().length + 1};
      continue;
    }
    in_match = false;
    if (LeavesOutOfA(i, j)) {
      --i;
    } else {
      --j;
    }
  }
  return matches;
}

std::string LongestCommonSubsequence::Text() const {
  const std::vector<Match> matches = Matches();
  std::string text;
  text.reserve(length_);
  for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
    text.append(a_.substr(match->a_begin, match->length));
  }
  return text;
}

}  // namespace datatypes
