// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lsm/entry.h"

namespace datatypes {

// The bytes of a hash's rows; FORMAT.md has them drawn. A field is its own subkey and a value its
// own row value, but for those that begin with a zero byte: that one announces everything else.
// Times are milliseconds since 1970; lsm::kNoExpiry: none.

// The latest time at which a field can expire.
inline constexpr int64_t kMaxFieldExpiryMs = (int64_t{1} << 46) - 1;

// The subkey of a field's row. Borrows the field.
class FieldKey {
 public:
  explicit FieldKey(std::string_view field) : view_(field) {
    if (field.empty() || field[0] == '\0') [[unlikely]]
      Escape(field);
  }
  FieldKey(const FieldKey&) = delete;
  FieldKey& operator=(const FieldKey&) = delete;
  std::string_view view() const { return view_; }

 private:
  void Escape(std::string_view field);

  std::string_view view_;
  std::string escaped_;
};
// The same for RowHint: a hint with this prefix names fields.
inline constexpr char kFieldHint = '\1';
std::string_view FieldSubkey(std::string_view field, std::string& scratch);
// The field whose row has that subkey; nothing if it is no field's.
std::optional<std::string_view> DecodeFieldKey(std::string_view subkey);

// A field's row value. Borrows the value. Requires a time that is kNoExpiry or within [0,
// kMaxFieldExpiryMs].
class FieldValue {
 public:
  explicit FieldValue(std::string_view value, int64_t expire_at_ms = lsm::kNoExpiry)
      : view_(value) {
    if ((!value.empty() && value[0] == '\0') || expire_at_ms != lsm::kNoExpiry) [[unlikely]]
      Escape(value, expire_at_ms);
  }
  FieldValue(const FieldValue&) = delete;
  FieldValue& operator=(const FieldValue&) = delete;
  std::string_view view() const { return view_; }

 private:
  void Escape(std::string_view value, int64_t expire_at_ms);

  std::string_view view_;
  std::string escaped_;
};
struct DecodedValue {
  std::string_view value;
  int64_t expire_at_ms = lsm::kNoExpiry;
};
std::optional<DecodedValue> DecodeSpecialValue(std::string_view stored);
// What a row holds; nothing if that is no value's row.
inline std::optional<DecodedValue> DecodeFieldValue(std::string_view stored) {
  if (stored.empty() || stored[0] != '\0') [[likely]]
    return DecodedValue{stored};
  return DecodeSpecialValue(stored);
}

// Fields that expire have a second row, which has no value: these stand before all fields, in the
// order of the times.
std::string TimeKey(int64_t expire_at_ms, std::string_view field);
// Less than all such rows; greater than them, and not greater than any field's.
inline constexpr std::string_view kTimesBegin{"\0\0", 2};
inline constexpr std::string_view kTimesEnd{"\0\1", 2};
struct DecodedTime {
  int64_t expire_at_ms = 0;
  std::string_view field;
};
std::optional<DecodedTime> DecodeTimeKey(std::string_view subkey);

}  // namespace datatypes
