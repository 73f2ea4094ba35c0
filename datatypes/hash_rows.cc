// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "datatypes/hash.h"
#include "datatypes/hash_format.h"
#include "datatypes/value_rows.h"

namespace datatypes {
namespace {

class HashRows final : public ValueRows {
 public:
  HashRows(const Settings& settings, PutRow put) : settings_(settings), put_(std::move(put)) {}

  lsm::Status HashField(std::string_view field, std::string_view value,
                        std::optional<int64_t> expire_at_ms) override {
    ++count_;
    longest_ = std::max({longest_, field.size(), value.size()});
    if (expire_at_ms) return TimedField(field, value, *expire_at_ms);
    const FieldKey key(field);
    const FieldValue stored(value);
    return put_(key.view(), stored.view());
  }

  lsm::Result<bool> Finish(ValueHead* head) override {
    head->type = kHash;
    head->has_rows = true;
    const auto exceeds = [](uint64_t number, int64_t limit) {
      return number > static_cast<uint64_t>(std::max<int64_t>(limit, 0));
    };
    if (exceeds(count_, settings_.hash_max_listpack_entries) ||
        exceeds(longest_, settings_.hash_max_listpack_value)) {
      head->type_flags = Hash::kHashTable;
    }
    if (timed_ == 0) return true;
    head->type_flags |= Hash::kTimed;
    char extras[Hash::kExtrasBytes];
    head->payload = Hash::EncodeExtras(0, timed_, extras);
    head->row_times.first_ms = first_ms_;
    if (timed_ == count_) head->row_times.all_ms = last_ms_;
    return true;
  }

 private:
  // Times that are over are stored like others: whoever reads the hash does not see those fields,
  // and the store calls for their deletion. A replica has to keep them until it is told.
  lsm::Status TimedField(std::string_view field, std::string_view value, int64_t expire_at_ms) {
    if (expire_at_ms < 0 || expire_at_ms > kMaxFieldExpiryMs) {
      return lsm::Status::Corruption("a field's expiry that is out of range");
    }
    first_ms_ = timed_ == 0 ? expire_at_ms : std::min(first_ms_, expire_at_ms);
    last_ms_ = std::max(last_ms_, expire_at_ms);
    ++timed_;
    LSM_RETURN_IF_ERROR(put_(TimeKey(expire_at_ms, field), {}));
    const FieldKey key(field);
    const FieldValue stored(value, expire_at_ms);
    return put_(key.view(), stored.view());
  }

  const Settings& settings_;
  const PutRow put_;
  uint64_t count_ = 0;
  size_t longest_ = 0;
  uint64_t timed_ = 0;
  int64_t first_ms_ = 0;
  int64_t last_ms_ = 0;
};

}  // namespace

std::unique_ptr<ValueRows> MakeHashRows(const Settings& settings, ValueRows::PutRow put) {
  return std::make_unique<HashRows>(settings, std::move(put));
}

}  // namespace datatypes
