// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <hiredis/hiredis.h>

#include "resp/reply.h"
#include "resp/reply_parser.h"

namespace compat {

using Command = std::vector<std::string>;

// One server under comparison: its process, and the connections to it. Connections are numbered, so
// that a case can speak from several sides.
class Peer {
 public:
  // `binary options… --port <free> --dir <directory>`; waits until it answers PING.
  // Aborts the program with a message if it cannot be started.
  Peer(std::string name, std::string binary, std::vector<std::string> options,
       std::string directory);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const std::string& name() const { return name_; }
  int port() const { return port_; }

  // Sends one command and reads its reply; a broken connection is a reply, too: an error that
  // begins with "CLOSED". A word {id:N} stands for the client id of connection N.
  resp::Reply Run(size_t connection, const Command& command);
  void Send(size_t connection, const Command& command);
  resp::Reply Read(size_t connection);
  void SendRaw(size_t connection, const std::string& bytes);
  // A push or reply that is there within `timeout_ms`.
  bool WaitReadable(size_t connection, int timeout_ms);

  // Drops all connections; the next use opens new ones in the given protocol.
  void Reset(int protocol);
  // SIGTERM or SIGKILL, and start again on the same data.
  void Restart(bool kill);

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  struct Connection {
    std::unique_ptr<redisContext, FreeContext> context;
    resp::ReplyParser parser;
    std::string id;  // Once somebody has asked for it.
  };
  void Start();
  void Stop(int signal);
  Connection& At(size_t index);
  std::string Substitute(const std::string& word);

  std::string name_;
  std::string binary_;
  std::vector<std::string> options_;
  std::string directory_;
  int port_ = 0;
  int pid_ = 0;
  int protocol_ = 2;
  std::vector<Connection> connections_;
};

}  // namespace compat
