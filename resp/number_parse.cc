// SPDX-License-Identifier: BSD-3-Clause
#include "resp/number_parse.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

namespace resp {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// isspace(3) in the C locale.
bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Digits only, at least one, leading zeros allowed.
std::optional<uint64_t> ParseDigits(std::string_view digits) {
  if (digits.empty() || !IsDigit(digits[0])) return std::nullopt;
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [ptr, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || ptr != end) return std::nullopt;
  return value;
}

// What all of `text` (NUL-terminated by the caller) is to `convert`, a strtod of some width.
template <typename Number, typename Convert>
std::optional<Number> ParseWhole(const char* text, size_t length, Convert convert) {
  char* end = nullptr;
  errno = 0;
  const Number value = convert(text, &end);
  if (static_cast<size_t>(end - text) != length || std::isnan(value)) return std::nullopt;
  // A denormal is also ERANGE, and fine.
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> ParseInt64(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool negative = text[0] == '-';
  const std::string_view digits = negative ? text.substr(1) : text;
  if (digits.empty()) return std::nullopt;
  if (digits[0] == '0') {
    if (digits.size() == 1 && !negative) return 0;
    return std::nullopt;
  }
  const std::optional<uint64_t> magnitude = ParseDigits(digits);
  if (!magnitude.has_value()) return std::nullopt;
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (*magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<uint64_t> ParseUint64(std::string_view text) {
  // A negative number that is spelled strictly is refused before strtoull's rules could wrap it.
  if (const std::optional<int64_t> strict = ParseInt64(text); strict.has_value()) {
    if (*strict < 0) return std::nullopt;
    return static_cast<uint64_t>(*strict);
  }
  while (!text.empty() && IsSpace(text[0])) text.remove_prefix(1);
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  std::optional<uint64_t> magnitude = ParseDigits(text);
  if (magnitude.has_value() && negative) *magnitude = 0 - *magnitude;
  return magnitude;
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text.empty() || IsSpace(text[0])) return std::nullopt;
  // Plain decimals, nearly all there are, go the fast way; what it does not take whole, or finds
  // out of range, is strtod's to judge.
  const char first = text[0] == '-' && text.size() > 1 ? text[1] : text[0];
  if (IsDigit(first)) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [ptr, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && ptr == end) return value;
  }
  const auto convert = [](const char* s, char** end) { return std::strtod(s, end); };
  std::array<char, 256> buffer{};
  if (text.size() < buffer.size()) {
    std::memcpy(buffer.data(), text.data(), text.size());
    return ParseWhole<double>(buffer.data(), text.size(), convert);
  }
  const std::string copy(text);
  return ParseWhole<double>(copy.c_str(), copy.size(), convert);
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  constexpr size_t kMaxChars = size_t{5} * 1024;
  if (text.empty() || text.size() >= kMaxChars || IsSpace(text[0])) return std::nullopt;
  const auto convert = [](const char* s, char** end) { return std::strtold(s, end); };
  std::array<char, 256> buffer{};
  if (text.size() < buffer.size()) {
    std::memcpy(buffer.data(), text.data(), text.size());
    return ParseWhole<long double>(buffer.data(), text.size(), convert);
  }
  const std::string copy(text);
  return ParseWhole<long double>(copy.c_str(), copy.size(), convert);
}

}  // namespace resp
