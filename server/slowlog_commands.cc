// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "server/admin_commands.h"
#include "server/instruments.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Result;

constexpr std::string_view kCountTooSmall = "ERR count should be greater than or equal to -1";

// SLOWLOG GET [count]
Result<void> SlowlogGet(CommandContext& ctx) {
  if (ctx.args.size() > 3) return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  const auto& entries = ServerOf(ctx).instruments().slowlog.entries();
  size_t count = 10;
  if (ctx.args.size() == 3) {
    ASSIGN_OR_RETURN(const int64_t wanted,
                     datatypes::ParseIntegerFrom(ctx.args[2], -1, kCountTooSmall, kCountTooSmall));
    count = wanted == -1 ? entries.size() : static_cast<size_t>(wanted);
  }
  count = std::min(count, entries.size());
  ctx.reply.Array(count);
  for (size_t i = 0; i < count; ++i) {
    const SlowLog::Entry& entry = entries[i];
    ctx.reply.Array(6);
    ctx.reply.Integer(static_cast<int64_t>(entry.id));
    ctx.reply.Integer(entry.time_s);
    ctx.reply.Integer(entry.duration_us);
    ctx.reply.Array(entry.args.size());
    for (const std::string& arg : entry.args) ctx.reply.Bulk(arg);
    ctx.reply.Bulk(entry.peer);
    ctx.reply.Bulk(entry.client_name);
  }
  return {};
}

// SLOWLOG LEN
Result<void> SlowlogLen(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ServerOf(ctx).instruments().slowlog.entries().size()));
  return {};
}

// SLOWLOG RESET
Result<void> SlowlogReset(CommandContext& ctx) {
  ServerOf(ctx).instruments().slowlog.Clear();
  ctx.reply.SimpleString("OK");
  return {};
}

// SLOWLOG HELP
Result<void> SlowlogHelp(CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx, {
               "GET [<count>]",
               "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
               "    Entries are made of:",
               "    id, timestamp, time in microseconds, arguments array, client IP and port,",
               "    client name",
               "LEN",
               "    Return the length of the slowlog.",
               "RESET",
               "    Reset the slowlog.",
           });
  return {};
}

constexpr uint32_t kFlags = datatypes::kAdmin | datatypes::kLoading | datatypes::kStale;

constexpr CommandSpec kSlowlogSubcommands[] = {
    {.name = "get",
     .handler = SlowlogGet,
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "2.2.12",
     .summary = "Returns the newest entries of the slow log.",
     .complexity = "O(N) where N is the number of entries returned",
     .syntax = "[count]",
     .tips = "request_policy:all_nodes nondeterministic_output",
     .history = "4.0.0\tAdded client IP address, port and name to the reply."},
    {.name = "help",
     .handler = SlowlogHelp,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .group = "server",
     .since = "6.2.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "len",
     .handler = SlowlogLen,
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.2.12",
     .summary = "Returns the number of entries in the slow log.",
     .complexity = "O(1)",
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "reset",
     .handler = SlowlogReset,
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.2.12",
     .summary = "Empties the slow log.",
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandSpec kSlowlogCommands[] = {
    {.name = "slowlog",
     .arity = -2,
     .subcommands = kSlowlogSubcommands,
     .group = "server",
     .since = "2.2.12",
     .summary = "A container for commands on the log of slow commands.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> SlowlogCommands() {
  return kSlowlogCommands;
}

}  // namespace server
