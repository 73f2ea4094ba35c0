// SPDX-License-Identifier: BSD-3-Clause
// WAIT and WAITAOF, and the small commands on time and role: TIME, ROLE, MONITOR.
#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include <sys/time.h>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/errors.h"
#include "server/arguments.h"
#include "server/commands.h"
#include "server/connection.h"
#include "server/monitors.h"
#include "server/server.h"
#include "server/sync_waiters.h"

namespace server {

void SyncWaiters::AfterTurn() {
  if (waiting_.empty()) return;
  lsm::Store& store = server_.store();
  const uint64_t committed = store.committed_seq();
  const uint64_t synced = store.synced_seq();
  if (synced < committed && requested_seq_ < committed) {
    requested_seq_ = committed;
    store.RequestSync();
  }
  if (synced == seen_synced_seq_) return;
  seen_synced_seq_ = synced;
  for (Connection* const connection : waiting_) server_.dispatcher().Wake(*connection);
  server_.RunSoon();
}

namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::Result;

// Nobody replicates from here, so only the time ends this wait.
class ReplicaWait final : public datatypes::Suspension {
 public:
  Result<bool> Resume(CommandContext& /*ctx*/) override { return false; }
  void TimeOut(CommandContext& ctx) override { ctx.reply.Integer(0); }
};

// WAIT numreplicas timeout
Result<void> Wait(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t replicas, datatypes::ParseInteger(ctx.args[1]));
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseDeadlineMs(ctx.args[2], ctx.now_ms));
  if (replicas <= 0 || !ctx.may_suspend) {
    ctx.reply.Integer(0);
  } else {
    ctx.Block(std::make_unique<ReplicaWait>(), deadline_ms);
  }
  return {};
}

// Waits until the log is synced up to a turn; then, if replicas are asked for, only the time ends
// the wait.
class SyncWait final : public datatypes::Suspension {
 public:
  SyncWait(Connection& connection, uint64_t seq, bool replicas)
      : connection_(connection), seq_(seq), replicas_(replicas) {
    connection_.server().sync_waiters().Add(connection_);
  }
  ~SyncWait() override { connection_.server().sync_waiters().Remove(connection_); }

  bool Synced() const { return connection_.server().store().synced_seq() >= seq_; }

  Result<bool> Resume(CommandContext& ctx) override {
    if (replicas_ || !Synced()) return false;
    Write(ctx);
    return true;
  }
  void TimeOut(CommandContext& ctx) override { Write(ctx); }

  void Write(CommandContext& ctx) const {
    ctx.reply.Array(2);
    ctx.reply.Integer(Synced() ? 1 : 0);
    ctx.reply.Integer(0);
  }

 private:
  Connection& connection_;
  const uint64_t seq_;
  const bool replicas_;
};

// WAITAOF numlocal numreplicas timeout
Result<void> WaitAof(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t local, datatypes::ParseIntegerIn(ctx.args[1], 0, 1));
  ASSIGN_OR_RETURN(const int64_t replicas, datatypes::ParseIntegerFrom(ctx.args[2], 0));
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseDeadlineMs(ctx.args[3], ctx.now_ms));
  Connection& connection = ConnectionOf(ctx);
  auto wait = std::make_unique<SyncWait>(connection, connection.LastWriteSeq(), replicas > 0);
  const bool enough = replicas == 0 && (local == 0 || wait->Synced());
  if (enough || !ctx.may_suspend) {
    wait->Write(ctx);
  } else {
    ctx.Block(std::move(wait), deadline_ms);
  }
  return {};
}

// TIME
Result<void> Time(CommandContext& ctx) {
  struct timeval now = {};
  gettimeofday(&now, nullptr);
  ctx.reply.Array(2);
  ctx.reply.BulkFromInteger(now.tv_sec);
  ctx.reply.BulkFromInteger(now.tv_usec);
  return {};
}

// ROLE: a server without replicas, whose stream has not begun.
Result<void> Role(CommandContext& ctx) {
  ctx.reply.Array(3);
  ctx.reply.Bulk("master");
  ctx.reply.Integer(0);
  ctx.reply.Array(0);
  return {};
}

// MONITOR
Result<void> Monitor(CommandContext& ctx) {
  if (!ctx.may_suspend) return Fail("ERR MONITOR isn't allowed for DENY BLOCKING client");
  ServerOf(ctx).monitors().Add(ConnectionOf(ctx));
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr CommandSpec kCommands[] = {
    {.name = "monitor",
     .handler = Monitor,
     .arity = 1,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kLoading | datatypes::kStale,
     .group = "server",
     .since = "1.0.0",
     .summary = "Shows every command that the server runs, as it runs.",
     .complexity = "O(1)"},
    {.name = "role",
     .handler = Role,
     .arity = 1,
     .flags = datatypes::kNoScript | datatypes::kLoading | datatypes::kStale | datatypes::kFast,
     .acl = datatypes::kAclAdmin | datatypes::kAclDangerous,
     .group = "server",
     .since = "2.8.12",
     .summary = "Tells the server's role in replication.",
     .complexity = "O(1)"},
    {.name = "time",
     .handler = Time,
     .arity = 1,
     .flags = datatypes::kLoading | datatypes::kStale | datatypes::kFast,
     .group = "server",
     .since = "2.6.0",
     .summary = "Tells the server's time of day.",
     .complexity = "O(1)",
     .tips = "nondeterministic_output"},
    {.name = "wait",
     .handler = Wait,
     .arity = 3,
     .flags = datatypes::kBlocking,
     .acl = datatypes::kAclConnection,
     .group = "generic",
     .since = "3.0.0",
     .summary = "Waits until replicas have the connection's writes.",
     .complexity = "O(1)",
     .syntax = "numreplicas timeout{:integer}",
     .tips = "request_policy:all_shards response_policy:agg_min"},
    {.name = "waitaof",
     .handler = WaitAof,
     .arity = 4,
     .flags = datatypes::kBlocking,
     .acl = datatypes::kAclConnection,
     .group = "generic",
     .since = "7.2.0",
     .summary =
         "Waits until the connection's writes are synced to the local log and the replicas'.",
     .complexity = "O(1)",
     .syntax = "numlocal numreplicas timeout{:integer}",
     .tips = "request_policy:all_shards response_policy:agg_min"},
};

}  // namespace

std::span<const CommandSpec> WaitCommands() {
  return kCommands;
}

}  // namespace server
