// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "server/config.h"
#include "server/config_commands.h"
#include "server/server.h"

namespace server {

using datatypes::Error;
using datatypes::Result;

namespace {

tl::unexpected<Error> Failed(const std::string& path) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the loop thread alone reads the text at once.
  return tl::unexpected(
      Error(fmt::format("ERR Rewriting config file: {}: {}", path, strerror(errno))));
}

bool WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return fsync(fd) == 0;
}

}  // namespace

Result<void> RewriteConfigFile(Server& server, bool all) {
  const std::string& path = server.environment().config_file;
  if (path.empty()) {
    return tl::unexpected(Error("ERR The server is running without a config file"));
  }
  std::ostringstream old_text;
  if (std::ifstream file(path); file) old_text << file.rdbuf();
  const std::string text = server.config().Rewrite(old_text.str(), all);

  // A crash in the middle leaves the old file or the new one, never half of one.
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(temporary);
  const bool written = WriteAll(fd, text);
  if (close(fd) != 0 || !written || rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = Failed(path).value();
    unlink(temporary.c_str());
    return tl::unexpected(std::move(error));
  }
  return {};
}

}  // namespace server
