// SPDX-License-Identifier: BSD-3-Clause
#include "server/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "server/connections.h"
#include "server/server.h"

namespace server {
namespace {

constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface. If you want to connect from external computers to Redis you may adopt one of the "
    "following solutions: 1) Just disable protected mode sending the command 'CONFIG SET "
    "protected-mode no' from the loopback interface by connecting to Redis from the same host the "
    "server is running, however MAKE SURE Redis is not publicly accessible from internet if you do "
    "so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable "
    "the protected mode by editing the Redis configuration file, and setting the protected mode "
    "option to 'no', and then restarting the server. 3) If you started the server manually just "
    "for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication "
    "password for the default user. NOTE: You only need to do one of the above things in order for "
    "the server to start accepting connections from the outside.\r\n";

std::string ErrnoText() {
  return std::strerror(errno);
}

void SetOption(int fd, int level, int name, int value) {
  // A socket that does not know an option works without it.
  static_cast<void>(setsockopt(fd, level, name, &value, sizeof(value)));
}

void KeepAlive(int fd, int seconds) {
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(seconds / 3, 1));
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

struct Address {
  std::string host;
  int port = 0;
};

Address ReadAddress(const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from, sizeof(in));
    inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &from, sizeof(in));
  inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
  return {text.data(), ntohs(in.sin6_port)};
}

std::string AddressText(const Address& address) {
  return address.host.find(':') == std::string::npos
             ? fmt::format("{}:{}", address.host, address.port)
             : fmt::format("[{}]:{}", address.host, address.port);
}

// Socket families that a machine may lack altogether.
bool IsUnsupported(int error) {
  return error == ENOPROTOOPT || error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT ||
         error == EPFNOSUPPORT || error == EAFNOSUPPORT;
}

// A listening socket at one resolved address, or -1 with errno set.
int ListenAt(const addrinfo& address, int backlog) {
  const int fd = socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        address.ai_protocol);
  if (fd < 0) return -1;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind(fd, address.ai_addr, address.ai_addrlen) != 0 || listen(fd, backlog) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

int ListenTcp(const std::string& name, int port, int backlog) {
  addrinfo hints{};
  hints.ai_family = name == "*" ? AF_INET : name == "::*" ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  const bool any = name == "*" || name == "::*";
  addrinfo* found = nullptr;
  if (getaddrinfo(any ? nullptr : name.c_str(), std::to_string(port).c_str(), &hints, &found) !=
      0) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  int fd = -1;
  for (const addrinfo* at = found; at != nullptr && fd < 0; at = at->ai_next) {
    fd = ListenAt(*at, backlog);
  }
  const int error = errno;
  freeaddrinfo(found);
  errno = error;
  return fd;
}

}  // namespace

Listener::Listener(Server& server)
    : server_(server), resume_(server.loop(), [this] { WatchAll(Poll::kReadable); }) {}

Listener::~Listener() {
  Close();
}

void Listener::CloseSockets(Sockets& sockets) {
  for (const auto& socket : sockets) {
    socket->poll.reset();
    close(socket->fd);
  }
  sockets.clear();
}

void Listener::Close() {
  CloseSockets(sockets_);
  if (!unix_path_.empty()) {
    server_.log().Notice("Removing the unix socket file.");
    unlink(unix_path_.c_str());
    unix_path_.clear();
  }
}

int Listener::port() const {
  for (const auto& socket : sockets_) {
    if (!socket->unix_domain) return socket->port;
  }
  return 0;
}

void Listener::Add(Sockets& sockets, int fd, bool unix_domain, int port) {
  auto socket = std::make_unique<Socket>(Socket{this, fd, unix_domain, port, nullptr});
  socket->poll = std::make_unique<Poll>(server_.loop(), fd, socket.get(), OnReady);
  socket->poll->Watch(Poll::kReadable);
  sockets.push_back(std::move(socket));
}

lsm::Status Listener::Open() {
  const Settings& settings = server_.settings();
  // The same port cannot be bound twice: what was there goes first, and comes back on failure.
  const auto old_bind = std::exchange(bound_, settings.bind);
  const auto old_port = std::exchange(bound_port_, static_cast<int>(settings.port));
  CloseSockets(sockets_);
  Sockets sockets;
  lsm::Status status = OpenTcp(sockets);
  if (status.ok()) status = OpenUnix(sockets);
  if (status.ok()) {
    sockets_ = std::move(sockets);
    return status;
  }
  CloseSockets(sockets);
  bound_ = old_bind;
  bound_port_ = old_port;
  // Whoever took the old port in this instant has it now; the reason for the failure is told
  // anyway.
  if (bound_port_ != 0) static_cast<void>(OpenTcp(sockets).ok());
  sockets_ = std::move(sockets);
  return status;
}

lsm::Status Listener::OpenTcp(Sockets& sockets) {
  if (bound_port_ == 0) return lsm::Status::Ok();
  const auto backlog = static_cast<int>(server_.settings().tcp_backlog);
  for (const std::string& entry : bound_) {
    const bool optional = entry.starts_with('-');
    const std::string name = optional ? entry.substr(1) : entry;
    if (name.empty()) continue;
    const int fd = ListenTcp(name, bound_port_, backlog);
    if (fd >= 0) {
      Add(sockets, fd, false, bound_port_);
      continue;
    }
    const int error = errno;
    server_.log().Warning(
        fmt::format("Warning: Could not create server TCP listening socket {}:{}: bind: {}", name,
                    bound_port_, std::strerror(error)));
    if ((optional && error == EADDRNOTAVAIL) || IsUnsupported(error)) continue;
    return lsm::Status::IoError(
        fmt::format("Failed listening on port {} (tcp), aborting.", bound_port_));
  }
  return lsm::Status::Ok();
}

lsm::Status Listener::OpenUnix(Sockets& sockets) {
  const std::string& path = server_.settings().unixsocket;
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
  unix_path_.clear();
  if (path.empty()) return lsm::Status::Ok();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return lsm::Status::Invalid("Failed opening Unix socket: the path is too long: " + path);
  }
  path.copy(address.sun_path, path.size());
  unlink(path.c_str());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto mode = static_cast<mode_t>(server_.settings().unixsocketperm);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      (mode != 0 && chmod(path.c_str(), mode) != 0) ||
      listen(fd, static_cast<int>(server_.settings().tcp_backlog)) != 0) {
    lsm::Status status = lsm::Status::IoError("Failed opening Unix socket: bind: " + ErrnoText());
    if (fd >= 0) close(fd);
    return status;
  }
  Add(sockets, fd, true, 0);
  unix_path_ = path;
  return lsm::Status::Ok();
}

namespace {

Endpoints ReadEndpoints(int fd, const sockaddr_storage& peer, const std::string& unix_path) {
  if (!unix_path.empty()) return {unix_path + ":0", unix_path + ":0", true, true};
  const Address from = ReadAddress(peer);
  sockaddr_storage local{};
  socklen_t size = sizeof(local);
  Address to;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0) to = ReadAddress(local);
  const bool loopback =
      from.host.starts_with("127.") || from.host == "::1" || from.host.starts_with("::ffff:127.");
  return {AddressText(from), AddressText(to), false, loopback};
}

// Says why, as far as the socket takes it, and closes.
void Refuse(Server& server, int fd, std::string_view why) {
  ++server.stats().rejected_connections;
  static_cast<void>(send(fd, why.data(), why.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  close(fd);
}

void Admit(Server& server, int fd, Endpoints endpoints) {
  const Settings& settings = server.settings();
  if (server.connections().size() >= static_cast<size_t>(settings.maxclients)) {
    Refuse(server, fd, kTooManyClients);
    return;
  }
  if (settings.protected_mode && settings.requirepass.empty() && !endpoints.loopback) {
    Refuse(server, fd, kProtected);
    return;
  }
  if (!endpoints.unix_socket) {
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (settings.tcp_keepalive_s > 0) KeepAlive(fd, static_cast<int>(settings.tcp_keepalive_s));
  }
  server.log().Verbose("Accepted " + endpoints.peer);
  ++server.stats().connections_received;
  server.connections().Add(fd, std::move(endpoints));
}

}  // namespace

void Listener::WatchAll(int events) {
  for (const auto& socket : sockets_) socket->poll->Watch(events);
}

// The connection that could not be taken stays in the kernel's queue, so that the socket stays
// ready: without a pause the loop would do nothing but fail.
void Listener::Rest() {
  constexpr uint64_t kRestMs = 100;
  WatchAll(Poll::kNone);
  resume_.Start(kRestMs);
}

void Listener::OnReady(void* self, int /*events*/) {
  auto& socket = *static_cast<Socket*>(self);
  Server& server = socket.listener->server_;
  server.EnsureTurn();
  for (int64_t i = 0; i < server.settings().max_new_connections_per_cycle; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int fd =
        accept4(socket.fd, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return;
      server.log().Warning("Accepting client connection: " + ErrnoText());
      socket.listener->Rest();
      return;
    }
    Admit(server, fd,
          ReadEndpoints(fd, peer, socket.unix_domain ? server.settings().unixsocket : ""));
  }
}

}  // namespace server
