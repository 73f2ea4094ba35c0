// SPDX-License-Identifier: BSD-3-Clause
#include "peer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace compat {

namespace {

constexpr int kReplyTimeoutMs = 20000;

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool ok = fd >= 0 &&
                  bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) close(fd);
  return ok ? ntohs(address.sin_port) : 0;
}

resp::Reply Closed(const std::string& why) {
  resp::Reply reply;
  reply.type = resp::Reply::Type::kError;
  reply.text = "CLOSED " + why;
  return reply;
}

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "redis-compat-suite: %s\n", message.c_str());
  std::exit(2);  // NOLINT(concurrency-mt-unsafe): one thread.
}

}  // namespace

Peer::Peer(std::string name, std::string binary, std::vector<std::string> options,
           std::string directory)
    : name_(std::move(name)),
      binary_(std::move(binary)),
      options_(std::move(options)),
      directory_(std::move(directory)) {
  mkdir(directory_.c_str(), 0755);
  Start();
}

Peer::~Peer() {
  Stop(SIGKILL);
}

void Peer::Start() {
  port_ = FreePort();
  std::vector<std::string> words = {binary_, "--port", std::to_string(port_), "--dir", directory_};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) Die("cannot fork");
  if (pid_ == 0) {
    const std::string log = directory_ + "/server.log";
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd >= 0) {
      dup2(fd, STDOUT_FILENO);
      dup2(fd, STDERR_FILENO);
    }
    execvp(argv[0], argv.data());
    _exit(127);
  }
  constexpr int kTries = 2000;
  for (int i = 0; i < kTries; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) Die(name_ + " ended at its start");
    connections_.clear();
    if (!Run(0, {"PING"}).is_error()) {
      connections_.clear();
      return;
    }
    usleep(10000);
  }
  Die(name_ + " does not answer");
}

void Peer::Stop(int signal) {
  connections_.clear();
  if (pid_ <= 0) return;
  kill(pid_, signal);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Peer::Restart(bool kill) {
  Stop(kill ? SIGKILL : SIGTERM);
  Start();
}

void Peer::Reset(int protocol) {
  connections_.clear();
  protocol_ = protocol;
}

Peer::Connection& Peer::At(size_t index) {
  if (connections_.size() <= index) connections_.resize(index + 1);
  Connection& connection = connections_[index];
  if (connection.context == nullptr) {
    connection.context.reset(redisConnect("127.0.0.1", port_));
    connection.parser = resp::ReplyParser();
    connection.id.clear();
    if (connection.context != nullptr && connection.context->err == 0 && protocol_ == 3) {
      Run(index, {"HELLO", "3"});
    }
  }
  return connections_[index];
}

void Peer::SendRaw(size_t connection, const std::string& bytes) {
  Connection& at = At(connection);
  if (at.context == nullptr || at.context->err != 0) return;
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = send(at.context->fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // The reply tells: CLOSED.
    done += static_cast<size_t>(n);
  }
}

std::string Peer::Substitute(const std::string& word) {
  constexpr std::string_view kBefore = "{id:";
  if (!word.starts_with(kBefore) || !word.ends_with('}')) return word;
  const size_t index = std::strtoul(word.c_str() + kBefore.size(), nullptr, 10);
  if (At(index).id.empty()) {
    const resp::Reply reply = Run(index, {"CLIENT", "ID"});
    At(index).id = std::to_string(reply.integer);
  }
  return At(index).id;
}

void Peer::Send(size_t connection, const Command& command) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  Command ready;
  for (const std::string& word : command) ready.push_back(Substitute(word));
  for (const std::string& word : ready) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const auto size =
      redisFormatCommandArgv(&bytes, static_cast<int>(command.size()), words.data(), sizes.data());
  if (bytes == nullptr) return;
  SendRaw(connection, std::string(bytes, static_cast<size_t>(size)));
  redisFreeCommand(bytes);
}

bool Peer::WaitReadable(size_t connection, int timeout_ms) {
  Connection& at = At(connection);
  if (at.parser.buffered_bytes() > 0) return true;
  if (at.context == nullptr || at.context->err != 0) return false;
  pollfd wait{at.context->fd, POLLIN, 0};
  return poll(&wait, 1, timeout_ms) > 0;
}

resp::Reply Peer::Read(size_t connection) {
  Connection& at = At(connection);
  if (at.context == nullptr || at.context->err != 0) return Closed("cannot connect");
  char bytes[65536];
  for (;;) {
    resp::Reply reply;
    const auto status = at.parser.Next(&reply);
    if (status == resp::ReplyParser::Status::kReply) return reply;
    if (status == resp::ReplyParser::Status::kError) {
      return Closed("not RESP: " + std::string(at.parser.error()));
    }
    pollfd wait{at.context->fd, POLLIN, 0};
    if (poll(&wait, 1, kReplyTimeoutMs) <= 0) return Closed("no reply in time");
    const ssize_t n = recv(at.context->fd, bytes, sizeof(bytes), 0);
    if (n <= 0) return Closed("connection closed");
    at.parser.Feed({bytes, static_cast<size_t>(n)});
  }
}

resp::Reply Peer::Run(size_t connection, const Command& command) {
  Send(connection, command);
  return Read(connection);
}

}  // namespace compat
