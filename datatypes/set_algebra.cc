// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/set_algebra.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace datatypes {

void SetCombiner::Restart(const std::vector<Set>& sets) {
  order_.resize(sets.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  const auto smaller = [&sets](size_t a, size_t b) { return sets[a].size() < sets[b].size(); };
  walked_ = 0;
  last_ = 0;
  switch (operation_) {
    case SetOperation::kInter:
      std::stable_sort(order_.begin(), order_.end(), smaller);
      break;
    case SetOperation::kDiff:  // The largest of the others is the likeliest to have a member.
      std::stable_sort(order_.begin() + 1, order_.end(),
                       [&smaller](size_t a, size_t b) { return smaller(b, a); });
      break;
    case SetOperation::kUnion:
      last_ = sets.size() - 1;
      break;
  }
  place_.clear();
  found_ = 0;
}

Result<bool> SetCombiner::Belongs(const std::vector<Set>& sets, std::string_view member) const {
  // Of a union's sets those that were walked through before; of the other operations' all others.
  const size_t first = operation_ == SetOperation::kUnion ? 0 : 1;
  const size_t end = operation_ == SetOperation::kUnion ? walked_ : sets.size();
  const bool wanted = operation_ == SetOperation::kInter;
  for (size_t i = first; i < end; ++i) {
    ASSIGN_OR_RETURN(const bool has, sets[order_[i]].Contains(member));
    if (has != wanted) return false;
  }
  return true;
}

Result<bool> SetCombiner::Step(const std::vector<Set>& sets, uint64_t most, Sink sink) {
  Result<void> looked;
  bool full = false;
  const auto visit = [&](std::string_view member) {
    const Result<bool> belongs = Belongs(sets, member);
    if (!belongs) {
      looked = tl::unexpected(belongs.error());
      return false;
    }
    if (*belongs) {
      sink(member);
      full = ++found_ == limit_;
    }
    return !full;
  };
  ASSIGN_OR_RETURN(const bool more, walked(sets).VisitFrom(place_, most, visit));
  RETURN_IF_ERROR(std::move(looked));
  if (full) return false;
  if (more) return true;
  if (walked_ == last_) return false;
  ++walked_;
  place_.clear();
  return true;
}

Result<bool> SetCombiner::Prefetch(const std::vector<Set>& sets, uint64_t most,
                                   lsm::LoadWaiter& waiter) {
  const Set& set = walked(sets);
  if (!set.fully_resident() && !set.PrefetchFrom(place_, most, waiter)) return false;
  const bool all_resident = std::all_of(sets.begin(), sets.end(),
                                        [](const Set& other) { return other.fully_resident(); });
  if (all_resident) return true;
  bool resident = true;
  Set::Place place = place_;
  RETURN_IF_ERROR(set.VisitFrom(place, most, [&](std::string_view member) {
    for (size_t i = 0; i < sets.size(); ++i) {
      if (&sets[i] != &set && !sets[i].Prefetch(member, waiter)) resident = false;
    }
    return true;
  }));
  return resident;
}

}  // namespace datatypes
