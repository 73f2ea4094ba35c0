// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "rdb/error.h"

namespace rdb {

// Where a dump comes from: bytes in order, given out in pieces.
class Source {
 public:
  virtual ~Source() = default;
  // The next bytes, at least one; they stay valid until the next call. Empty: the end. May block.
  virtual Result<std::string_view> Next() = 0;
};

// Bytes that somebody else holds, all at once.
class StringSource : public Source {
 public:
  explicit StringSource(std::string_view bytes) : bytes_(bytes) {}
  Result<std::string_view> Next() override {
    const std::string_view all = bytes_;
    bytes_ = {};
    return all;
  }

 private:
  std::string_view bytes_;
};

// An open file or pipe, read from where it stands. Does not close it.
class FileSource : public Source {
 public:
  explicit FileSource(int fd);
  Result<std::string_view> Next() override;

 private:
  const int fd_;
  uint64_t offset_ = 0;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace rdb
