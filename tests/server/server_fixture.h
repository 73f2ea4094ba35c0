// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "resp/reply_parser.h"
#include "server/log.h"
#include "server/server.h"
#include "server/settings.h"

namespace server {

// A directory of its own under the system's temporary one; gone with the object.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A whole server on a thread of its own, with a free port of the loopback and a temporary
// directory.
//
//   RunningServer server([](Settings& settings) { settings.requirepass = "secret"; });
//   TestClient client(server.port());
//   CHECK(client.Run({"PING"}) == "-NOAUTH Authentication required.");
class RunningServer {
 public:
  using Configure = std::function<void(Settings&)>;

  // `files`, if given, is where the store lives, instead of the disk; it must outlive this.
  explicit RunningServer(Configure configure = nullptr, lsm::FileSystem* files = nullptr);
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  int port() const { return port_; }
  const std::string& dir() const { return dir_.path(); }

  // Shuts down in order, unless it has ended by itself (Join), and starts again on the same
  // directory with the same settings.
  void Restart();
  // Shuts down; the result of Server::Run().
  lsm::Status Stop();
  // Waits until the server has ended by itself (SHUTDOWN).
  lsm::Status Join();

  // Runs `task` on the loop's thread, between commands, and waits for it.
  void OnLoop(const std::function<void(Server&)>& task);

  // What the log says so far.
  std::string LogText() const;

 private:
  void Launch();

  TempDirectory dir_;
  TempDirectory log_dir_;
  Configure configure_;
  lsm::FileSystem* files_;
  int port_ = 0;
  Log log_;
  std::thread thread_;
  Server* server_ = nullptr;  // Lives on the thread's stack.
  lsm::Status result_;
};

// A client on a blocking socket that sends what it is told, byte by byte, and reads whole replies.
// All waits end after ten seconds with a failed check.
class TestClient {
 public:
  explicit TestClient(int port);
  // Over a Unix socket.
  explicit TestClient(const std::string& path);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void Send(std::string_view bytes);
  // As a RESP array of bulk strings.
  void SendCommand(std::initializer_list<std::string_view> args);
  void SendCommand(const std::vector<std::string>& args);
  // The next reply, as resp::Describe() shows it; "closed" if the server has closed.
  std::string Read();
  // The next reply of a RESP2 string.
  std::string ReadText();
  // Sends and reads.
  std::string Run(std::initializer_list<std::string_view> args);
  // The same; the reply's text as it is.
  std::string RunText(std::initializer_list<std::string_view> args);
  // Whether a reply comes within `ms`. For showing that none does.
  bool HasReplyWithin(int ms);
  // Reads until the server closes; the replies before that are returned.
  std::vector<std::string> ReadUntilClosed();
  // No more will be sent.
  void FinishSending();
  int fd() const { return fd_; }

 private:
  bool ReadReply(resp::Reply& reply);
  bool Fill(int timeout_ms);

  int fd_ = -1;
  resp::ReplyParser parser_;
};

// Waits until `condition` holds, asking every millisecond, at most ten seconds; whether it does.
bool Eventually(const std::function<bool()>& condition);

}  // namespace server
