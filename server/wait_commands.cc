// SPDX-License-Identifier: BSD-3-Clause
// WAIT and WAITAOF, and TIME and MONITOR.
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
#include "server/replication/replicas.h"
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

constexpr std::string_view kWaitOnReplica =
    "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a "
    "replica is configured to be writable (which is not the default) writes to replicas are just "
    "local and are not propagated.";
constexpr std::string_view kWaitAofOnReplica =
    "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas "
    "are just local and are not propagated.";

// Waits until so many replicas have what the connection has written.
class ReplicaWait final : public datatypes::Suspension {
 public:
  ReplicaWait(Connection& connection, size_t wanted)
      : connection_(connection), offset_(connection.stream_offset), wanted_(wanted) {
    connection.server().replicas().AddWaiter(connection);
  }
  ~ReplicaWait() override { connection_.server().replicas().RemoveWaiter(connection_); }

  Result<bool> Resume(CommandContext& ctx) override {
    if (Count() < wanted_) return false;
    TimeOut(ctx);
    return true;
  }
  void TimeOut(CommandContext& ctx) override { ctx.reply.Integer(static_cast<int64_t>(Count())); }

 private:
  size_t Count() const { return connection_.server().replicas().CountAcked(offset_); }

  Connection& connection_;
  const uint64_t offset_;
  const size_t wanted_;
};

// WAIT numreplicas timeout
Result<void> Wait(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  Server& server = connection.server();
  if (server.is_replica()) return Fail(kWaitOnReplica);
  ASSIGN_OR_RETURN(const int64_t wanted, datatypes::ParseInteger(ctx.args[1]));
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseDeadlineMs(ctx.args[2], ctx.now_ms));
  const auto have = static_cast<int64_t>(server.replicas().CountAcked(connection.stream_offset));
  if (have >= wanted || !ctx.may_suspend) {
    ctx.reply.Integer(have);
  } else {
    ctx.Block(std::make_unique<ReplicaWait>(connection, static_cast<size_t>(wanted)), deadline_ms);
  }
  return {};
}

// Waits until the log is synced up to a turn, here and on so many replicas.
class SyncWait final : public datatypes::Suspension {
 public:
  SyncWait(Connection& connection, bool local, size_t replicas)
      : connection_(connection),
        seq_(connection.LastWriteSeq()),
        offset_(connection.stream_offset),
        local_(local),
        replicas_(replicas) {
    connection_.server().sync_waiters().Add(connection_);
  }
  ~SyncWait() override {
    connection_.server().sync_waiters().Remove(connection_);
    connection_.server().replicas().RemoveWaiter(connection_);
  }

  // It is going to wait: replicas are asked how far they are.
  void Begin() {
    if (replicas_ > 0) connection_.server().replicas().AddWaiter(connection_);
  }
  bool Enough() const { return (!local_ || Synced()) && CountSynced() >= replicas_; }
  Result<bool> Resume(CommandContext& ctx) override {
    if (!Enough()) return false;
    Write(ctx);
    return true;
  }
  void TimeOut(CommandContext& ctx) override { Write(ctx); }

  void Write(CommandContext& ctx) const {
    ctx.reply.Array(2);
    ctx.reply.Integer(Synced() ? 1 : 0);
    ctx.reply.Integer(static_cast<int64_t>(CountSynced()));
  }

 private:
  bool Synced() const { return connection_.server().store().synced_seq() >= seq_; }
  size_t CountSynced() const { return connection_.server().replicas().CountSynced(offset_); }

  Connection& connection_;
  const uint64_t seq_;
  const uint64_t offset_;
  const bool local_;
  const size_t replicas_;
};

// WAITAOF numlocal numreplicas timeout
Result<void> WaitAof(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t local, datatypes::ParseIntegerIn(ctx.args[1], 0, 1));
  ASSIGN_OR_RETURN(const int64_t replicas, datatypes::ParseIntegerFrom(ctx.args[2], 0));
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseDeadlineMs(ctx.args[3], ctx.now_ms));
  Connection& connection = ConnectionOf(ctx);
  if (connection.server().is_replica()) return Fail(kWaitAofOnReplica);
  auto wait = std::make_unique<SyncWait>(connection, local > 0, static_cast<size_t>(replicas));
  if (wait->Enough() || !ctx.may_suspend) {
    wait->Write(ctx);
  } else {
    wait->Begin();
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
