// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"

namespace server {

// DEBUG's subcommands are not rows of the command table (COMMAND INFO shows none, as in Redis), and
// one that is unknown and one with too few arguments are answered alike.
struct DebugSubcommand {
  std::string_view name;  // In lower case.
  size_t min_args;        // All of them counted, DEBUG and the name too.
  size_t max_args;
  datatypes::Result<void> (*run)(datatypes::CommandContext&);
};

// Those that walk or make data: debug_data_commands.cc.
datatypes::Result<void> DebugDigest(datatypes::CommandContext& ctx);
datatypes::Result<void> DebugDigestValue(datatypes::CommandContext& ctx);
datatypes::Result<void> DebugPopulate(datatypes::CommandContext& ctx);
datatypes::Result<void> DebugReload(datatypes::CommandContext& ctx);
datatypes::Result<void> DebugObject(datatypes::CommandContext& ctx);
datatypes::Result<void> DebugHtStats(datatypes::CommandContext& ctx);
// A reply of each type: debug_protocol.cc.
datatypes::Result<void> DebugProtocol(datatypes::CommandContext& ctx);
// DEBUG HELP: debug_help.cc.
datatypes::Result<void> DebugHelp(datatypes::CommandContext& ctx);

}  // namespace server
