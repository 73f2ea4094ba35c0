// SPDX-License-Identifier: BSD-3-Clause
// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//
// EXEC runs its queue in one go, within one turn: so it is one record of the commit log, and nobody
// sees it half done. Before that it waits, as a suspended command, until the keys of all queued
// commands are resident; what is evicted meanwhile is loaded again, and after kMaxLoadRounds such
// disappointments it runs all the same, loading on the spot. Since others run while it waits, what
// is watched is looked at when the queue runs, not when EXEC came.
#include <memory>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/errors.h"
#include "server/commands.h"
#include "server/connection.h"
#include "server/replication/feed.h"
#include "server/server.h"
#include "server/transaction.h"
#include "server/watch_table.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::Result;

constexpr std::string_view kExecAborted =
    "EXECABORT Transaction discarded because of previous errors.";

// MULTI
Result<void> Multi(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  if (connection.transaction != nullptr) return Fail("ERR MULTI calls can not be nested");
  connection.transaction = std::make_unique<Transaction>();
  ctx.reply.SimpleString("OK");
  return {};
}

// DISCARD
Result<void> Discard(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  if (connection.transaction == nullptr) return Fail("ERR DISCARD without MULTI");
  connection.DiscardTransaction();
  ctx.reply.SimpleString("OK");
  return {};
}

// WATCH key [key ...]
Result<void> Watch(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  if (connection.transaction != nullptr) return Fail("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view key : ctx.args.subspan(1)) {
    ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.Peek(key));
    ServerOf(ctx).watches().Watch(connection, ctx.keyspace.db(), key, entry);
  }
  ctx.reply.SimpleString("OK");
  return {};
}

// UNWATCH
Result<void> Unwatch(CommandContext& ctx) {
  ServerOf(ctx).watches().Unwatch(ConnectionOf(ctx), /*forgive=*/true);
  ctx.reply.SimpleString("OK");
  return {};
}

// Joins `waiter` to the loads of all that the queue declares. True: all is resident.
bool PrefetchQueue(CommandContext& ctx, Connection& connection, lsm::LoadWaiter& waiter) {
  datatypes::Dispatcher& dispatcher = connection.server().dispatcher();
  const uint32_t db = connection.db();
  bool resident = true;
  for (const Transaction::Queued& queued : connection.transaction->queue()) {
    const datatypes::Args args = queued.args.view();
    if (queued.spec->name == "select") {
      // The keys behind it are those of another database.
      const auto selected = datatypes::ParseDb(args[1], ctx.keyspace.store().databases());
      if (selected) connection.SelectDb(*selected);
    } else if (!dispatcher.Prefetch(connection, *queued.spec, args, waiter)) {
      resident = false;
    }
  }
  connection.SelectDb(db);
  return resident;
}

// Whether the queue must not run; the reply is written then.
Result<bool> Refused(CommandContext& ctx, Connection& connection) {
  if (connection.transaction->failed()) return tl::unexpected(datatypes::Error(kExecAborted));
  if (WatchTable::HasExpired(connection, ctx.now_ms) ||
      (connection.watches != nullptr && connection.watches->dirty)) {
    ctx.reply.NullArray();
    return true;
  }
  const lsm::Store& store = ctx.keyspace.store();
  if ((connection.transaction->any_flags() & datatypes::kWrite) != 0 && !store.Writable()) {
    return tl::unexpected(datatypes::Error("EXECABORT Transaction discarded because of: " +
                                           datatypes::WriteRefused(store.write_error()).text()));
  }
  return false;
}

void RunQueue(CommandContext& ctx, Connection& connection) {
  Server& server = connection.server();
  // First, so that its own changes are not taken for others'.
  server.watches().Unwatch(connection, /*forgive=*/true);
  const auto& queue = connection.transaction->queue();
  ctx.reply.Array(queue.size());
  const ReplicationFeed::Together together(server.feed());
  for (const Transaction::Queued& queued : queue) {
    server.dispatcher().ExecuteNow(connection, *queued.spec, queued.args.view(), ctx.reply);
  }
  connection.last_command = &ctx.spec;
}

// An EXEC whose keys are being loaded.
class ExecWait final : public datatypes::Suspension {
 public:
  explicit ExecWait(Connection& connection) : connection_(connection) {}
  // A load may have failed: the transaction is over, however EXEC ends.
  ~ExecWait() override {
    if (waiting_) connection_.DiscardTransaction();
  }

  // True: EXEC is done.
  Result<bool> Run(CommandContext& ctx) {
    waiting_ = true;
    ASSIGN_OR_RETURN(const bool refused, Refused(ctx, connection_));
    if (!refused) {
      if (rounds_++ < kMaxLoadRounds && !PrefetchQueue(ctx, connection_, *this)) return false;
      RunQueue(ctx, connection_);
    }
    return true;
  }
  Result<bool> Resume(CommandContext& ctx) override { return Run(ctx); }
  void TimeOut(CommandContext& /*ctx*/) override {}

 private:
  // The first loads entries, the second pages of their collections; the others are for what was
  // evicted in between.
  static constexpr int kMaxLoadRounds = 5;

  Connection& connection_;
  int rounds_ = 0;
  bool waiting_ = false;
};

// EXEC
Result<void> Exec(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  if (connection.transaction == nullptr) return Fail("ERR EXEC without MULTI");
  auto wait = std::make_unique<ExecWait>(connection);
  ASSIGN_OR_RETURN(const bool done, wait->Run(ctx));
  if (!done) ctx.Suspend(std::move(wait));
  return {};
}

constexpr uint32_t kBase = datatypes::kNoScript | datatypes::kLoading | datatypes::kStale;
constexpr uint32_t kQuick = kBase | datatypes::kFast | datatypes::kAllowBusy;

constexpr CommandSpec kCommands[] = {
    {.name = "discard",
     .handler = Discard,
     .arity = 1,
     .flags = kQuick,
     .acl = datatypes::kAclTransaction,
     .group = "transactions",
     .since = "2.0.0",
     .summary = "Forgets the commands queued since MULTI.",
     .complexity = "O(N), when N is the number of queued commands"},
    {.name = "exec",
     .handler = Exec,
     .arity = 1,
     .flags = kBase | datatypes::kSkipSlowlog,
     .acl = datatypes::kAclTransaction,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Runs the commands queued since MULTI, all at once.",
     .complexity = "Depends on commands in the transaction"},
    {.name = "multi",
     .handler = Multi,
     .arity = 1,
     .flags = kQuick,
     .acl = datatypes::kAclTransaction,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Begins a transaction: commands are queued until EXEC.",
     .complexity = "O(1)"},
    {.name = "unwatch",
     .handler = Unwatch,
     .arity = 1,
     .flags = kQuick,
     .acl = datatypes::kAclTransaction,
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Forgets the watched keys.",
     .complexity = "O(1)"},
    {.name = "watch",
     .handler = Watch,
     .arity = -2,
     .flags = kQuick | datatypes::kPeeks,
     .acl = datatypes::kAclTransaction,
     .keys = datatypes::KeysToEnd(1, datatypes::kRO),
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Lets the next EXEC do nothing if one of the keys changes before it.",
     .complexity = "O(1) for every key.",
     .syntax = "key [key ...]"},
};

}  // namespace

std::span<const CommandSpec> TransactionCommands() {
  return kCommands;
}

}  // namespace server
