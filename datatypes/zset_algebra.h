// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/set.h"
#include "datatypes/sorted_set.h"

namespace datatypes {

enum class Aggregate : uint8_t { kSum, kMin, kMax };

// An operand: a sorted set, a set (all its scores are 1), or nothing.
class ScoredInput {
 public:
  // WRONGTYPE if it is neither.
  static Result<ScoredInput> Open(const CommandContext& ctx, std::string_view key);

  double weight = 1;

  uint64_t size() const { return is_set_ ? set_.size() : sorted_.size(); }
  // What is read with the members comes off the disk by a waiter, unless it is large.
  bool FullyResident() const;
  bool Prefetch(lsm::LoadWaiter& waiter) const;

  Result<std::optional<double>> Score(std::string_view member) const;
  // All members, with their scores; until `visit` answers false. Views of members are good as long
  // as this input, or a copy of it, and its key is not changed.
  Result<void> Visit(SortedSet::Visitor visit) const;

 private:
  ScoredInput(SortedSet sorted, Set set, bool is_set)
      : sorted_(sorted), set_(set), is_set_(is_set) {}

  SortedSet sorted_;
  Set set_;
  bool is_set_;
  // A set's members that are no bytes in RAM until they are asked for. Owned by all copies.
  std::shared_ptr<std::deque<std::string>> spelled_ = nullptr;
};

// Different members, borrowed from the inputs (of which the caller keeps a copy), in no order.
using ScoredMembers = std::vector<SortedSet::Element>;

// Scores are multiplied by their input's weight and then put together, smallest input first: the
// order in which Redis adds up.
Result<ScoredMembers> UnionOf(std::vector<ScoredInput> inputs, Aggregate aggregate);
// At most `limit` members; 0: all.
Result<ScoredMembers> IntersectionOf(std::vector<ScoredInput> inputs, Aggregate aggregate,
                                     uint64_t limit);
// What the first has and no other.
Result<ScoredMembers> DifferenceOf(const std::vector<ScoredInput>& inputs);

}  // namespace datatypes
