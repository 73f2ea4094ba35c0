// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <string_view>

#include "datatypes/command_context.h"

namespace datatypes {

// The reply of a container's HELP: a heading, `lines`, and what HELP itself does. By custom a line
// with a subcommand and its arguments is followed by what it does, indented by four spaces.
void ReplyHelp(CommandContext& ctx, std::initializer_list<std::string_view> lines);

}  // namespace datatypes
