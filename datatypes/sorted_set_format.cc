// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/sorted_set_format.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

namespace datatypes {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;

// Whole numbers in the order of the doubles. A negative one is subtracted from the middle, and not
// inverted bit by bit, so that it ends in as many zeros as its opposite.
uint64_t Ordered(double score) {
  uint64_t bits = 0;
  std::memcpy(&bits, &score, sizeof(bits));
  const uint64_t magnitude = bits & ~kSign;
  return (bits & kSign) != 0 ? kSign - magnitude : kSign + magnitude;
}

double FromOrdered(uint64_t ordered) {
  const uint64_t bits = ordered >= kSign ? ordered - kSign : (kSign - ordered) | kSign;
  double score = 0;
  std::memcpy(&score, &bits, sizeof(score));
  return score;
}

}  // namespace

// The first byte as it is, then seven bits in each, from the top; the lowest bit says whether there
// is any but zeros to come. So an end is less than any continuation, as it should be.
char* EncodeScore(char* to, double score) {
  const uint64_t ordered = Ordered(score);
  *to++ = static_cast<char>(ordered >> 56);
  uint64_t rest = ordered << 8;
  do {
    const uint64_t seven = rest >> 57;
    rest <<= 7;
    *to++ = static_cast<char>(seven << 1 | (rest != 0 ? 1 : 0));
  } while (rest != 0);
  return to;
}

std::optional<DecodedScore> DecodeScore(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  uint64_t ordered = uint64_t{static_cast<unsigned char>(bytes[0])} << 56;
  int shift = 49;
  const size_t most = std::min(bytes.size(), kMaxScoreCodeBytes);
  for (size_t at = 1; at < most; ++at, shift -= 7) {
    const uint64_t byte = static_cast<unsigned char>(bytes[at]);
    ordered |= byte >> 1 << shift;
    if ((byte & 1) != 0) continue;
    const double score = FromOrdered(ordered);
    if (std::isnan(score)) return std::nullopt;
    return DecodedScore{score, at + 1};
  }
  return std::nullopt;
}

RowKey& RowKey::Add(std::string_view bytes) {
  if (bytes.empty()) return *this;
  if (bytes.size() > capacity_ - size_) {
    const size_t capacity = 2 * (size_ + bytes.size());
    auto larger = std::make_unique<char[]>(capacity);
    std::memcpy(larger.get(), data(), size_);
    heap_ = std::move(larger);
    capacity_ = capacity;
  }
  std::memcpy(data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return *this;
}

RowKey& RowKey::AddScore(double score) {
  char code[kMaxScoreCodeBytes];
  return Add({code, static_cast<size_t>(EncodeScore(code, score) - code)});
}

RowKey& RowKey::StepOverScore() {
  char& last = data()[size_ - 1];
  last = static_cast<char>(last | 1);
  return *this;
}

RowKey ScoreRowKey(double score, std::string_view member) {
  RowKey key;
  key.Add(kScoreRowTag).AddScore(score).Add(member);
  return key;
}

RowKey NameRowKey(std::string_view member) {
  RowKey key;
  key.Add(kNameRowTag).Add(member);
  return key;
}

}  // namespace datatypes
