// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>
#include <vector>

#include "datatypes/sorted_set.h"
#include "datatypes/sorted_set_format.h"
#include "datatypes/value_rows.h"

namespace datatypes {
namespace {

// Members are kept back until it is clear which of the two forms the set has.
class SortedSetRows final : public ValueRows {
 public:
  SortedSetRows(const Settings& settings, PutRow put) : settings_(settings), put_(std::move(put)) {}

  lsm::Status SortedSetMember(std::string_view member, double score) override {
    ++count_;
    longest_ = std::max(longest_, member.size());
    if (indexed_) return PutIndexed(member, score);
    kept_.emplace_back(member, score);
    if (kept_.size() <= SortedSet::kMaxSmallMembers &&
        member.size() <= SortedSet::kMaxSmallMemberBytes) {
      return {};
    }
    indexed_ = true;
    for (const auto& [name, its_score] : kept_) LSM_RETURN_IF_ERROR(PutIndexed(name, its_score));
    kept_.clear();
    return {};
  }

  lsm::Result<bool> Finish(ValueHead* head) override {
    head->has_rows = true;
    head->type = kSortedSet;
    if (indexed_) head->type_flags |= SortedSet::kIndexed;
    if (SortedSet::WouldBeSkipList(settings_, count_, longest_)) {
      head->type_flags |= SortedSet::kSkipList;
    }
    std::sort(kept_.begin(), kept_.end());
    for (size_t i = 0; i < kept_.size(); ++i) {
      // Of the small form, rows do not tell.
      if (i > 0 && kept_[i].first == kept_[i - 1].first) {
        return lsm::Status::Corruption("a member appears twice");
      }
      RowKey key;
      key.AddScore(kept_[i].second).Add(kept_[i].first);
      LSM_RETURN_IF_ERROR(put_(key.view(), {}));
    }
    return true;
  }

 private:
  lsm::Status PutIndexed(std::string_view member, double score) {
    LSM_RETURN_IF_ERROR(put_(ScoreRowKey(score, member).view(), {}));
    char code[kMaxScoreCodeBytes];
    const std::string_view value(code, static_cast<size_t>(EncodeScore(code, score) - code));
    return put_(NameRowKey(member).view(), value);
  }

  const Settings& settings_;
  const PutRow put_;
  std::vector<std::pair<std::string, double>> kept_;
  uint64_t count_ = 0;
  size_t longest_ = 0;
  bool indexed_ = false;
};

}  // namespace

std::unique_ptr<ValueRows> MakeSortedSetRows(const Settings& settings, ValueRows::PutRow put) {
  return std::make_unique<SortedSetRows>(settings, std::move(put));
}

}  // namespace datatypes
