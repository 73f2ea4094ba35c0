// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash_format.h"

#include "lsm/status.h"

namespace datatypes {
namespace {

// What follows the zero byte. Stored.
constexpr char kTimeRow = 0;
constexpr char kEscapedField = 1;
constexpr char kPlainValue = 0;  // The value's own first byte.
constexpr char kTimedValue = 1;

constexpr size_t kTimeBytes = 6;

void AppendTime(std::string& to, int64_t ms) {
  ENSURE(ms >= 0 && ms <= kMaxFieldExpiryMs);
  for (int shift = 8 * (kTimeBytes - 1); shift >= 0; shift -= 8) {
    to += static_cast<char>(ms >> shift & 0xff);
  }
}

// Of the first bytes; nothing if there are too few, or it is no time that a field can have.
std::optional<int64_t> DecodeTime(std::string_view bytes) {
  if (bytes.size() < kTimeBytes) return std::nullopt;
  int64_t ms = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) ms = ms << 8 | static_cast<uint8_t>(bytes[i]);
  if (ms > kMaxFieldExpiryMs) return std::nullopt;
  return ms;
}

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

void FieldValue::Escape(std::string_view value, int64_t expire_at_ms) {
  escaped_.reserve(value.size() + 2 + kTimeBytes);
  escaped_ = '\0';
  if (expire_at_ms != lsm::kNoExpiry) {
    escaped_ += kTimedValue;
    AppendTime(escaped_, expire_at_ms);
  }
  escaped_ += value;
  view_ = escaped_;
}

std::optional<DecodedValue> DecodeSpecialValue(std::string_view stored) {
  if (stored.size() < 2 || stored[0] != '\0') return std::nullopt;
  if (stored[1] == kPlainValue) return DecodedValue{stored.substr(1)};
  if (stored[1] != kTimedValue) return std::nullopt;
  const std::optional<int64_t> ms = DecodeTime(stored.substr(2));
  if (!ms) return std::nullopt;
  return DecodedValue{stored.substr(2 + kTimeBytes), *ms};
}

std::string TimeKey(int64_t expire_at_ms, std::string_view field) {
  std::string key{'\0', kTimeRow};
  AppendTime(key, expire_at_ms);
  return key.append(field);
}

std::optional<DecodedTime> DecodeTimeKey(std::string_view subkey) {
  if (!subkey.starts_with(kTimesBegin)) return std::nullopt;
  const std::optional<int64_t> ms = DecodeTime(subkey.substr(kTimesBegin.size()));
  if (!ms) return std::nullopt;
  return DecodedTime{*ms, subkey.substr(kTimesBegin.size() + kTimeBytes)};
}

}  // namespace datatypes
