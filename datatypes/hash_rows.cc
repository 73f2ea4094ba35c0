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
    if (expire_at_ms) {
      return lsm::Status::NotSupported("fields that expire cannot be stored yet");
    }
    ++count_;
    longest_ = std::max({longest_, field.size(), value.size()});
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
    return true;
  }

 private:
  const Settings& settings_;
  const PutRow put_;
  uint64_t count_ = 0;
  size_t longest_ = 0;
};

}  // namespace

std::unique_ptr<ValueRows> MakeHashRows(const Settings& settings, ValueRows::PutRow put) {
  return std::make_unique<HashRows>(settings, std::move(put));
}

}  // namespace datatypes
