// SPDX-License-Identifier: BSD-3-Clause
//
// tiercel-backup: asks a running server for a copy of its store (BACKUP), on the same machine.
// Exit codes: 0 done, 1 it could not be done, 2 wrong usage.

#include <netdb.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include "rdb/redis_source.h"

namespace {

constexpr char kUsage[] =
    "usage: tiercel-backup [redis://[[user]:password@]host[:port]] DIRECTORY\n"
    "\n"
    "Has the server, which must run on this machine, copy its store to DIRECTORY, which must not\n"
    "exist. Tables are hard links where the file system allows. To restore, start on it:\n"
    "tiercel-server --dir DIRECTORY. The address is redis://127.0.0.1:6379 if it is not given.\n";

int Fail(const std::string& message) {
  std::fprintf(stderr, "tiercel-backup: %s\n", message.c_str());
  return 1;
}

int Connect(const rdb::RedisAddress& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) return -1;
  int fd = -1;
  for (const addrinfo* each = found; each != nullptr && fd < 0; each = each->ai_next) {
    fd = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (fd >= 0 && ::connect(fd, each->ai_addr, each->ai_addrlen) != 0) {
      ::close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(found);
  return fd;
}

// The reply's first line, without its end; nothing if the connection broke.
std::optional<std::string> Call(int fd, const std::vector<std::string>& words) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  for (size_t sent = 0; sent < request.size();) {
    const ssize_t part = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (part <= 0) return std::nullopt;
    sent += static_cast<size_t>(part);
  }
  std::string line;
  for (char byte = 0; ::recv(fd, &byte, 1, 0) == 1;) {
    if (byte == '\n') {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    line.push_back(byte);
  }
  return std::nullopt;
}

int Backup(const rdb::RedisAddress& address, const std::string& directory) {
  const int fd = Connect(address);
  if (fd < 0) return Fail("cannot connect to " + address.host + ":" + address.port);
  if (!address.password.empty()) {
    std::vector<std::string> words = {"AUTH"};
    if (!address.user.empty()) words.push_back(address.user);
    words.push_back(address.password);
    const auto reply = Call(fd, words);
    if (!reply || reply->substr(0, 1) != "+") return Fail(reply.value_or("connection lost"));
  }
  const auto reply = Call(fd, {"BACKUP", directory});
  ::close(fd);
  if (!reply || *reply != "+OK") return Fail(reply.value_or("connection lost"));
  std::printf("%s: done\n", directory.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const auto address = rdb::ParseRedisAddress(argc == 3 ? argv[1] : "redis://127.0.0.1:6379");
  if (argc < 2 || argc > 3 || !address) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  // The server stands in another directory.
  return Backup(*address, std::filesystem::absolute(argv[argc - 1]).lexically_normal().string());
}
