// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/error.h"

namespace rdb {

// Where a dump goes to. Takes all or fails.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> Write(std::string_view bytes) = 0;
};

class StringSink : public Sink {
 public:
  explicit StringSink(std::string* out) : out_(out) {}
  Result<void> Write(std::string_view bytes) override {
    out_->append(bytes);
    return {};
  }

 private:
  std::string* out_;
};

// An open file or pipe. Does not close it.
class FileSink : public Sink {
 public:
  explicit FileSink(int fd) : fd_(fd) {}
  Result<void> Write(std::string_view bytes) override;

 private:
  const int fd_;
  uint64_t offset_ = 0;
};

}  // namespace rdb
