// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "datatypes/ordered_integer.h"
#include "datatypes/packed_integers.h"
#include "datatypes/set.h"
#include "datatypes/value_rows.h"
#include "resp/number_format.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

constexpr std::string_view kTextTag = "\xff";

std::optional<int64_t> IntegerOf(std::string_view member) {
  if (member.empty() || member.size() > resp::kMaxInt64Chars) return std::nullopt;
  return resp::ParseInt64(member);
}

bool Within(uint64_t value, int64_t limit) {
  return limit >= 0 && value <= static_cast<uint64_t>(limit);
}

// Integers are kept back as long as the set may be a packed one.
class SetRows final : public ValueRows {
 public:
  SetRows(const Settings& settings, PutRow put) : settings_(settings), put_(std::move(put)) {}

  lsm::Status SetMember(std::string_view member) override {
    const std::optional<int64_t> integer = IntegerOf(member);
    if (count_++ == 0) form_ = integer ? Form::kPacked : Form::kPlain;
    longest_ = std::max(longest_, member.size());
    only_integers_ = only_integers_ && integer.has_value();
    if (form_ == Form::kPlain) return put_(member, {});
    if (form_ == Form::kPacked) {
      if (integer) {
        integers_.push_back(*integer);
        least_ = std::min(least_, *integer);
        greatest_ = std::max(greatest_, *integer);
        if (PackedBytes() <= Set::kMaxPackedBytes) return {};
      }
      form_ = Form::kCodes;
      for (const int64_t each : integers_) LSM_RETURN_IF_ERROR(PutCode(each));
      integers_.clear();
      if (integer) return {};
    }
    if (integer) return PutCode(*integer);
    return put_(std::string(kTextTag) + std::string(member), {});
  }

  lsm::Result<bool> Finish(ValueHead* head) override {
    head->type = kSet;
    head->has_rows = form_ != Form::kPacked;
    head->type_flags = Flags();
    if (head->has_rows) return true;
    std::sort(integers_.begin(), integers_.end());
    if (std::adjacent_find(integers_.begin(), integers_.end()) != integers_.end()) {
      return lsm::Status::Corruption("a member appears twice");
    }
    head->payload = PackedIntegers::Begin(least_, greatest_, integers_.size());
    for (const int64_t each : integers_) PackedIntegers::Append(head->payload, each);
    return true;
  }

 private:
  enum class Form : uint8_t { kPacked, kCodes, kPlain };

  uint8_t Flags() const {
    const uint8_t flags = form_ == Form::kCodes ? Set::kCodes : 0;
    const bool intset = only_integers_ && Within(count_, settings_.set_max_intset_entries);
    if (intset) return flags;
    const bool listpack = !only_integers_ && Within(count_, settings_.set_max_listpack_entries) &&
                          Within(longest_, settings_.set_max_listpack_value);
    return static_cast<uint8_t>(flags | (listpack ? Set::kListpack : Set::kHashTable));
  }

  size_t PackedBytes() const {
    size_t width = 1;
    const auto fits = [&width](int64_t value) {
      const int64_t limit = int64_t{1} << (8 * width - 1);
      return value >= -limit && value < limit;
    };
    while (width < 8 && !(fits(least_) && fits(greatest_))) width *= 2;
    return 1 + width * integers_.size();
  }

  lsm::Status PutCode(int64_t integer) {
    char code[kMaxOrderedIntegerBytes];
    const char* const end = EncodeOrderedInteger(code, integer);
    return put_({code, static_cast<size_t>(end - code)}, {});
  }

  const Settings& settings_;
  const PutRow put_;
  Form form_ = Form::kPlain;
  std::vector<int64_t> integers_;
  int64_t least_ = std::numeric_limits<int64_t>::max();
  int64_t greatest_ = std::numeric_limits<int64_t>::min();
  bool only_integers_ = true;
  uint64_t count_ = 0;
  size_t longest_ = 0;
};

}  // namespace

std::unique_ptr<ValueRows> MakeSetRows(const Settings& settings, ValueRows::PutRow put) {
  return std::make_unique<SetRows>(settings, std::move(put));
}

}  // namespace datatypes
