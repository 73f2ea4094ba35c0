// SPDX-License-Identifier: BSD-3-Clause
#include "server/config_commands.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "datatypes/errors.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/connection.h"
#include "server/server.h"

namespace server {

using datatypes::Args;
using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Error;
using datatypes::Result;

namespace {

// CONFIG GET pattern [pattern ...]
Result<void> ConfigGet(CommandContext& ctx) {
  const std::vector<std::string_view> patterns(ctx.args.begin() + 2, ctx.args.end());
  const auto found = ServerOf(ctx).config().Get(patterns);
  ctx.reply.Map(found.size());
  for (const auto& [name, value] : found) {
    ctx.reply.Bulk(name);
    ctx.reply.Bulk(value);
  }
  return {};
}

// CONFIG SET name value [name value ...]
Result<void> ConfigSet(CommandContext& ctx) {
  if (ctx.args.size() % 2 != 0) return datatypes::Fail(datatypes::kSyntaxError);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t i = 2; i < ctx.args.size(); i += 2) {
    pairs.emplace_back(std::string(ctx.args[i]), std::string(ctx.args[i + 1]));
  }
  Server& server = ServerOf(ctx);
  RETURN_IF_ERROR(server.config().Set(pairs, &server));
  ctx.reply.SimpleString("OK");
  return {};
}

// CONFIG REWRITE
Result<void> ConfigRewrite(CommandContext& ctx) {
  RETURN_IF_ERROR(RewriteConfigFile(ServerOf(ctx), /*all=*/false));
  ctx.reply.SimpleString("OK");
  return {};
}

// CONFIG RESETSTAT
Result<void> ConfigResetStat(CommandContext& ctx) {
  ServerOf(ctx).ResetStats();
  ctx.reply.SimpleString("OK");
  return {};
}

// CONFIG HELP
Result<void> ConfigHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET <pattern> [<pattern> ...]",
      "    Show the parameters whose names match, with their values.",
      "SET <parameter> <value> [<parameter> <value> ...]",
      "    Change parameters of the running server, all or none.",
      "RESETSTAT",
      "    Start the counters that INFO shows at zero again.",
      "REWRITE",
      "    Bring the configuration file up to date with the running server.",
      "HELP",
      "    Show these lines.",
  };
  ctx.reply.Array(std::size(kLines));
  for (const std::string_view line : kLines) ctx.reply.SimpleString(line);
  return {};
}

constexpr uint32_t kSubcommandFlags =
    datatypes::kAdmin | datatypes::kNoScript | datatypes::kLoading | datatypes::kStale;

constexpr CommandSpec kConfigSubcommands[] = {
    {.name = "get",
     .handler = ConfigGet,
     .arity = -3,
     .flags = kSubcommandFlags,
     .group = "server",
     .since = "2.0.0",
     .summary = "Reads configuration parameters.",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .syntax = "(parameter) ...",
     .history = "7.0.0\tAdded the ability to pass multiple pattern parameters in one call"},
    {.name = "help",
     .handler = ConfigHelp,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .group = "server",
     .since = "5.0.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "resetstat",
     .handler = ConfigResetStat,
     .arity = 2,
     .flags = kSubcommandFlags,
     .group = "server",
     .since = "2.0.0",
     .summary = "Sets the counters of INFO to zero.",
     .complexity = "O(1)",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "rewrite",
     .handler = ConfigRewrite,
     .arity = 2,
     .flags = kSubcommandFlags,
     .group = "server",
     .since = "2.8.0",
     .summary = "Writes the running configuration into the configuration file.",
     .complexity = "O(1)",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "set",
     .handler = ConfigSet,
     .arity = -4,
     .flags = kSubcommandFlags,
     .group = "server",
     .since = "2.0.0",
     .summary = "Sets configuration parameters, all or none.",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .syntax = "parameter value [parameter value ...]",
     .tips = "request_policy:all_nodes response_policy:all_succeeded",
     .history = "7.0.0\tAdded the ability to set multiple parameters in one call."},
};

constexpr CommandSpec kConfigCommands[] = {
    {.name = "config",
     .arity = -2,
     .subcommands = kConfigSubcommands,
     .group = "server",
     .since = "2.0.0",
     .summary = "Holds the commands about the configuration.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> ConfigCommands() {
  return kConfigCommands;
}

}  // namespace server
