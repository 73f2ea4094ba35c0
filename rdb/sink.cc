// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/sink.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rdb {

Result<void> FileSink::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Failure(
          Error(Error::Code::kIo, offset_, std::string("write: ") + std::strerror(errno)));
    }
    offset_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace rdb
