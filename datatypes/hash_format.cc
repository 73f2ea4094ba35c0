// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash_format.h"

namespace datatypes {
namespace {

// What follows the zero byte.
constexpr char kEscapedField = 1;
constexpr char kEscapedValue = 0;  // The value's own first byte.

std::string EscapedField(std::string_view field) {
  std::string escaped{'\0', kEscapedField};
  return escaped.append(field);
}

}  // namespace

void FieldKey::Escape(std::string_view field) {
  escaped_ = EscapedField(field);
  view_ = escaped_;
}

std::string_view FieldSubkey(std::string_view field, std::string& scratch) {
  if (!field.empty() && field[0] != '\0') return field;
  scratch = EscapedField(field);
  return scratch;
}

std::optional<std::string_view> DecodeFieldKey(std::string_view subkey) {
  if (subkey.empty()) return std::nullopt;
  if (subkey[0] != '\0') [[likely]]
    return subkey;
  if (subkey.size() < 2 || subkey[1] != kEscapedField) return std::nullopt;
  const std::string_view field = subkey.substr(2);
  if (!field.empty() && field[0] != '\0') return std::nullopt;  // It would be its own subkey.
  return field;
}

void FieldValue::Escape(std::string_view value) {
  escaped_.reserve(value.size() + 1);
  escaped_ = '\0';
  escaped_ += value;
  view_ = escaped_;
}

std::optional<std::string_view> DecodeFieldValue(std::string_view stored) {
  if (stored.empty() || stored[0] != '\0') [[likely]]
    return stored;
  if (stored.size() < 2 || stored[1] != kEscapedValue) return std::nullopt;
  return stored.substr(1);
}

}  // namespace datatypes
