// SPDX-License-Identifier: BSD-3-Clause
#include "tests/server/server_fixture.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lsm/file_system.h"

namespace server {
namespace {

constexpr int kTimeoutMs = 10'000;

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool ok = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  REQUIRE(ok);
  return ntohs(address.sin_port);
}

}  // namespace

TempDirectory::TempDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tiercel-test-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;  // A directory left behind does not fail a test.
  std::filesystem::remove_all(path_, ignored);
}

// ---- RunningServer ---------------------------------------------------------------------------

RunningServer::RunningServer(Configure configure, lsm::FileSystem* files)
    : configure_(std::move(configure)),
      files_(files != nullptr ? files : &lsm::PosixFileSystem()),
      port_(FreePort()) {
  signal(SIGPIPE, SIG_IGN);
  REQUIRE(log_.SetFile(log_dir_.path() + "/log"));
  Launch();
}

RunningServer::~RunningServer() {
  if (thread_.joinable()) static_cast<void>(Stop().ok());
}

void RunningServer::Launch() {
  std::promise<lsm::Status> started;
  thread_ = std::thread([this, &started] {
    const Environment environment{.files = *files_, .clock = *lsm::SystemClock(), .log = log_};
    Server server(environment);
    Settings& settings = server.settings();
    settings.bind = {"127.0.0.1"};
    settings.port = port_;
    settings.dir = dir_.path();
    settings.maxmemory = int64_t{64} << 20;
    if (configure_) configure_(settings);
    log_.SetLevel(settings.loglevel);
    server_ = &server;
    const lsm::Status status = server.Start();
    const bool ok = status.ok();
    started.set_value(status);
    if (ok) result_ = server.Run();
  });
  const lsm::Status status = started.get_future().get();
  INFO(status.message());
  REQUIRE(status.ok());
}

void RunningServer::Restart() {
  const lsm::Status status = thread_.joinable() ? Stop() : result_;
  INFO(status.message());
  REQUIRE(status.ok());
  Launch();
}

lsm::Status RunningServer::Stop() {
  server_->RequestStop();
  return Join();
}

lsm::Status RunningServer::Join() {
  thread_.join();
  return result_;
}

void RunningServer::OnLoop(const std::function<void(Server&)>& task) {
  std::promise<void> done;
  server_->Post([&] {
    task(*server_);
    done.set_value();
  });
  done.get_future().get();
}

std::string RunningServer::LogText() const {
  std::ifstream file(log_dir_.path() + "/log");
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- TestClient --------------------------------------------------------------------------------

TestClient::TestClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
}

TestClient::TestClient(const std::string& path)
    : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
}

TestClient::~TestClient() {
  close(fd_);
}

void TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // A server that has closed is found when the reply is read.
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    REQUIRE(sent > 0);
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void TestClient::SendCommand(std::initializer_list<std::string_view> args) {
  SendCommand(std::vector<std::string>(args.begin(), args.end()));
}

void TestClient::SendCommand(const std::vector<std::string>& args) {
  std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    bytes += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  }
  Send(bytes);
}

bool TestClient::Fill(int timeout_ms) {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, timeout_ms) <= 0) return false;
  std::array<char, 65536> bytes;
  const ssize_t got = recv(fd_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  parser_.Feed({bytes.data(), static_cast<size_t>(got)});
  return true;
}

bool TestClient::ReadReply(resp::Reply& reply) {
  while (true) {
    const auto status = parser_.Next(&reply);
    if (status == resp::ReplyParser::Status::kReply) return true;
    REQUIRE(status == resp::ReplyParser::Status::kNeedMore);
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    REQUIRE_MESSAGE(poll(&ready, 1, kTimeoutMs) > 0, "no reply in ten seconds");
    if (!Fill(kTimeoutMs)) return false;
  }
}

std::string TestClient::Read() {
  resp::Reply reply;
  return ReadReply(reply) ? resp::Describe(reply) : "closed";
}

std::string TestClient::ReadText() {
  resp::Reply reply;
  return ReadReply(reply) ? reply.text : "closed";
}

std::string TestClient::Run(std::initializer_list<std::string_view> args) {
  SendCommand(args);
  return Read();
}

std::string TestClient::RunText(std::initializer_list<std::string_view> args) {
  SendCommand(args);
  return ReadText();
}

bool TestClient::HasReplyWithin(int ms) {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  return parser_.buffered_bytes() > 0 || poll(&ready, 1, ms) > 0;
}

std::vector<std::string> TestClient::ReadUntilClosed() {
  std::vector<std::string> replies;
  resp::Reply reply;
  while (ReadReply(reply)) replies.push_back(resp::Describe(reply));
  return replies;
}

void TestClient::FinishSending() {
  shutdown(fd_, SHUT_WR);
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < kTimeoutMs; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace server
