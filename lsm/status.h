// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace lsm {

// Why something in the store could not be done. A small value; the message is for people and names
// the file, the offset or the row concerned.
class [[nodiscard]] Status {
 public:
  enum class Code {
    kOk,
    kIoError,       // The file system refused; may pass (a full disk).
    kCorruption,    // Stored bytes are not what was written.
    kNotSupported,  // A format version or a setting that this build does not know.
    kBusy,          // Another process holds the directory.
    kInvalid,       // The caller asked for something impossible.
  };

  Status() = default;
  static Status Ok() { return {}; }
  static Status IoError(std::string message) { return {Code::kIoError, std::move(message)}; }
  static Status Corruption(std::string message) { return {Code::kCorruption, std::move(message)}; }
  static Status NotSupported(std::string message) {
    return {Code::kNotSupported, std::move(message)};
  }
  static Status Busy(std::string message) { return {Code::kBusy, std::move(message)}; }
  static Status Invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code_ = Code::kOk;
  std::string message_;
};

// A value, or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Status> {
 public:
  using tl::expected<T, Status>::expected;
  // NOLINTNEXTLINE(google-explicit-constructor): `return Status::IoError(…)` must read as such.
  Result(Status status) : tl::expected<T, Status>(tl::unexpect, std::move(status)) {}
};

[[noreturn]] inline void EnsureFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: ENSURE failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace lsm

// A bug of ours if it does not hold: on in release builds too.
#define ENSURE(condition) \
  ((condition) ? static_cast<void>(0) : ::lsm::EnsureFailed(#condition, __FILE__, __LINE__))

#define LSM_CONCAT_INNER(a, b) a##b
#define LSM_CONCAT(a, b) LSM_CONCAT_INNER(a, b)

// Leaves the function with the Status that `expression` gave, unless it is ok.
#define LSM_RETURN_IF_ERROR(expression)        \
  do {                                         \
    ::lsm::Status lsm_status_ = (expression);  \
    if (!lsm_status_.ok()) return lsm_status_; \
  } while (false)

// LSM_ASSIGN_OR_RETURN(auto x, F()): x is F's value, or the function leaves with F's Status.
#define LSM_ASSIGN_OR_RETURN(target, expression) \
  LSM_ASSIGN_OR_RETURN_INNER(LSM_CONCAT(lsm_result_, __LINE__), target, expression)
#define LSM_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                  \
  if (!result.has_value()) return std::move(result.error());   \
  target = std::move(*result)
