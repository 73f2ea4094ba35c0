// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace datatypes {

// The bytes of a sorted set's rows; FORMAT.md has them drawn.

// A score's code: 2 to 9 bytes that compare as the scores do. No code is the beginning of another,
// so members may follow it. -0 and 0 are the same. The rounder the number in binary, the shorter
// the code: small whole numbers take 2 or 3 bytes.
inline constexpr size_t kMaxScoreCodeBytes = 9;
// Writes the code and returns its end. `score` must be a number.
char* EncodeScore(char* to, double score);
struct DecodedScore {
  double score = 0;
  size_t bytes = 0;
};
// The code that `bytes` begin with; nothing if there is none.
std::optional<DecodedScore> DecodeScore(std::string_view bytes);

// A subkey in the making, on the stack unless it is long.
class RowKey {
 public:
  std::string_view view() const { return {data(), size_}; }

  RowKey& Add(std::string_view bytes);
  RowKey& AddScore(double score);
  // After AddScore(): makes this greater than all that begin with the code, and less than all
  // codes of greater scores.
  RowKey& StepOverScore();

 private:
  const char* data() const { return heap_ != nullptr ? heap_.get() : inline_; }
  char* data() { return heap_ != nullptr ? heap_.get() : inline_; }

  size_t size_ = 0;
  size_t capacity_ = sizeof(inline_);
  std::unique_ptr<char[]> heap_;
  char inline_[96] = {};
};

// The rows of an indexed set.
inline constexpr std::string_view kScoreRowTag = "S";
inline constexpr std::string_view kNameRowTag = "m";
RowKey ScoreRowKey(double score, std::string_view member);
RowKey NameRowKey(std::string_view member);

}  // namespace datatypes
