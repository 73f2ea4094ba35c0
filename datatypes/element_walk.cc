// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/element_walk.h"

#include <algorithm>

#include <absl/container/flat_hash_set.h>

namespace datatypes {
namespace {

constexpr int kRankBits = 38;
constexpr uint64_t kRankMask = (uint64_t{1} << kRankBits) - 1;
// So that a cursor fits a signed number.
constexpr uint64_t kErasedMask = (uint64_t{1} << 25) - 1;

}  // namespace

WalkStep NextStep(uint64_t cursor, uint64_t count, uint64_t size, uint32_t erased) {
  const uint64_t seen_to = cursor & kRankMask;
  const uint64_t erased_then = (cursor >> kRankBits) & kErasedMask;
  const uint64_t erased_since = seen_to == 0 ? 0 : (erased - erased_then) & kErasedMask;
  WalkStep step;
  step.from = std::min(seen_to - std::min(seen_to, erased_since), size);
  // At least a tenth of the step is new, so that repetitions stay few even where clients erase what
  // each step shows them.
  count = std::min(count, size - step.from);
  step.to = std::min(std::max(step.from + count, seen_to + count / 10 + 1), size);
  if (step.to < size) step.next_cursor = (erased & kErasedMask) << kRankBits | step.to;
  return step;
}

uint64_t ChooseRank(uint64_t size, std::mt19937_64& random) {
  return std::uniform_int_distribution<uint64_t>(0, size - 1)(random);
}

std::vector<uint64_t> ChooseRanks(uint64_t count, uint64_t size, std::mt19937_64& random) {
  // Floyd's way: for each of the last `count` numbers one of those up to it, or, if that is taken,
  // the number itself.
  absl::flat_hash_set<uint64_t> chosen;
  chosen.reserve(count);
  for (uint64_t last = size - count; last < size; ++last) {
    if (!chosen.insert(ChooseRank(last + 1, random)).second) chosen.insert(last);
  }
  std::vector<uint64_t> ranks(chosen.begin(), chosen.end());
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

}  // namespace datatypes
