// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace datatypes {

// The longest common subsequence of two byte strings, by the classical table; of several equally
// long ones, the one that Redis' LCS finds.
class LongestCommonSubsequence {
 public:
  // A run of bytes common to both, at `a_begin` and `b_begin`.
  struct Match {
    size_t a_begin = 0;
    size_t b_begin = 0;
    size_t length = 0;
  };

  // Takes O(|a| · |b|) time and, to find the way back, that many bits; without `with_path` two
  // lines of the table. Borrows both strings.
  LongestCommonSubsequence(std::string_view a, std::string_view b, bool with_path);

  size_t length() const { return length_; }
  // The two below require `with_path`.
  std::string Text() const;
  // The runs, from the last to the first.
  std::vector<Match> Matches() const;

 private:
  void FillTable(bool with_path);
  // Whether the longest for a[0..i) and b[0..j), whose last bytes differ, leaves out the last byte
  // of `a` (else that of `b`).
  bool LeavesOutOfA(size_t i, size_t j) const {
    return leaves_out_of_a_[(i - 1) * b_.size() + j - 1];
  }

  std::string_view a_;
  std::string_view b_;
  size_t length_ = 0;
  std::vector<bool> leaves_out_of_a_;
};

}  // namespace datatypes
