// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/arguments.h"

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>

#include "resp/number_parse.h"

namespace datatypes {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = Lower(c);
  return lower;
}

Result<int64_t> ParseInteger(std::string_view text, std::string_view error) {
  const std::optional<int64_t> value = resp::ParseInt64(text);
  if (!value) return Fail(error);
  return *value;
}

Result<int64_t> ParseIntegerFrom(std::string_view text, int64_t min, std::string_view out_of_range,
                                 std::string_view error) {
  ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text, error));
  if (value < min) return Fail(out_of_range);
  return value;
}

Result<int64_t> ParseIntegerIn(std::string_view text, int64_t min, int64_t max) {
  ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text));
  if (value < min || value > max) return OutOfRange(min, max);
  return value;
}

Result<uint64_t> ParseUnsigned(std::string_view text, std::string_view error) {
  ASSIGN_OR_RETURN(const int64_t value, ParseIntegerFrom(text, 0, error, error));
  return static_cast<uint64_t>(value);
}

Result<double> ParseDouble(std::string_view text, std::string_view error) {
  const std::optional<double> value = resp::ParseDouble(text);
  if (!value) return Fail(error);
  return *value;
}

Result<uint32_t> ParseDb(std::string_view text, uint32_t databases) {
  ASSIGN_OR_RETURN(const int64_t value, ParseIntegerIn(text, std::numeric_limits<int32_t>::min(),
                                                       std::numeric_limits<int32_t>::max()));
  if (value < 0 || value >= int64_t{databases}) return Fail(kDbOutOfRange);
  return static_cast<uint32_t>(value);
}

Result<uint64_t> ParseCursor(std::string_view text) {
  // As strtoul(3) reads it, over the whole text, but without leading spaces; nothing is 0.
  const std::string copy(text);
  if (!copy.empty() && (copy[0] == ' ' || (copy[0] >= '\t' && copy[0] <= '\r'))) {
    return Fail(kInvalidCursor);
  }
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(copy.c_str(), &end, 10);
  if (*end != '\0' || errno == ERANGE) return Fail(kInvalidCursor);
  return uint64_t{value};
}

bool OptionReader::Take(std::string_view option, size_t operands) {
  if (args_.size() - next_ <= operands || !EqualsIgnoreCase(args_[next_], option)) return false;
  operands_ = next_ + 1;
  next_ += 1 + operands;
  return true;
}

}  // namespace datatypes
