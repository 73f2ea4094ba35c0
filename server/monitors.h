// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"

namespace server {

class Connection;
class Server;

// The clients in MONITOR mode, who see every command that runs:
//
//   +1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
//
// Loop thread only.
class Monitors {
 public:
  explicit Monitors(Server& server) : server_(server) {}
  Monitors(const Monitors&) = delete;
  Monitors& operator=(const Monitors&) = delete;

  // Does nothing if it is one already.
  void Add(Connection& connection);
  // Does nothing if it is none.
  void Remove(Connection& connection);
  bool empty() const { return monitors_.empty(); }
  size_t size() const { return monitors_.size(); }

  // A command ran in database `db` for the client, or in a script of its; passwords are left out.
  void Feed(const Connection& client, bool in_script, uint32_t db,
            const datatypes::CommandSpec& spec, datatypes::Args args);

 private:
  Server& server_;
  std::vector<Connection*> monitors_;
};

// The arguments with passwords replaced by "(redacted)", for MONITOR and the slow log.
std::vector<std::string_view> RedactedArgs(const datatypes::CommandSpec& spec,
                                           datatypes::Args args);

}  // namespace server
