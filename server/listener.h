// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lsm/status.h"
#include "server/event_loop.h"

namespace server {

class Server;

// The listening sockets, and what is decided before a client is let in. Loop thread only.
class Listener {
 public:
  explicit Listener(Server& server);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Listens where the settings say (bind, port, unixsocket …), and not any more where it did. On
  // failure it listens where it did before.
  lsm::Status Open();
  // Stops listening; the Unix socket's file is removed.
  void Close();
  // The first TCP port that is listened on; 0: none.
  int port() const;
  bool has_unix_socket() const { return !unix_path_.empty(); }

 private:
  struct Socket {
    Listener* listener;
    int fd;
    bool unix_domain;
    int port;
    std::unique_ptr<Poll> poll;
  };
  using Sockets = std::vector<std::unique_ptr<Socket>>;

  static void OnReady(void* socket, int events);
  void WatchAll(int events);
  void Rest();
  static void CloseSockets(Sockets& sockets);
  lsm::Status OpenTcp(Sockets& sockets);
  lsm::Status OpenUnix(Sockets& sockets);
  void Add(Sockets& sockets, int fd, bool unix_domain, int port);

  Server& server_;
  // Runs while accepting rests, because the process has no file descriptor left.
  Timer resume_;
  Sockets sockets_;
  std::string unix_path_;
  std::vector<std::string> bound_;  // What sockets_ was opened for.
  int bound_port_ = 0;
};

}  // namespace server
