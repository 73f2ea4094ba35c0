// SPDX-License-Identifier: BSD-3-Clause
#include "tools/redis_source.h"

#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <initializer_list>

#include <sys/socket.h>
#include <sys/time.h>

namespace tools {
namespace {

constexpr size_t kBufferBytes = size_t{256} * 1024;
constexpr size_t kMarkBytes = 40;
constexpr size_t kMaxLine = 64 * 1024;

std::string Request(std::initializer_list<std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
  return out;
}

int Connect(const RedisAddress& address) {
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
  // As Redis' own repl-timeout: while it makes its dump it sends empty lines every ten seconds.
  const timeval patience = {60, 0};
  if (fd >= 0) (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

}  // namespace

std::optional<RedisAddress> ParseRedisAddress(std::string_view url) {
  constexpr std::string_view kScheme = "redis://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  RedisAddress out;
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = url.substr(0, at);
    url.remove_prefix(at + 1);
    const size_t colon = who.find(':');
    out.user = who.substr(0, colon);
    if (colon != std::string_view::npos) out.password = who.substr(colon + 1);
  }
  if (const size_t slash = url.find('/'); slash != std::string_view::npos) {
    if (slash + 1 != url.size()) return std::nullopt;  // A database: --db says that.
    url = url.substr(0, slash);
  }
  const size_t colon = url.rfind(':');
  const bool port = colon != std::string_view::npos && url.find(']', colon) == url.npos;
  out.host = url.substr(0, port ? colon : url.size());
  if (port) out.port = url.substr(colon + 1);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
    out.host = out.host.substr(1, out.host.size() - 2);
  }
  if (out.host.empty() || out.port.empty()) return std::nullopt;
  return out;
}

RedisSource::RedisSource(int fd) : fd_(fd), buffer_(std::make_unique<char[]>(kBufferBytes)) {}

RedisSource::~RedisSource() {
  ::close(fd_);
}

rdb::Failure RedisSource::Io(const std::string& what) const {
  return rdb::Failure(rdb::Error(rdb::Error::Code::kIo, offset_, what));
}

rdb::Result<std::unique_ptr<RedisSource>> RedisSource::Open(const RedisAddress& address) {
  const int fd = Connect(address);
  if (fd < 0) {
    return rdb::Failure(rdb::Error(rdb::Error::Code::kIo, 0,
                                   "cannot connect to " + address.host + ":" + address.port));
  }
  std::unique_ptr<RedisSource> source(new RedisSource(fd));
  if (!address.password.empty()) {
    RDB_RETURN_IF_ERROR(source->Expect(address.user.empty()
                                           ? Request({"AUTH", address.password})
                                           : Request({"AUTH", address.user, address.password}),
                                       "AUTH"));
  }
  // An old one knows neither; then it sends from disk.
  RDB_RETURN_IF_ERROR(source->Send(Request({"REPLCONF", "capa", "eof"})));
  RDB_RETURN_IF_ERROR(source->ReadLine());
  RDB_RETURN_IF_ERROR(source->Send(Request({"PSYNC", "?", "-1"})));
  RDB_ASSIGN_OR_RETURN(std::string line, source->ReadLine());
  if (line.starts_with("-ERR unknown command")) {
    RDB_RETURN_IF_ERROR(source->Send(Request({"SYNC"})));
  } else if (!line.starts_with("+FULLRESYNC")) {
    return source->Io("PSYNC: " + line);
  }
  RDB_ASSIGN_OR_RETURN(line, source->ReadLine());
  constexpr std::string_view kMark = "$EOF:";
  if (line.starts_with(kMark) && line.size() == kMark.size() + kMarkBytes) {
    source->mark_ = line.substr(kMark.size());
    return source;
  }
  uint64_t size = 0;
  const char* const last = line.data() + line.size();
  const bool number =
      !line.empty() && line[0] == '$' && std::from_chars(line.data() + 1, last, size).ptr == last;
  if (!number) return source->Io("no dump: " + line);
  source->size_ = size;
  return source;
}

rdb::Result<void> RedisSource::Expect(std::string_view command, std::string_view what) {
  RDB_RETURN_IF_ERROR(Send(command));
  RDB_ASSIGN_OR_RETURN(const std::string line, ReadLine());
  if (!line.starts_with("+")) return Io(std::string(what) + ": " + line);
  return {};
}

rdb::Result<void> RedisSource::Send(std::string_view command) {
  while (!command.empty()) {
    const ssize_t sent = ::send(fd_, command.data(), command.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Io(std::string("send: ") + std::strerror(errno));
    command.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

rdb::Result<void> RedisSource::Fill() {
  ssize_t got = 0;
  do {
    got = ::recv(fd_, buffer_.get(), kBufferBytes, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return Io("Redis has sent nothing for a minute");
  if (got < 0) return Io(std::string("recv: ") + std::strerror(errno));
  pos_ = 0;
  end_ = static_cast<size_t>(got);
  return {};
}

rdb::Result<std::string> RedisSource::ReadLine() {
  std::string line;
  for (;;) {
    if (pos_ == end_) {
      RDB_RETURN_IF_ERROR(Fill());
      if (end_ == 0) return Io("Redis closed the connection");
    }
    const char byte = buffer_[pos_++];
    if (byte != '\n') {
      line.push_back(byte);
      if (line.size() > kMaxLine) return Io("an endless line");
      continue;
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) return line;
  }
}

rdb::Result<std::string_view> RedisSource::Next() {
  if (size_ && offset_ == *size_) return std::string_view();
  if (pos_ == end_) {
    RDB_RETURN_IF_ERROR(Fill());
    if (end_ == 0) return std::string_view();
  }
  size_t part = end_ - pos_;
  if (size_) part = static_cast<size_t>(std::min<uint64_t>(part, *size_ - offset_));
  const std::string_view bytes(buffer_.get() + pos_, part);
  pos_ += part;
  offset_ += part;
  return bytes;
}

rdb::Result<bool> RedisSource::CheckEnd(std::string_view rest) {
  if (size_) return rest.empty() && offset_ == *size_;
  std::string mark(rest.substr(0, kMarkBytes));
  while (mark.size() < kMarkBytes) {
    RDB_ASSIGN_OR_RETURN(const std::string_view more, Next());
    if (more.empty()) return false;
    mark.append(more.substr(0, kMarkBytes - mark.size()));
  }
  return mark == mark_;
}

}  // namespace tools
