// SPDX-License-Identifier: BSD-3-Clause
// FAILOVER: this primary and a replica of its change places.
#include <optional>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/admin_commands.h"
#include "server/connection.h"
#include "server/replication/replica_link.h"
#include "server/replication/replicas.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

// [TO host port [FORCE]] [TIMEOUT milliseconds], in any order.
Result<Failover::Plan> ParsePlan(const datatypes::Args& args) {
  Failover::Plan plan;
  for (size_t i = 1; i < args.size(); ++i) {
    const size_t left = args.size() - i - 1;
    if (EqualsIgnoreCase(args[i], "timeout") && left >= 1 && plan.timeout_ms == 0) {
      ASSIGN_OR_RETURN(plan.timeout_ms, datatypes::ParseInteger(args[++i]));
      if (plan.timeout_ms <= 0) return Fail("ERR FAILOVER timeout must be greater than 0");
    } else if (EqualsIgnoreCase(args[i], "to") && left >= 2 && plan.host.empty()) {
      ASSIGN_OR_RETURN(plan.port, datatypes::ParseInteger(args[i + 2]));
      plan.host = args[i + 1];
      i += 2;
    } else if (EqualsIgnoreCase(args[i], "force") && !plan.force) {
      plan.force = true;
    } else {
      return Fail(datatypes::kSyntaxError);
    }
  }
  return plan;
}

const Replica* FindReplica(const Replicas& replicas, const Failover::Plan& plan) {
  for (const Replica* const replica : replicas.all()) {
    if (Replicas::AddressOf(*replica) == plan.host && Replicas::PortOf(*replica) == plan.port) {
      return replica;
    }
  }
  return nullptr;
}

Result<void> CheckPlan(Server& server, const Failover::Plan& plan) {
  Replicas& replicas = server.replicas();
  if (replicas.failover().state() != Failover::State::kNone) {
    return Fail("ERR FAILOVER already in progress.");
  }
  if (server.is_replica()) return Fail("ERR FAILOVER is not valid when server is a replica.");
  if (replicas.empty()) return Fail("ERR FAILOVER requires connected replicas.");
  if (plan.force && (plan.timeout_ms == 0 || plan.host.empty())) {
    return Fail("ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
  }
  if (plan.host.empty()) return {};
  const Replica* const target = FindReplica(replicas, plan);
  if (target == nullptr) return Fail("ERR FAILOVER target HOST and PORT is not a replica.");
  if (target->state != Replica::State::kOnline) {
    return Fail("ERR FAILOVER target replica is not online.");
  }
  return {};
}

// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
Result<void> FailOver(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  Failover& failover = server.replicas().failover();
  if (ctx.args.size() == 2 && EqualsIgnoreCase(ctx.args[1], "abort")) {
    if (failover.state() == Failover::State::kNone) return Fail("ERR No failover in progress.");
    failover.Abort("Failover manually aborted");
    ctx.reply.SimpleString("OK");
    return {};
  }
  ASSIGN_OR_RETURN(Failover::Plan plan, ParsePlan(ctx.args));
  RETURN_IF_ERROR(CheckPlan(server, plan));
  failover.Start(std::move(plan));
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr CommandSpec kCommands[] = {
    {.name = "failover",
     .handler = FailOver,
     .arity = -1,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kStale,
     .group = "server",
     .since = "6.2.0",
     .summary = "Makes a replica the primary and this server its replica, without losing a write.",
     .complexity = "O(1)",
     .syntax = "[TO host port [FORCE]]{target} [ABORT] [TIMEOUT milliseconds]"},
};

}  // namespace

std::span<const CommandSpec> FailoverCommands() {
  return kCommands;
}

}  // namespace server
