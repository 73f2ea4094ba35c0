// SPDX-License-Identifier: BSD-3-Clause
// FCALL, FCALL_RO and FUNCTION: thin hulls around scripting::FunctionRegistry.
#include <string>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/glob.h"
#include "datatypes/help_reply.h"
#include "datatypes/to_replicas.h"
#include "scripting/shebang.h"
#include "server/commands.h"
#include "server/function_dump.h"
#include "server/scripts.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;
using scripting::FunctionLibrary;
using scripting::FunctionRegistry;

FunctionRegistry& RegistryOf(CommandContext& ctx) {
  return ServerOf(ctx).scripts().functions();
}

// FCALL function numkeys [key ...] [arg ...]
Result<void> FCall(CommandContext& ctx) {
  return RegistryOf(ctx).Call(ctx, FunctionRegistry::Access::kReadWrite);
}

// FCALL_RO function numkeys [key ...] [arg ...]
Result<void> FCallRo(CommandContext& ctx) {
  return RegistryOf(ctx).Call(ctx, FunctionRegistry::Access::kReadOnly);
}

// FUNCTION LOAD [REPLACE] function-code
Result<void> FunctionLoad(CommandContext& ctx) {
  bool replace = false;
  const size_t code = ctx.args.size() - 1;
  for (size_t i = 2; i < code; ++i) {
    if (!EqualsIgnoreCase(ctx.args[i], "replace")) {
      return Fail("ERR Unknown option given: " + std::string(ctx.args[i]));
    }
    replace = true;
  }
  ASSIGN_OR_RETURN(const std::string name, RegistryOf(ctx).LoadLibrary(ctx.args[code], replace));
  datatypes::ToReplicas(ctx).Force();
  ctx.reply.Bulk(name);
  return {};
}

// FUNCTION DELETE library-name
Result<void> FunctionDelete(CommandContext& ctx) {
  if (!RegistryOf(ctx).Delete(ctx.args[2])) return Fail("ERR Library not found");
  datatypes::ToReplicas(ctx).Force();
  ctx.reply.SimpleString("OK");
  return {};
}

// FUNCTION FLUSH [ASYNC | SYNC]
Result<void> FunctionFlush(CommandContext& ctx) {
  if (ctx.args.size() > 3) return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  if (ctx.args.size() == 3 && !EqualsIgnoreCase(ctx.args[2], "sync") &&
      !EqualsIgnoreCase(ctx.args[2], "async")) {
    return Fail("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  RegistryOf(ctx).Flush();
  datatypes::ToReplicas(ctx).Force();
  ctx.reply.SimpleString("OK");
  return {};
}

void ReplyFunction(CommandContext& ctx, const scripting::Function& function) {
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(function.name);
  ctx.reply.Bulk("description");
  if (function.description.has_value()) {
    ctx.reply.Bulk(*function.description);
  } else {
    ctx.reply.Null();
  }
  ctx.reply.Bulk("flags");
  std::vector<std::string_view> flags;
  for (const scripting::ScriptFlagName& known : scripting::ScriptFlagNames()) {
    if ((function.flags & known.flag) != 0) flags.push_back(known.name);
  }
  ctx.reply.Set(flags.size());
  for (const std::string_view flag : flags) ctx.reply.SimpleString(flag);
}

void ReplyLibrary(CommandContext& ctx, const FunctionLibrary& library, bool with_code) {
  ctx.reply.Map(with_code ? 4 : 3);
  ctx.reply.Bulk("library_name");
  ctx.reply.Bulk(library.name);
  ctx.reply.Bulk("engine");
  ctx.reply.Bulk("LUA");
  ctx.reply.Bulk("functions");
  ctx.reply.Array(library.functions.size());
  for (const auto& [name, function] : library.functions) ReplyFunction(ctx, *function);
  if (!with_code) return;
  ctx.reply.Bulk("library_code");
  ctx.reply.Bulk(library.code);
}

// FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]
Result<void> FunctionList(CommandContext& ctx) {
  bool with_code = false;
  std::string_view pattern;
  bool has_pattern = false;
  for (size_t i = 2; i < ctx.args.size(); ++i) {
    if (!with_code && EqualsIgnoreCase(ctx.args[i], "withcode")) {
      with_code = true;
    } else if (!has_pattern && EqualsIgnoreCase(ctx.args[i], "libraryname")) {
      if (i + 1 >= ctx.args.size()) return Fail("ERR library name argument was not given");
      pattern = ctx.args[++i];
      has_pattern = true;
    } else {
      return Fail("ERR Unknown argument " + std::string(ctx.args[i]));
    }
  }
  std::vector<const FunctionLibrary*> listed;
  for (const auto& [name, library] : RegistryOf(ctx).functions().libraries()) {
    if (has_pattern && !datatypes::GlobMatch(pattern, name, datatypes::GlobCase::kIgnore)) continue;
    listed.push_back(library.get());
  }
  ctx.reply.Array(listed.size());
  for (const FunctionLibrary* const library : listed) ReplyLibrary(ctx, *library, with_code);
  return {};
}

// FUNCTION DUMP
Result<void> FunctionDump(CommandContext& ctx) {
  std::vector<std::string_view> sources;
  for (const auto& [name, library] : RegistryOf(ctx).functions().libraries()) {
    sources.emplace_back(library->code);
  }
  ctx.reply.Bulk(EncodeFunctionDump(sources));
  return {};
}

// FUNCTION RESTORE serialized-value [FLUSH | APPEND | REPLACE]
Result<void> FunctionRestore(CommandContext& ctx) {
  if (ctx.args.size() > 4) return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  auto policy = FunctionRegistry::RestorePolicy::kAppend;
  if (ctx.args.size() == 4) {
    if (EqualsIgnoreCase(ctx.args[3], "flush")) {
      policy = FunctionRegistry::RestorePolicy::kFlush;
    } else if (EqualsIgnoreCase(ctx.args[3], "replace")) {
      policy = FunctionRegistry::RestorePolicy::kReplace;
    } else if (!EqualsIgnoreCase(ctx.args[3], "append")) {
      return Fail(
          "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    }
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> sources, DecodeFunctionDump(ctx.args[2]));
  RETURN_IF_ERROR(RegistryOf(ctx).Restore(sources, policy));
  datatypes::ToReplicas(ctx).Force();
  ctx.reply.SimpleString("OK");
  return {};
}

// FUNCTION KILL
Result<void> FunctionKill(CommandContext& ctx) {
  RETURN_IF_ERROR(ServerOf(ctx).scripts().Kill(/*function=*/true));
  ctx.reply.SimpleString("OK");
  return {};
}

// FUNCTION STATS
Result<void> FunctionStats(CommandContext& ctx) {
  Scripts& scripts = ServerOf(ctx).scripts();
  const scripting::ScriptRun* const run = scripts.running();
  if (run != nullptr && !run->is_function) {
    return tl::unexpected(datatypes::Error(scripts.busy_error()));
  }
  ctx.reply.Map(2);
  ctx.reply.Bulk("running_script");
  if (run == nullptr) {
    ctx.reply.Null();
  } else {
    ctx.reply.Map(3);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(run->name);
    ctx.reply.Bulk("command");
    ctx.reply.Array(run->command.size());
    for (const std::string_view word : run->command) ctx.reply.Bulk(word);
    ctx.reply.Bulk("duration_ms");
    ctx.reply.Integer(ServerOf(ctx).clock().NowMs() - run->started_ms);
  }
  const scripting::FunctionSet& functions = scripts.functions().functions();
  ctx.reply.Bulk("engines");
  ctx.reply.Map(1);
  ctx.reply.Bulk("LUA");
  ctx.reply.Map(2);
  ctx.reply.Bulk("libraries_count");
  ctx.reply.Integer(static_cast<int64_t>(functions.libraries().size()));
  ctx.reply.Bulk("functions_count");
  ctx.reply.Integer(static_cast<int64_t>(functions.function_count()));
  return {};
}

// FUNCTION HELP
Result<void> FunctionHelp(CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx, {"LOAD [REPLACE] <FUNCTION CODE>",
            "    Make a library of the code, which names it in its first line.",
            "DELETE <LIBRARY NAME>",
            "    Delete the library.",
            "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
            "    Describe all libraries, or those whose names match: name, engine, functions, and",
            "    with WITHCODE the code.",
            "STATS",
            "    Describe the function that is running, and count libraries and functions.",
            "KILL",
            "    Stop the function that is running, if it has not written anything.",
            "FLUSH [ASYNC|SYNC]",
            "    Delete all libraries.",
            "DUMP",
            "    Return all libraries as one value, for RESTORE.",
            "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
            "    Take in libraries from DUMP. Those of the same name are:",
            "    * FLUSH: deleted first, with all others.",
            "    * APPEND: an error (default).",
            "    * REPLACE: replaced."});
  return {};
}

constexpr uint32_t kSub = datatypes::kNoScript;
constexpr uint32_t kAcl = datatypes::kAclScripting;

constexpr CommandSpec kSubcommands[] = {
    {.name = "delete",
     .handler = FunctionDelete,
     .arity = 3,
     .flags = kSub | datatypes::kWrite,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Deletes a library and its functions.",
     .complexity = "O(1)",
     .syntax = "library-name",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "dump",
     .handler = FunctionDump,
     .arity = 2,
     .flags = kSub,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Returns all libraries as one value, for FUNCTION RESTORE.",
     .complexity = "O(N) where N is the number of functions"},
    {.name = "flush",
     .handler = FunctionFlush,
     .arity = -2,
     .flags = kSub | datatypes::kWrite,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Deletes all libraries and functions.",
     .complexity = "O(N) where N is the number of functions deleted",
     .syntax = "[ASYNC | SYNC]",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "help",
     .handler = FunctionHelp,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "kill",
     .handler = FunctionKill,
     .arity = 2,
     .flags = kSub | datatypes::kAllowBusy,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Stops the function that is running.",
     .complexity = "O(1)",
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = "list",
     .handler = FunctionList,
     .arity = -2,
     .flags = kSub,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Describes the libraries.",
     .complexity = "O(N) where N is the number of functions",
     .syntax = "[LIBRARYNAME library-name-pattern] [WITHCODE]",
     .tips = "nondeterministic_output_order"},
    {.name = "load",
     .handler = FunctionLoad,
     .arity = -3,
     .flags = kSub | datatypes::kWrite | datatypes::kDenyOom,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Makes a library of functions.",
     .complexity = "O(1) (considering compilation time is redundant)",
     .syntax = "[REPLACE] function-code",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "restore",
     .handler = FunctionRestore,
     .arity = -3,
     .flags = kSub | datatypes::kWrite | datatypes::kDenyOom,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Takes in libraries from FUNCTION DUMP.",
     .complexity = "O(N) where N is the number of functions on the payload",
     .syntax = "serialized-value [FLUSH | APPEND | REPLACE]{policy}",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "stats",
     .handler = FunctionStats,
     .arity = 2,
     .flags = kSub | datatypes::kAllowBusy,
     .acl = kAcl,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Describes the function that is running, and counts libraries and functions.",
     .complexity = "O(1)",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
};

constexpr uint32_t kCallFlags = datatypes::kNoScript | datatypes::kStale | datatypes::kSkipMonitor |
                                datatypes::kNoMandatoryKeys | datatypes::kMovableKeys;

constexpr datatypes::KeySpecs NumberedKeys(uint16_t flags, std::string_view notes) {
  return {datatypes::KeySpec{.flags = flags,
                             .index = 2,
                             .find = datatypes::KeySpec::Find::kKeynum,
                             .first_key = 1,
                             .notes = notes}};
}

constexpr CommandSpec kCommands[] = {
    {.name = "fcall",
     .handler = FCall,
     .arity = -3,
     .flags = kCallFlags | datatypes::kMayReplicate,
     .acl = kAcl,
     .keys = NumberedKeys(
         datatypes::kRW | datatypes::kAccess | datatypes::kUpdate,
         "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE"),
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Calls a function.",
     .complexity = "Depends on the function that is executed.",
     .syntax = "function numkeys [key [key ...]] [arg [arg ...]]"},
    {.name = "fcall_ro",
     .handler = FCallRo,
     .arity = -3,
     .flags = kCallFlags | datatypes::kReadonly,
     .acl = kAcl,
     .keys = NumberedKeys(
         datatypes::kRO | datatypes::kAccess,
         "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS"),
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Calls a function that writes nothing.",
     .complexity = "Depends on the function that is executed.",
     .syntax = "function numkeys [key [key ...]] [arg [arg ...]]"},
    {.name = "function",
     .arity = -2,
     .subcommands = kSubcommands,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Holds the commands about libraries of functions.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> FunctionCommands() {
  return kCommands;
}

}  // namespace server
