// SPDX-License-Identifier: BSD-3-Clause
// EVAL and its kin, and SCRIPT: thin hulls around scripting::ScriptEngine.
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "server/commands.h"
#include "server/scripts.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::Result;
using Access = scripting::ScriptEngine::Access;

scripting::ScriptEngine& EngineOf(CommandContext& ctx) {
  return ServerOf(ctx).scripts().engine();
}

// EVAL script numkeys [key ...] [arg ...]
Result<void> Eval(CommandContext& ctx) {
  return EngineOf(ctx).Eval(ctx, Access::kReadWrite);
}

// EVAL_RO script numkeys [key ...] [arg ...]
Result<void> EvalRo(CommandContext& ctx) {
  return EngineOf(ctx).Eval(ctx, Access::kReadOnly);
}

// EVALSHA sha1 numkeys [key ...] [arg ...]
Result<void> EvalSha(CommandContext& ctx) {
  return EngineOf(ctx).EvalSha(ctx, Access::kReadWrite);
}

// EVALSHA_RO sha1 numkeys [key ...] [arg ...]
Result<void> EvalShaRo(CommandContext& ctx) {
  return EngineOf(ctx).EvalSha(ctx, Access::kReadOnly);
}

// SCRIPT DEBUG <YES | SYNC | NO>: there is no debugger.
Result<void> ScriptDebug(CommandContext& ctx) {
  if (!datatypes::EqualsIgnoreCase(ctx.args[2], "no")) {
    return Fail("ERR The Lua debugger is not supported");
  }
  ctx.reply.SimpleString("OK");
  return {};
}

// SCRIPT EXISTS sha1 [sha1 ...]
Result<void> ScriptExists(CommandContext& ctx) {
  const auto digests = ctx.args.subspan(2);
  ctx.reply.Array(digests.size());
  for (const std::string_view digest : digests) {
    ctx.reply.Integer(EngineOf(ctx).Contains(digest) ? 1 : 0);
  }
  return {};
}

// SCRIPT FLUSH [ASYNC | SYNC]
Result<void> ScriptFlush(CommandContext& ctx) {
  const bool known = ctx.args.size() == 2 ||
                     (ctx.args.size() == 3 && (datatypes::EqualsIgnoreCase(ctx.args[2], "async") ||
                                               datatypes::EqualsIgnoreCase(ctx.args[2], "sync")));
  if (!known) return Fail("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  EngineOf(ctx).Flush();
  ctx.reply.SimpleString("OK");
  return {};
}

// SCRIPT KILL
Result<void> ScriptKill(CommandContext& ctx) {
  RETURN_IF_ERROR(ServerOf(ctx).scripts().Kill(/*function=*/false));
  ctx.reply.SimpleString("OK");
  return {};
}

// SCRIPT LOAD script
Result<void> ScriptLoad(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const scripting::CachedScript* const script,
                   EngineOf(ctx).LoadScript(ctx.args[2]));
  ctx.reply.Bulk(script->digest());
  return {};
}

// SCRIPT HELP
Result<void> ScriptHelp(CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx, {"DEBUG (YES|SYNC|NO)", "    Set the debug mode for subsequent scripts executed.",
            "EXISTS <sha1> [<sha1> ...]",
            "    Return information about the existence of the scripts in the script cache.",
            "FLUSH [ASYNC|SYNC]", "    Flush the Lua scripts cache. Very dangerous on replicas.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the scripts cache.",
            "    * SYNC: Synchronously flush the scripts cache.", "KILL",
            "    Kill the currently executing Lua script.", "LOAD <script>",
            "    Load a script into the scripts cache without executing it."});
  return {};
}

constexpr uint32_t kSub = datatypes::kNoScript;

constexpr CommandSpec kScriptSubcommands[] = {
    {.name = "debug",
     .handler = ScriptDebug,
     .arity = 3,
     .flags = kSub,
     .acl = datatypes::kAclScripting,
     .group = "scripting",
     .since = "3.2.0",
     .summary = "Chooses how scripts are debugged.",
     .complexity = "O(1)",
     .syntax = "<YES | SYNC | NO>{mode}"},
    {.name = "exists",
     .handler = ScriptExists,
     .arity = -3,
     .flags = kSub,
     .acl = datatypes::kAclScripting,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Tells which scripts the cache has, by their digests.",
     .complexity = "O(N) with N being the number of scripts to check (so checking a single script "
                   "is an O(1) operation).",
     .syntax = "sha1 [sha1 ...]",
     .tips = "request_policy:all_shards response_policy:agg_logical_and"},
    {.name = "flush",
     .handler = ScriptFlush,
     .arity = -2,
     .flags = kSub,
     .acl = datatypes::kAclScripting,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Empties the script cache.",
     .complexity = "O(N) with N being the number of scripts in cache",
     .syntax = "[ASYNC | SYNC]{@6.2.0}",
     .tips = "request_policy:all_nodes response_policy:all_succeeded",
     .history = "6.2.0\tAdded the `ASYNC` and `SYNC` flushing mode modifiers."},
    {.name = "help",
     .handler = ScriptHelp,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .acl = datatypes::kAclScripting,
     .group = "scripting",
     .since = "5.0.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "kill",
     .handler = ScriptKill,
     .arity = 2,
     .flags = kSub | datatypes::kAllowBusy,
     .acl = datatypes::kAclScripting,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Stops the script that is running.",
     .complexity = "O(1)",
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = "load",
     .handler = ScriptLoad,
     .arity = 3,
     .flags = kSub | datatypes::kStale,
     .acl = datatypes::kAclScripting,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Puts a script into the cache, without running it.",
     .complexity = "O(N) with N being the length in bytes of the script body.",
     .syntax = "script",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr uint32_t kEvalFlags = datatypes::kNoScript | datatypes::kStale | datatypes::kSkipMonitor |
                                datatypes::kNoMandatoryKeys | datatypes::kMovableKeys;
constexpr std::string_view kEvalNotes =
    "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE";
constexpr std::string_view kEvalRoNotes =
    "We cannot tell how the keys will be used so we assume "
    "the worst, RO and ACCESS";

constexpr datatypes::KeySpecs NumberedKeys(uint16_t flags, std::string_view notes) {
  return {datatypes::KeySpec{.flags = flags,
                             .index = 2,
                             .find = datatypes::KeySpec::Find::kKeynum,
                             .first_key = 1,
                             .notes = notes}};
}
constexpr uint16_t kAnyUse = datatypes::kRW | datatypes::kAccess | datatypes::kUpdate;
constexpr uint16_t kReadUse = datatypes::kRO | datatypes::kAccess;

constexpr CommandSpec kCommands[] = {
    {.name = "eval",
     .handler = Eval,
     .arity = -3,
     .flags = kEvalFlags | datatypes::kMayReplicate,
     .acl = datatypes::kAclScripting,
     .keys = NumberedKeys(kAnyUse, kEvalNotes),
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Runs a script.",
     .complexity = "Depends on the script that is executed.",
     .syntax = "script numkeys [key [key ...]] [arg [arg ...]]"},
    {.name = "eval_ro",
     .handler = EvalRo,
     .arity = -3,
     .flags = kEvalFlags | datatypes::kReadonly,
     .acl = datatypes::kAclScripting,
     .keys = NumberedKeys(kReadUse, kEvalRoNotes),
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Runs a script that may not write.",
     .complexity = "Depends on the script that is executed.",
     .syntax = "script numkeys [key [key ...]] [arg [arg ...]]"},
    {.name = "evalsha",
     .handler = EvalSha,
     .arity = -3,
     .flags = kEvalFlags | datatypes::kMayReplicate,
     .acl = datatypes::kAclScripting,
     .keys = NumberedKeys(kAnyUse, {}),
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Runs a script of the cache, named by its digest.",
     .complexity = "Depends on the script that is executed.",
     .syntax = "sha1 numkeys [key [key ...]] [arg [arg ...]]"},
    {.name = "evalsha_ro",
     .handler = EvalShaRo,
     .arity = -3,
     .flags = kEvalFlags | datatypes::kReadonly,
     .acl = datatypes::kAclScripting,
     .keys = NumberedKeys(kReadUse, {}),
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Runs a script of the cache, named by its digest, that may not write.",
     .complexity = "Depends on the script that is executed.",
     .syntax = "sha1 numkeys [key [key ...]] [arg [arg ...]]"},
    {.name = "script",
     .arity = -2,
     .acl = datatypes::kAclNone,
     .subcommands = kScriptSubcommands,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Holds the commands about the script cache.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> ScriptCommands() {
  return kCommands;
}

}  // namespace server
