// SPDX-License-Identifier: BSD-3-Clause
#include "server/monitors.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/time.h>

#include "datatypes/arguments.h"
#include "resp/split_args.h"
#include "server/connection.h"
#include "server/server.h"

namespace server {
namespace {

constexpr std::string_view kRedacted = "(redacted)";

}  // namespace

void Monitors::Add(Connection& connection) {
  if (connection.is_monitor) return;
  connection.is_monitor = true;
  monitors_.push_back(&connection);
}

void Monitors::Remove(Connection& connection) {
  if (!connection.is_monitor) return;
  connection.is_monitor = false;
  std::erase(monitors_, &connection);
}

void Monitors::Feed(const Connection& client, bool in_script, uint32_t db,
                    const datatypes::CommandSpec& spec, datatypes::Args args) {
  struct timeval now = {};
  gettimeofday(&now, nullptr);
  const Endpoints& from = client.endpoints();
  const std::string sender = in_script          ? "lua"
                             : from.unix_socket ? "unix:" + server_.settings().unixsocket
                                                : from.peer;
  std::string line =
      fmt::format("+{}.{:06} [{} {}]", static_cast<int64_t>(now.tv_sec), now.tv_usec, db, sender);
  for (const std::string_view arg : RedactedArgs(spec, args)) {
    line += ' ';
    line += resp::QuoteArg(arg);
  }
  line += "\r\n";
  const auto shared = std::make_shared<const std::string>(std::move(line));
  for (Connection* const monitor : monitors_) {
    monitor->Push(shared);
  }
}

std::vector<std::string_view> RedactedArgs(const datatypes::CommandSpec& spec,
                                           datatypes::Args args) {
  std::vector<std::string_view> shown(args.begin(), args.end());
  if (spec.name == "auth") {
    std::fill(shown.begin() + 1, shown.end(), kRedacted);
  } else if (spec.name == "hello") {
    for (size_t i = 2; i + 2 < shown.size(); ++i) {
      if (!datatypes::EqualsIgnoreCase(shown[i], "auth")) continue;
      shown[i + 1] = shown[i + 2] = kRedacted;
      i += 2;
    }
  } else if (spec.name == "migrate") {
    constexpr size_t kFirstOption = 6;
    for (size_t i = kFirstOption; i + 1 < shown.size(); ++i) {
      if (datatypes::EqualsIgnoreCase(shown[i], "keys")) break;
      const bool with_user = datatypes::EqualsIgnoreCase(shown[i], "auth2");
      if (!with_user && !datatypes::EqualsIgnoreCase(shown[i], "auth")) continue;
      shown[++i] = kRedacted;
      if (with_user && i + 1 < shown.size()) shown[++i] = kRedacted;
    }
  }
  return shown;
}

}  // namespace server
