// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace rdb {

// Why bytes are no dump, or could not be read or written. A small value.
class [[nodiscard]] Error {
 public:
  enum class Code : uint8_t {
    kDamaged,      // The bytes contradict the format, or end too soon.
    kUnsupported,  // A version or a type that is not read here.
    kIo,           // The source or the sink failed.
    kStopped,      // The receiver of the events wanted no more; it knows why.
  };

  Error(Code code, uint64_t offset, std::string message)
      : code_(code), offset_(offset), message_(std::move(message)) {}

  Code code() const { return code_; }
  // Of the first byte of what could not be read, counted from the beginning of the source.
  uint64_t offset() const { return offset_; }
  const std::string& message() const { return message_; }
  // For people: "byte 1234: a string of 70000 bytes ends too soon".
  std::string Text() const { return "byte " + std::to_string(offset_) + ": " + message_; }

 private:
  Code code_;
  uint64_t offset_;
  std::string message_;
};

// A value, or the Error that says why there is none.
template <typename T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

inline Failure Damaged(uint64_t offset, std::string message) {
  return Failure(Error(Error::Code::kDamaged, offset, std::move(message)));
}
inline Failure Unsupported(uint64_t offset, std::string message) {
  return Failure(Error(Error::Code::kUnsupported, offset, std::move(message)));
}
inline Failure Stopped(uint64_t offset) {
  return Failure(Error(Error::Code::kStopped, offset, "stopped by the receiver"));
}

}  // namespace rdb

#define RDB_CONCAT_INNER(a, b) a##b
#define RDB_CONCAT(a, b) RDB_CONCAT_INNER(a, b)

// Leaves the function with the Error of `expression` (a Result<void>), if it is one.
#define RDB_RETURN_IF_ERROR(expression)                                      \
  do {                                                                       \
    auto rdb_result_ = (expression);                                         \
    if (!rdb_result_) return tl::unexpected(std::move(rdb_result_.error())); \
  } while (false)

// RDB_ASSIGN_OR_RETURN(auto x, F()): x is F's value, or the function leaves with F's Error.
#define RDB_ASSIGN_OR_RETURN(target, expression) \
  RDB_ASSIGN_OR_RETURN_INNER(RDB_CONCAT(rdb_result_, __LINE__), target, expression)
#define RDB_ASSIGN_OR_RETURN_INNER(result, target, expression)   \
  auto result = (expression);                                    \
  if (!result) return tl::unexpected(std::move(result.error())); \
  target = std::move(*result)
