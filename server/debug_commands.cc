// SPDX-License-Identifier: BSD-3-Clause
// DEBUG: for those who test the server or a client. Off unless enable-debug-command allows it.
// What only makes sense for Redis' own innards is unknown here.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "resp/number_parse.h"
#include "server/admin_commands.h"
#include "server/config_commands.h"
#include "server/config_values.h"
#include "server/debug_subcommands.h"
#include "server/instruments.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

DebugState& StateOf(CommandContext& ctx) {
  return ServerOf(ctx).instruments().debug;
}

// A switch, leniently read: whatever is no number counts as 0, as with atoi().
bool IsOn(std::string_view text) {
  return resp::ParseInt64(text).value_or(0) != 0;
}

Result<void> ReplyOk(CommandContext& ctx) {
  ctx.reply.SimpleString("OK");
  return {};
}

// DEBUG SLEEP seconds
Result<void> DebugSleep(CommandContext& ctx) {
  constexpr double kLongest = 1e6;
  const double seconds = std::min(resp::ParseDouble(ctx.args[2]).value_or(0), kLongest);
  if (seconds > 0) {
    timespec left{};
    left.tv_sec = static_cast<time_t>(seconds);
    left.tv_nsec = static_cast<long>((seconds - static_cast<double>(left.tv_sec)) * 1e9);
    // The server stands still: that is what it is for. A signal ends it.
    nanosleep(&left, nullptr);
  }
  return ReplyOk(ctx);
}

// DEBUG SET-ACTIVE-EXPIRE 0|1
Result<void> DebugSetActiveExpire(CommandContext& ctx) {
  ServerOf(ctx).SetActiveExpire(IsOn(ctx.args[2]));
  return ReplyOk(ctx);
}

// DEBUG PAUSE-CRON 0|1
Result<void> DebugPauseCron(CommandContext& ctx) {
  StateOf(ctx).cron_paused = IsOn(ctx.args[2]);
  return ReplyOk(ctx);
}

// DEBUG SET-DISABLE-DENY-SCRIPTS 0|1
Result<void> DebugSetDisableDenyScripts(CommandContext& ctx) {
  StateOf(ctx).scripts_may_call_all = IsOn(ctx.args[2]);
  return ReplyOk(ctx);
}

// DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER|RESET|ms, DEBUG REPLYBUFFER RESIZING 0|1
Result<void> DebugReplyBuffer(CommandContext& ctx) {
  DebugState& state = StateOf(ctx);
  const std::string_view value = ctx.args[3];
  if (EqualsIgnoreCase(ctx.args[2], "resizing")) {
    state.reply_buffer_resizing = IsOn(value);
    return ReplyOk(ctx);
  }
  if (!EqualsIgnoreCase(ctx.args[2], "peak-reset-time")) {
    return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  }
  if (EqualsIgnoreCase(value, "never")) {
    state.reply_buffer_peak_reset_ms = -1;
  } else if (EqualsIgnoreCase(value, "reset")) {
    state.reply_buffer_peak_reset_ms = DebugState::kDefaultPeakResetMs;
  } else {
    ASSIGN_OR_RETURN(state.reply_buffer_peak_reset_ms, datatypes::ParseInteger(value));
  }
  return ReplyOk(ctx);
}

// DEBUG LOG message
Result<void> DebugLog(CommandContext& ctx) {
  ServerOf(ctx).log().Warning("DEBUG LOG: " + std::string(ctx.args[2]));
  return ReplyOk(ctx);
}

// DEBUG ERROR message
Result<void> DebugError(CommandContext& ctx) {
  return Fail(ctx.args[2]);
}

// DEBUG CONFIG-REWRITE-FORCE-ALL
Result<void> DebugConfigRewriteForceAll(CommandContext& ctx) {
  RETURN_IF_ERROR(RewriteConfigFile(ServerOf(ctx), /*all=*/true));
  return ReplyOk(ctx);
}

// DEBUG QUICKLIST-PACKED-THRESHOLD size
Result<void> DebugQuicklistPackedThreshold(CommandContext& ctx) {
  constexpr uint64_t kDefault = uint64_t{1} << 30;
  constexpr uint64_t kLargest = (uint64_t{1} << 32) - (uint64_t{1} << 20);
  const std::optional<uint64_t> bytes = ParseMemory(ctx.args[2]);
  if (!bytes.has_value() || *bytes > kLargest) {
    return Fail("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  }
  ServerOf(ctx).settings().data.list_packed_threshold_bytes =
      static_cast<int64_t>(*bytes == 0 ? kDefault : *bytes);
  return ReplyOk(ctx);
}

// DEBUG SEGFAULT
Result<void> DebugSegfault(CommandContext& ctx) {
  ServerOf(ctx).log().Warning("DEBUG SEGFAULT: crashing");
  static_cast<void>(std::raise(SIGSEGV));
  return {};
}

constexpr DebugSubcommand kSubcommands[] = {
    {"config-rewrite-force-all", 2, 2, DebugConfigRewriteForceAll},
    {"digest", 2, 2, DebugDigest},
    {"digest-value", 2, SIZE_MAX, DebugDigestValue},
    {"error", 3, 3, DebugError},
    {"help", 2, 2, DebugHelp},
    {"htstats", 3, 4, DebugHtStats},
    {"loadaof", 2, 2, DebugReload},
    {"log", 3, 3, DebugLog},
    {"object", 3, 4, DebugObject},
    {"pause-cron", 3, 3, DebugPauseCron},
    {"populate", 3, 5, DebugPopulate},
    {"protocol", 3, 3, DebugProtocol},
    {"quicklist-packed-threshold", 3, 3, DebugQuicklistPackedThreshold},
    {"reload", 2, 2, DebugReload},
    {"replybuffer", 4, 4, DebugReplyBuffer},
    {"segfault", 2, 2, DebugSegfault},
    {"set-active-expire", 3, 3, DebugSetActiveExpire},
    {"set-disable-deny-scripts", 3, 3, DebugSetDisableDenyScripts},
    {"sleep", 3, 3, DebugSleep},
};

// DEBUG subcommand [argument ...]
Result<void> Debug(CommandContext& ctx) {
  // Whoever asked through a connection was refused before; this is for what runs a command by
  // itself.
  if (!DebugAllowed(ConnectionOf(ctx))) return Fail(kDebugNotAllowed);
  for (const DebugSubcommand& subcommand : kSubcommands) {
    if (!EqualsIgnoreCase(ctx.args[1], subcommand.name)) continue;
    if (ctx.args.size() < subcommand.min_args || ctx.args.size() > subcommand.max_args) break;
    return subcommand.run(ctx);
  }
  return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
}

constexpr CommandSpec kDebugCommands[] = {
    {.name = "debug",
     .handler = Debug,
     .arity = -2,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kLoading | datatypes::kStale,
     .group = "server",
     .since = "1.0.0",
     .summary = "Holds the commands for tests and for finding faults.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> DebugCommands() {
  return kDebugCommands;
}

}  // namespace server
