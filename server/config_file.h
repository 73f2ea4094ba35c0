// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"
#include "server/config.h"

namespace server {

// Reads directives, one a line, in redis.conf's syntax, into `config`; `include PATH` reads another
// file there. The Status's message is the whole report that Redis prints: where, which line, why.
lsm::Status LoadConfigText(std::string_view text, std::string_view name, Config& config);
lsm::Status LoadConfigFile(const std::string& path, Config& config);

// What a command line says, by redis-server's grammar: [file | -] [--option value …] …
struct CommandLine {
  enum class Action { kRun, kHelp, kVersion };
  Action action = Action::kRun;
  std::string file;         // Empty: none.
  bool from_stdin = false;  // "-": directives come on standard input, too.
  std::string directives;   // The options as lines of a configuration file; read last.
};
CommandLine ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace server
