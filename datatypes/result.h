// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "lsm/status.h"

namespace datatypes {

// What a client is told when its command cannot be done: the whole text of the error reply, code
// word first, without the leading '-' ("ERR syntax error"). Texts live in errors.h.
class [[nodiscard]] Error {
 public:
  explicit Error(std::string text) : text_(std::move(text)) {}
  explicit Error(std::string_view text) : text_(text) {}
  explicit Error(const char* text) : text_(text) {}
  // The one place where a failure of the store becomes a reply.
  explicit Error(const lsm::Status& status) : text_("ERR store: " + status.message()) {}

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A value, or the error reply.
template <typename T>
using Result = tl::expected<T, Error>;

}  // namespace datatypes

#define TIERCEL_CONCAT_INNER(a, b) a##b
#define TIERCEL_CONCAT(a, b) TIERCEL_CONCAT_INNER(a, b)

// Leaves the function with the Error of `expression` (a Result<void>), if it is one.
#define RETURN_IF_ERROR(expression)                                  \
  do {                                                               \
    auto result_ = (expression);                                     \
    if (!result_) return tl::unexpected(std::move(result_.error())); \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): x is F's value, or the function leaves with F's Error.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(TIERCEL_CONCAT(result_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_INNER(result, target, expression)       \
  auto result = (expression);                                    \
  if (!result) return tl::unexpected(std::move(result.error())); \
  target = std::move(*result)
