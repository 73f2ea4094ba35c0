// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/source.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace rdb {
namespace {

constexpr size_t kBufferBytes = size_t{256} * 1024;

}  // namespace

FileSource::FileSource(int fd) : fd_(fd), buffer_(std::make_unique<char[]>(kBufferBytes)) {}

Result<std::string_view> FileSource::Next() {
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.get(), kBufferBytes);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return Failure(Error(Error::Code::kIo, offset_, std::string("read: ") + std::strerror(errno)));
  }
  offset_ += static_cast<uint64_t>(got);
  return std::string_view(buffer_.get(), static_cast<size_t>(got));
}

}  // namespace rdb
