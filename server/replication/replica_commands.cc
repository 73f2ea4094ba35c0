// SPDX-License-Identifier: BSD-3-Clause
// REPLICAOF, and its old name.
#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/admin_commands.h"
#include "server/connection.h"
#include "server/replication/replica_link.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Result;

constexpr int64_t kMaxPort = 65535;

// REPLICAOF host port | NO ONE
Result<void> ReplicaOf(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  ReplicaLink& link = server.replica_link();
  const std::string_view host = ctx.args[1];
  if (EqualsIgnoreCase(host, "no") && EqualsIgnoreCase(ctx.args[2], "one")) {
    if (link.Promote()) {
      server.log().Notice(fmt::format("MASTER MODE enabled (user request from '{}')",
                                      ConnectionOf(ctx).Describe()));
    }
    ctx.reply.SimpleString("OK");
    return {};
  }
  if (ConnectionOf(ctx).is_replica) {
    return datatypes::Fail("ERR Command is not valid when client is a replica.");
  }
  ASSIGN_OR_RETURN(const int64_t port,
                   datatypes::ParseInteger(ctx.args[2], "ERR Invalid master port"));
  if (port < 0 || port > kMaxPort) return datatypes::Fail("ERR Invalid master port");
  if (!link.Follow(std::string(host), static_cast<int>(port))) {
    ctx.reply.SimpleString("OK Already connected to specified master");
    return {};
  }
  server.log().Notice(fmt::format("REPLICAOF {}:{} enabled (user request from '{}')", host, port,
                                  ConnectionOf(ctx).Describe()));
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr uint32_t kFlags =
    datatypes::kAdmin | datatypes::kNoScript | datatypes::kStale | datatypes::kNoAsyncLoading;

constexpr CommandSpec kCommands[] = {
    {.name = "replicaof",
     .handler = ReplicaOf,
     .arity = 3,
     .flags = kFlags,
     .group = "server",
     .since = "5.0.0",
     .summary = "Makes the server a replica of another one, or a primary again.",
     .complexity = "O(1)",
     .syntax = "<(host port){host-port} | (<NO> <ONE>){no-one}>{args}"},
    {.name = "slaveof",
     .handler = ReplicaOf,
     .arity = 3,
     .flags = kFlags,
     .group = "server",
     .since = "1.0.0",
     .summary = "Makes the server a replica of another one, or a primary again.",
     .complexity = "O(1)",
     .syntax = "<(host port){host-port} | (<NO> <ONE>){no-one}>{args}",
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`"},
};

}  // namespace

std::span<const CommandSpec> ReplicaCommands() {
  return kCommands;
}

}  // namespace server
