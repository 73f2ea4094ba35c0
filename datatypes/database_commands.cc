// SPDX-License-Identifier: BSD-3-Clause
// Databases as a whole.
#include <cstdint>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

// DBSIZE
Result<void> DbSize(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.keyspace.store().KeyCount(ctx.keyspace.db())));
  return {};
}

// SWAPDB index1 index2
Result<void> SwapDb(CommandContext& ctx) {
  lsm::Store& store = ctx.keyspace.store();
  // Whether both are numbers comes first, then whether there are such databases.
  ASSIGN_OR_RETURN(const int64_t a, ParseInteger(ctx.args[1], kInvalidFirstDb));
  if (a != static_cast<int32_t>(a)) return Fail(kInvalidFirstDb);
  ASSIGN_OR_RETURN(const int64_t b, ParseInteger(ctx.args[2], kInvalidSecondDb));
  if (b != static_cast<int32_t>(b)) return Fail(kInvalidSecondDb);
  ASSIGN_OR_RETURN(const uint32_t first, ParseDb(ctx.args[1], store.databases()));
  ASSIGN_OR_RETURN(const uint32_t second, ParseDb(ctx.args[2], store.databases()));
  if (first != second) store.Swap(first, second);
  ToReplicas(ctx).Force();
  ctx.reply.SimpleString("OK");
  return {};
}

// ASYNC and SYNC are the same to us: it is O(1), and the rows are collected in the background.
Result<void> CheckFlushMode(Args args) {
  OptionReader options(args, 1);
  if (!options.done() && !options.Take("SYNC") && !options.Take("ASYNC")) {
    return Fail(kSyntaxError);
  }
  if (!options.done()) return Fail(kSyntaxError);
  return {};
}

// FLUSHDB [ASYNC | SYNC]
Result<void> FlushDb(CommandContext& ctx) {
  RETURN_IF_ERROR(CheckFlushMode(ctx.args));
  ctx.keyspace.store().Flush(ctx.keyspace.db());
  ToReplicas(ctx).Force();  // Of an empty one, too: replicas may know better.
  ctx.reply.SimpleString("OK");
  return {};
}

// FLUSHALL [ASYNC | SYNC]
Result<void> FlushAll(CommandContext& ctx) {
  RETURN_IF_ERROR(CheckFlushMode(ctx.args));
  lsm::Store& store = ctx.keyspace.store();
  for (uint32_t db = 0; db < store.databases(); ++db) store.Flush(db);
  ToReplicas(ctx).Force();
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr std::string_view kFlushHistory =
    "4.0.0\tAdded the `ASYNC` flushing mode modifier.\n"
    "6.2.0\tAdded the `SYNC` flushing mode modifier.";

constexpr CommandSpec kDatabaseCommands[] = {
    {.name = "dbsize",
     .handler = DbSize,
     .arity = 1,
     .flags = kReadonly | kFast,
     .acl = kAclKeyspace,
     .group = "server",
     .since = "1.0.0",
     .summary = "Tells how many keys the database holds.",
     .complexity = "O(1)",
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "swapdb",
     .handler = SwapDb,
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "server",
     .since = "4.0.0",
     .summary = "Exchanges the contents of two databases.",
     .complexity = "O(N) for N clients that watch keys of the two or wait for them.",
     .syntax = "index1 index2"},
    {.name = "flushdb",
     .handler = FlushDb,
     .arity = -1,
     .flags = kWrite,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Deletes all keys of the database.",
     .complexity = "O(1); the space is collected later.",
     .syntax = "[ASYNC{@4.0.0} | SYNC{@6.2.0}]",
     .tips = "request_policy:all_shards response_policy:all_succeeded",
     .history = kFlushHistory},
    {.name = "flushall",
     .handler = FlushAll,
     .arity = -1,
     .flags = kWrite,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Deletes all keys of all databases.",
     .complexity = "O(N) for N databases; the space is collected later.",
     .syntax = "[ASYNC{@4.0.0} | SYNC{@6.2.0}]",
     .tips = "request_policy:all_shards response_policy:all_succeeded",
     .history = kFlushHistory},
};

}  // namespace

std::span<const CommandSpec> DatabaseCommands() {
  return kDatabaseCommands;
}

}  // namespace datatypes
