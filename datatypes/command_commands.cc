// SPDX-License-Identifier: BSD-3-Clause
// COMMAND: the table of commands, told to clients.
#include <cstdint>
#include <string>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/command_info.h"
#include "datatypes/command_table.h"
#include "datatypes/dispatcher.h"
#include "datatypes/errors.h"
#include "datatypes/glob.h"
#include "datatypes/help_reply.h"

namespace datatypes {
namespace {

// "get", "config|get"; nullptr if there is none.
const CommandSpec* FindByFullName(const CommandTable& table, std::string_view name) {
  const size_t bar = name.find('|');
  const CommandSpec* spec = table.Find(name.substr(0, bar));
  if (spec == nullptr || bar == std::string_view::npos) return spec;
  return CommandTable::FindSubcommand(*spec, name.substr(bar + 1));
}

// The command that a request calls.
const CommandSpec* FindCalled(const CommandTable& table, Args args) {
  const CommandSpec* spec = table.Find(args[0]);
  if (spec == nullptr || spec->subcommands.empty() || args.size() < 2) return spec;
  return CommandTable::FindSubcommand(*spec, args[1]);
}

void ReplyInfoOfAll(CommandContext& ctx) {
  ctx.reply.Array(ctx.table.commands().size());
  for (const CommandSpec* spec : ctx.table.commands()) {
    WriteCommandInfo(ctx.reply, ctx.table, *spec);
  }
}

// COMMAND
Result<void> Command(CommandContext& ctx) {
  ReplyInfoOfAll(ctx);
  return {};
}

// COMMAND COUNT
Result<void> CommandCount(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.table.commands().size()));
  return {};
}

// COMMAND INFO [command-name [command-name ...]]
Result<void> CommandInfo(CommandContext& ctx) {
  if (ctx.args.size() == 2) {
    ReplyInfoOfAll(ctx);
    return {};
  }
  ctx.reply.Array(ctx.args.size() - 2);
  for (std::string_view name : ctx.args.subspan(2)) {
    const CommandSpec* spec = FindByFullName(ctx.table, name);
    if (spec == nullptr) {
      ctx.reply.Null();
    } else {
      WriteCommandInfo(ctx.reply, ctx.table, *spec);
    }
  }
  return {};
}

// COMMAND DOCS [command-name [command-name ...]]
Result<void> CommandDocs(CommandContext& ctx) {
  std::vector<const CommandSpec*> specs;
  if (ctx.args.size() == 2) specs = ctx.table.commands();
  for (std::string_view name : ctx.args.subspan(2)) {
    const CommandSpec* spec = FindByFullName(ctx.table, name);
    if (spec != nullptr) specs.push_back(spec);
  }
  ctx.reply.Map(specs.size());
  for (const CommandSpec* spec : specs) {
    ctx.reply.Bulk(ctx.table.FullName(*spec));
    WriteCommandDocs(ctx.reply, ctx.table, *spec);
  }
  return {};
}

// What COMMAND LIST leaves out.
struct ListFilter {
  enum class Kind : uint8_t { kNone, kModule, kCategory, kPattern };
  Kind kind = Kind::kNone;
  std::string_view operand;

  bool Allows(const CommandTable& table, const CommandSpec& spec) const {
    switch (kind) {
      case Kind::kNone:
        return true;
      case Kind::kModule:
        return false;  // There are no modules.
      case Kind::kCategory:
        for (std::string_view category : AclCategoryNames(EffectiveAcl(spec))) {
          if (EqualsIgnoreCase(category, operand)) return true;
        }
        return false;
      case Kind::kPattern:
        return GlobMatch(operand, table.FullName(spec), GlobCase::kIgnore);
    }
    return true;
  }
};

// COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]
Result<void> CommandList(CommandContext& ctx) {
  ListFilter filter;
  OptionReader options(ctx.args, 2);
  if (options.Take("FILTERBY")) {
    if (options.done()) return Fail(kSyntaxError);
    if (options.Take("MODULE", 1)) {
      filter.kind = ListFilter::Kind::kModule;
    } else if (options.Take("ACLCAT", 1)) {
      filter.kind = ListFilter::Kind::kCategory;
    } else if (options.Take("PATTERN", 1)) {
      filter.kind = ListFilter::Kind::kPattern;
    } else {
      return Fail(kSyntaxError);
    }
    filter.operand = options.operand();
  }
  if (!options.done()) return Fail(kSyntaxError);
  const resp::Writer::Deferred header = ctx.reply.Defer();
  size_t count = 0;
  const auto list = [&](const CommandSpec& spec) {
    if (!filter.Allows(ctx.table, spec)) return;
    ctx.reply.Bulk(ctx.table.FullName(spec));
    ++count;
  };
  for (const CommandSpec* spec : ctx.table.commands()) {
    list(*spec);
    if (filter.kind == ListFilter::Kind::kNone) continue;
    for (const CommandSpec& sub : spec->subcommands) list(sub);
  }
  ctx.reply.SetArrayLength(header, count);
  return {};
}

Result<std::vector<KeyRef>> KeysOfRequest(CommandContext& ctx) {
  const Args request = ctx.args.subspan(2);
  const CommandSpec* spec = FindCalled(ctx.table, request);
  if (spec == nullptr) return Fail(kGetKeysInvalidCommand);
  std::vector<KeyRef> keys;
  RETURN_IF_ERROR(FindKeys(*spec, request, keys));
  return keys;
}

// COMMAND GETKEYS command [arg [arg ...]]
Result<void> CommandGetKeys(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const std::vector<KeyRef> keys, KeysOfRequest(ctx));
  ctx.reply.Array(keys.size());
  for (const KeyRef& key : keys) ctx.reply.Bulk(ctx.args[2 + key.index]);
  return {};
}

// COMMAND GETKEYSANDFLAGS command [arg [arg ...]]
Result<void> CommandGetKeysAndFlags(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const std::vector<KeyRef> keys, KeysOfRequest(ctx));
  ctx.reply.Array(keys.size());
  for (const KeyRef& key : keys) {
    ctx.reply.Array(2);
    ctx.reply.Bulk(ctx.args[2 + key.index]);
    const std::vector<std::string_view> flags = KeyFlagNames(key.flags);
    ctx.reply.Set(flags.size());
    for (std::string_view flag : flags) ctx.reply.SimpleString(flag);
  }
  return {};
}

// COMMAND HELP
Result<void> CommandHelp(CommandContext& ctx) {
  ReplyHelp(ctx, {"(no subcommand)", "    Describe all commands.",   //
                  "COUNT", "    Tell how many commands there are.",  //
                  "LIST", "    List the names of all commands.",     //
                  "INFO [<command-name> ...]",
                  "    Describe the named commands, or all of them.",  //
                  "DOCS [<command-name> ...]",
                  "    Give the manual of the named commands, or of all of them.",  //
                  "GETKEYS <full-command>", "    List the keys that a command line names.",
                  "GETKEYSANDFLAGS <full-command>",
                  "    The same, with what the command does to each key."});
  return {};
}

constexpr CommandSpec Sub(std::string_view name, CommandSpec::Handler handler, int arity,
                          std::string_view since, std::string_view summary,
                          std::string_view complexity, std::string_view syntax = {},
                          std::string_view tips = {}, std::string_view history = {}) {
  return {.name = name,
          .handler = handler,
          .arity = arity,
          .flags = kLoading | kStale,
          .acl = kAclConnection,
          .group = "server",
          .since = since,
          .summary = summary,
          .complexity = complexity,
          .syntax = syntax,
          .tips = tips,
          .history = history};
}

constexpr std::string_view kUnordered = "nondeterministic_output_order";

constexpr CommandSpec kCommandSubcommands[] = {
    Sub("count", CommandCount, 2, "2.8.13", "Tells how many commands there are.", "O(1)"),
    Sub("docs", CommandDocs, -2, "7.0.0", "Gives the manual of commands.", "O(N) for N commands.",
        "[command-name [command-name ...]]", kUnordered),
    Sub("getkeys", CommandGetKeys, -3, "2.8.13", "Lists the keys that a command line names.",
        "O(N) for N arguments.", "command [arg [arg ...]]"),
    Sub("getkeysandflags", CommandGetKeysAndFlags, -3, "7.0.0",
        "Lists the keys that a command line names, with what happens to them.",
        "O(N) for N arguments.", "command [arg [arg ...]]"),
    Sub("help", CommandHelp, 2, "5.0.0", "Explains the subcommands.", "O(1)"),
    Sub("info", CommandInfo, -2, "2.8.13", "Describes commands.", "O(N) for N commands.",
        "[command-name [command-name ...]]", kUnordered,
        "7.0.0\tAllowed to be called with no argument to get info on all commands."),
    Sub("list", CommandList, -2, "7.0.0", "Lists the names of commands.", "O(N) for N commands.",
        "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", kUnordered),
};

constexpr CommandSpec kCommandCommands[] = {
    {.name = "command",
     .handler = Command,
     .arity = -1,
     .flags = kLoading | kStale,
     .acl = kAclConnection,
     .subcommands = kCommandSubcommands,
     .group = "server",
     .since = "2.8.13",
     .summary = "Describes all commands.",
     .complexity = "O(N) for N commands.",
     .tips = kUnordered},
};

}  // namespace

std::span<const CommandSpec> CommandCommands() {
  return kCommandCommands;
}

}  // namespace datatypes
