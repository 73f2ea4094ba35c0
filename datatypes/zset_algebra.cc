// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/zset_algebra.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "datatypes/errors.h"
#include "datatypes/types.h"

namespace datatypes {
namespace {

// Larger inputs are read page by page as they are met.
constexpr uint64_t kMaxPrefetchedRows = 4096;

// Infinity times 0 counts as 0.
double Weighted(double score, double weight) {
  const double product = score * weight;
  return std::isnan(product) ? 0 : product;
}

double Aggregated(double a, double b, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kMin:
      return b < a ? b : a;
    case Aggregate::kMax:
      return b > a ? b : a;
    case Aggregate::kSum:
      break;
  }
  const double sum = a + b;
  return std::isnan(sum) ? 0 : sum;  // Of both infinities.
}

void SortBySize(std::vector<ScoredInput>& inputs) {
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const ScoredInput& a, const ScoredInput& b) { return a.size() < b.size(); });
}

}  // namespace

Result<ScoredInput> ScoredInput::Open(const CommandContext& ctx, std::string_view key) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
  const bool is_set = entry != nullptr && entry->type() == kSet;
  if (entry != nullptr && !is_set && entry->type() != kSortedSet) return Fail(kWrongType);
  ScoredInput input(SortedSet::Of(ctx.keyspace, key, is_set ? nullptr : entry, ctx.settings),
                    Set::Of(ctx.keyspace, key, is_set ? entry : nullptr, ctx.settings), is_set);
  if (is_set && !input.set_.keeps_texts()) {
    input.spelled_ = std::make_shared<std::deque<std::string>>();
  }
  return input;
}

bool ScoredInput::FullyResident() const {
  if (is_set_) return set_.size() > kMaxPrefetchedRows || set_.fully_resident();
  if (!sorted_.exists()) return true;
  const lsm::Collection& rows = sorted_.entry()->collection();
  return rows.count() > kMaxPrefetchedRows || rows.fully_resident();
}

bool ScoredInput::Prefetch(lsm::LoadWaiter& waiter) const {
  return is_set_ ? set_.PrefetchAll(kMaxPrefetchedRows, waiter)
                 : sorted_.PrefetchAll(kMaxPrefetchedRows, waiter);
}

Result<std::optional<double>> ScoredInput::Score(std::string_view member) const {
  if (!is_set_) return sorted_.Score(member);
  ASSIGN_OR_RETURN(const bool is_member, set_.Contains(member));
  return is_member ? std::optional<double>(1) : std::nullopt;
}

Result<void> ScoredInput::Visit(SortedSet::Visitor visit) const {
  if (!is_set_) {
    return sorted_.Visit(0, sorted_.size(), SortedSet::Direction::kForward, visit);
  }
  return set_.Visit(0, set_.size(), [&](std::string_view member) {
    return visit({spelled_ ? spelled_->emplace_back(member) : member, 1});
  });
}

Result<ScoredMembers> UnionOf(std::vector<ScoredInput> inputs, Aggregate aggregate) {
  SortBySize(inputs);
  absl::flat_hash_map<std::string_view, double> scores;
  scores.reserve(inputs.back().size());
  for (const ScoredInput& input : inputs) {
    RETURN_IF_ERROR(input.Visit([&](const SortedSet::Element& element) {
      const double score = Weighted(element.score, input.weight);
      const auto [at, created] = scores.try_emplace(element.member, score);
      if (!created) at->second = Aggregated(at->second, score, aggregate);
      return true;
    }));
  }
  ScoredMembers members;
  members.reserve(scores.size());
  for (const auto& [member, score] : scores) members.push_back({member, score});
  return members;
}

Result<ScoredMembers> IntersectionOf(std::vector<ScoredInput> inputs, Aggregate aggregate,
                                     uint64_t limit) {
  SortBySize(inputs);
  ScoredMembers members;
  Result<void> looked;
  RETURN_IF_ERROR(inputs[0].Visit([&](const SortedSet::Element& element) {
    double score = Weighted(element.score, inputs[0].weight);
    for (size_t i = 1; i < inputs.size(); ++i) {
      const Result<std::optional<double>> other = inputs[i].Score(element.member);
      if (!other) {
        looked = tl::unexpected(other.error());
        return false;
      }
      if (!*other) return true;
      // Not by Weighted(): as in Redis, what is not a number here shows in the aggregate.
      score = Aggregated(score, **other * inputs[i].weight, aggregate);
    }
    members.push_back({element.member, score});
    return limit == 0 || members.size() < limit;
  }));
  RETURN_IF_ERROR(std::move(looked));
  return members;
}

Result<ScoredMembers> DifferenceOf(const std::vector<ScoredInput>& inputs) {
  ScoredMembers members;
  Result<void> looked;
  RETURN_IF_ERROR(inputs[0].Visit([&](const SortedSet::Element& element) {
    for (size_t i = 1; i < inputs.size(); ++i) {
      const Result<std::optional<double>> other = inputs[i].Score(element.member);
      if (!other) {
        looked = tl::unexpected(other.error());
        return false;
      }
      if (*other) return true;
    }
    members.push_back(element);
    return true;
  }));
  RETURN_IF_ERROR(std::move(looked));
  return members;
}

}  // namespace datatypes
