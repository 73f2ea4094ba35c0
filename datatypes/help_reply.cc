// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/help_reply.h"

#include <string>

namespace datatypes {

void ReplyHelp(CommandContext& ctx, std::initializer_list<std::string_view> lines) {
  std::string name(ctx.args[0]);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  ctx.reply.Array(lines.size() + 3);
  ctx.reply.SimpleString(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (std::string_view line : lines) ctx.reply.SimpleString(line);
  ctx.reply.SimpleString("HELP");
  ctx.reply.SimpleString("    Print this help.");
}

}  // namespace datatypes
