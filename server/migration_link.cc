// SPDX-License-Identifier: BSD-3-Clause
#include "server/migration_link.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace server {
namespace {

// How long a wait may go on without a look at `stop`.
constexpr int64_t kSliceMs = 50;
// A reply is a status or an error; Redis keeps as much of one.
constexpr size_t kMaxLine = 1024;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::unique_ptr<MigrationLink> MigrationLink::Connect(const std::string& host, int port,
                                                      int64_t timeout_ms,
                                                      const std::atomic<bool>& stop) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses) != 0) return {};
  std::unique_ptr<MigrationLink> link;
  for (const addrinfo* at = addresses; at != nullptr && link == nullptr; at = at->ai_next) {
    const int fd = ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    std::unique_ptr<MigrationLink> made(new MigrationLink(fd));
    made->SetLimit(timeout_ms, stop);
    if (::connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
      if (errno != EINPROGRESS || !made->Wait(POLLOUT)) continue;
      // If nobody listens there, the first Write() says so, and the client hears what Redis' would.
      int error = 0;
      socklen_t size = sizeof error;
      (void)::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0 && at->ai_next != nullptr) continue;
    }
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link = std::move(made);
  }
  freeaddrinfo(addresses);
  return link;
}

MigrationLink::~MigrationLink() {
  ::close(fd_);
}

bool MigrationLink::Wait(short events) {
  timed_out_ = false;
  const int64_t deadline_ms = NowMs() + timeout_ms_;
  for (;;) {
    const int64_t left_ms = deadline_ms - NowMs();
    if (stop_->load()) return false;
    if (left_ms <= 0) {
      timed_out_ = true;
      return false;
    }
    pollfd poll = {fd_, events, 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::min(left_ms, kSliceMs)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool MigrationLink::Write(std::string_view bytes) {
  timed_out_ = false;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!Wait(POLLOUT)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> MigrationLink::ReadLine() {
  timed_out_ = false;
  for (;;) {
    if (const size_t end = received_.find("\r\n"); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 2);
      return line;
    }
    if (received_.size() > kMaxLine) return std::nullopt;
    char buffer[4096];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) {
      received_.append(buffer, static_cast<size_t>(got));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return std::nullopt;
    } else if (errno == EAGAIN && !Wait(POLLIN)) {
      return std::nullopt;
    }
  }
}

}  // namespace server
