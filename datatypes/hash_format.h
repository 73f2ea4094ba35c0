// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace datatypes {

// The bytes of a hash's rows; FORMAT.md has them drawn. A field is its own subkey and a value its
// own row value, but for those that begin with a zero byte: that one announces everything else.

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

// A field's row value. Borrows the value.
class FieldValue {
 public:
  explicit FieldValue(std::string_view value) : view_(value) {
    if (!value.empty() && value[0] == '\0') [[unlikely]]
      Escape(value);
  }
  FieldValue(const FieldValue&) = delete;
  FieldValue& operator=(const FieldValue&) = delete;
  std::string_view view() const { return view_; }

 private:
  void Escape(std::string_view value);

  std::string_view view_;
  std::string escaped_;
};
// The value that a row holds; nothing if that is no value's row.
std::optional<std::string_view> DecodeFieldValue(std::string_view stored);

}  // namespace datatypes
