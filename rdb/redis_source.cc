// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/redis_source.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace rdb {
namespace {

constexpr size_t kBufferBytes = size_t{256} * 1024;
constexpr size_t kMarkBytes = 40;
constexpr size_t kMaxLine = size_t{64} * 1024;
// How often a wait looks whether it was aborted.
constexpr int64_t kTickMs = 100;
constexpr int64_t kKeepAliveMs = 1000;

int64_t MonotonicMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string Request(std::initializer_list<std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
  return out;
}

std::string ErrnoText(int error) {
  char text[128];
  return strerror_r(error, text, sizeof(text));
}

struct AddressList {
  ~AddressList() {
    if (first != nullptr) freeaddrinfo(first);
  }
  addrinfo* first = nullptr;
};

// Waits for the connection that was begun. 0, or an errno.
int FinishConnect(int fd, const ReplicaGreeting& greeting) {
  const int64_t began_ms = MonotonicMs();
  for (;;) {
    if (greeting.aborted != nullptr && *greeting.aborted) return ECANCELED;
    if (greeting.timeout_ms > 0 && MonotonicMs() - began_ms > greeting.timeout_ms) return ETIMEDOUT;
    pollfd waiting = {fd, POLLOUT, 0};
    if (::poll(&waiting, 1, kTickMs) <= 0) continue;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
  }
}

bool BindTo(int fd, const std::string& source, int family) {
  addrinfo hints = {};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  AddressList found;
  if (getaddrinfo(source.c_str(), nullptr, &hints, &found.first) != 0) return false;
  return ::bind(fd, found.first->ai_addr, found.first->ai_addrlen) == 0;
}

// A socket that does not block; -1, with the reason in `error`.
int Connect(const ReplicaGreeting& greeting, std::string* error) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  AddressList found;
  const RedisAddress& address = greeting.address;
  if (const int failed =
          getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found.first);
      failed != 0) {
    *error = gai_strerror(failed);
    return -1;
  }
  for (const addrinfo* each = found.first; each != nullptr; each = each->ai_next) {
    const int fd = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                            each->ai_protocol);
    if (fd < 0) {
      *error = ErrnoText(errno);
      continue;
    }
    int failed = 0;
    if (!greeting.source_address.empty() && !BindTo(fd, greeting.source_address, each->ai_family)) {
      failed = EADDRNOTAVAIL;
    } else if (::connect(fd, each->ai_addr, each->ai_addrlen) != 0) {
      failed = errno == EINPROGRESS ? FinishConnect(fd, greeting) : errno;
    }
    if (failed == 0) {
      const int on = 1;
      (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return fd;
    }
    *error = ErrnoText(failed);
    ::close(fd);
  }
  return -1;
}

template <typename T>
bool ParseWhole(std::string_view text, T* out) {
  const char* const last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(text.data(), last, *out);
  return failed == std::errc() && end == last && !text.empty();
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

RedisSource::RedisSource(int fd, const ReplicaGreeting& greeting)
    : fd_(fd),
      greeting_(greeting),
      follows_(greeting.follows),
      timeout_ms_(greeting.timeout_ms),
      aborted_(greeting.aborted),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {}

RedisSource::~RedisSource() {
  if (fd_ >= 0) ::close(fd_);
}

Failure RedisSource::Io(const std::string& what) const {
  return Failure(Error(Error::Code::kIo, offset_, what));
}

// ---- The handshake -----------------------------------------------------------------------------

Result<std::unique_ptr<RedisSource>> RedisSource::Open(const ReplicaGreeting& greeting) {
  const RedisAddress& address = greeting.address;
  std::string error;
  const int fd = Connect(greeting, &error);
  if (fd < 0) {
    return Failure(Error(Error::Code::kIo, 0,
                         "cannot connect to " + address.host + ":" + address.port + ": " + error));
  }
  if (greeting.on_connected) greeting.on_connected();
  std::unique_ptr<RedisSource> source(new RedisSource(fd, greeting));
  RDB_RETURN_IF_ERROR(source->Greet());
  RDB_RETURN_IF_ERROR(source->AskForData());
  return source;
}

Result<void> RedisSource::Greet() {
  const RedisAddress& address = greeting_.address;
  if (follows_) {
    // Whether somebody is there who speaks to us; a password may be wanted first.
    std::string line;
    RDB_RETURN_IF_ERROR(Call({"PING"}, &line));
    if (!line.starts_with("+") && !line.starts_with("-NOAUTH") && !line.starts_with("-NOPERM") &&
        !line.starts_with("-ERR operation not permitted")) {
      return Io("PING: " + line);
    }
  }
  if (!address.password.empty()) {
    std::string line;
    if (address.user.empty()) {
      RDB_RETURN_IF_ERROR(Call({"AUTH", address.password}, &line));
    } else {
      RDB_RETURN_IF_ERROR(Call({"AUTH", address.user, address.password}, &line));
    }
    if (!line.starts_with("+")) return Io("AUTH: " + line);
  }
  if (greeting_.listening_port > 0) {
    RDB_RETURN_IF_ERROR(
        Configure({"REPLCONF", "listening-port", std::to_string(greeting_.listening_port)}));
  }
  if (!greeting_.announced_ip.empty()) {
    RDB_RETURN_IF_ERROR(Configure({"REPLCONF", "ip-address", greeting_.announced_ip}));
  }
  if (follows_) return Configure({"REPLCONF", "capa", "eof", "capa", "psync2"});
  return Configure({"REPLCONF", "capa", "eof"});
}

// An old one does not know these, and does without.
Result<void> RedisSource::Configure(std::initializer_list<std::string_view> words) {
  std::string line;
  RDB_RETURN_IF_ERROR(Call(words, &line));
  if (line.starts_with("-NOAUTH") || line.starts_with("-NOPERM")) return Io("REPLCONF: " + line);
  return {};
}

Result<void> RedisSource::AskForData() {
  std::string line;
  const std::string offset = std::to_string(greeting_.next_offset);
  if (greeting_.hands_over) {
    RDB_RETURN_IF_ERROR(Call({"PSYNC", greeting_.stream_id, offset, "FAILOVER"}, &line));
  } else {
    RDB_RETURN_IF_ERROR(Call({"PSYNC", greeting_.stream_id, offset}, &line));
  }
  constexpr std::string_view kFull = "+FULLRESYNC ";
  constexpr std::string_view kContinue = "+CONTINUE";
  if (line.starts_with(kContinue)) {
    continues_ = true;
    if (line.size() > kContinue.size()) stream_id_ = line.substr(kContinue.size() + 1);
    return {};
  }
  if (greeting_.hands_over && line.starts_with("-")) return Unsupported(0, "PSYNC: " + line);
  if (line.starts_with("-ERR unknown command")) {
    RDB_RETURN_IF_ERROR(Send(Request({"SYNC"})));
    return ReadHeader();
  }
  if (!line.starts_with(kFull)) return Io("PSYNC: " + line);
  const std::string_view words = std::string_view(line).substr(kFull.size());
  const size_t space = words.find(' ');
  if (space == std::string_view::npos || !ParseWhole(words.substr(space + 1), &stream_offset_)) {
    return Io("PSYNC: " + line);
  }
  stream_id_ = words.substr(0, space);
  return ReadHeader();
}

Result<void> RedisSource::ReadHeader() {
  std::string line;
  RDB_RETURN_IF_ERROR(ReadLine(&line));
  constexpr std::string_view kMark = "$EOF:";
  if (line.starts_with(kMark) && line.size() == kMark.size() + kMarkBytes) {
    mark_ = line.substr(kMark.size());
    return {};
  }
  uint64_t size = 0;
  if (line[0] != '$' || !ParseWhole(std::string_view(line).substr(1), &size)) {
    return Io("no dump: " + line);
  }
  size_ = size;
  return {};
}

Result<void> RedisSource::Call(std::initializer_list<std::string_view> words, std::string* line) {
  RDB_RETURN_IF_ERROR(Send(Request(words)));
  return ReadLine(line);
}

// ---- Bytes -------------------------------------------------------------------------------------

Result<void> RedisSource::Wait(short events) {
  const int64_t began_ms = MonotonicMs();
  for (;;) {
    if (aborted_ != nullptr && *aborted_) return Io("aborted");
    pollfd waiting = {fd_, events, 0};
    const int ready = ::poll(&waiting, 1, kTickMs);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Io("poll: " + ErrnoText(errno));
    if (timeout_ms_ > 0 && MonotonicMs() - began_ms > timeout_ms_) {
      return Io("nothing came for too long");
    }
    if (events == POLLIN && size_.value_or(mark_.size()) > 0) RDB_RETURN_IF_ERROR(KeepAlive());
  }
}

Result<void> RedisSource::KeepAlive() {
  const int64_t now_ms = MonotonicMs();
  if (!follows_ || now_ms - kept_alive_ms_ < kKeepAliveMs) return {};
  kept_alive_ms_ = now_ms;
  const ssize_t sent = ::send(fd_, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return Io("send: " + ErrnoText(errno));
  return {};
}

Result<void> RedisSource::Send(std::string_view command) {
  while (!command.empty()) {
    const ssize_t sent = ::send(fd_, command.data(), command.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      command.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      RDB_RETURN_IF_ERROR(Wait(POLLOUT));
    } else if (errno != EINTR) {
      return Io("send: " + ErrnoText(errno));
    }
  }
  return {};
}

Result<void> RedisSource::Fill() {
  for (;;) {
    if (aborted_ != nullptr && *aborted_) return Io("aborted");
    const ssize_t got = ::recv(fd_, buffer_.get(), kBufferBytes, 0);
    if (got >= 0) {
      pos_ = 0;
      end_ = static_cast<size_t>(got);
      return {};
    }
    if (errno == EAGAIN) {
      RDB_RETURN_IF_ERROR(Wait(POLLIN));
    } else if (errno != EINTR) {
      return Io("recv: " + ErrnoText(errno));
    }
  }
}

Result<void> RedisSource::ReadLine(std::string* line) {
  line->clear();
  for (;;) {
    if (pos_ == end_) {
      RDB_RETURN_IF_ERROR(Fill());
      if (end_ == 0) return Io("Redis closed the connection");
    }
    const char byte = buffer_[pos_++];
    if (byte != '\n') {
      line->push_back(byte);
      if (line->size() > kMaxLine) return Io("an endless line");
      continue;
    }
    if (!line->empty() && line->back() == '\r') line->pop_back();
    if (!line->empty()) return {};
  }
}

Result<std::string_view> RedisSource::Next() {
  if (size_ && offset_ == *size_) return std::string_view();
  RDB_RETURN_IF_ERROR(KeepAlive());
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

Result<bool> RedisSource::CheckEnd(std::string_view rest) {
  if (size_) return rest.empty() && offset_ == *size_;
  std::string mark(rest.substr(0, kMarkBytes));
  while (mark.size() < kMarkBytes) {
    RDB_ASSIGN_OR_RETURN(const std::string_view more, Next());
    if (more.empty()) return false;
    mark.append(more.substr(0, kMarkBytes - mark.size()));
  }
  return mark == mark_;
}

Result<std::string> RedisSource::TakeOver(std::string_view rest) {
  if (!continues_ && !size_) {
    std::string text(rest);
    while (text.size() < kMarkBytes) {
      RDB_ASSIGN_OR_RETURN(const std::string_view more, Next());
      if (more.empty()) return Io("Redis closed the connection");
      text.append(more);
    }
    if (!text.starts_with(mark_)) return Io("the dump does not end where Redis said it would");
    return text.substr(kMarkBytes);
  }
  if (!continues_ && (!rest.empty() || offset_ != *size_)) {
    return Io("the dump does not end where Redis said it would");
  }
  return std::string(buffer_.get() + pos_, end_ - pos_);
}

int RedisSource::ReleaseSocket() {
  return std::exchange(fd_, -1);
}

}  // namespace rdb
