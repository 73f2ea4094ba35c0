// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/script_engine.h"

#include <utility>

#include <lua.hpp>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "scripting/shebang.h"

namespace scripting {

using datatypes::CommandContext;
using datatypes::Fail;
using datatypes::Result;

namespace {

constexpr std::string_view kNoScript = "NOSCRIPT No matching script. Please use EVAL.";
constexpr std::string_view kCannotCompile = "ERR Error compiling script (new function): ";
constexpr const char* kChunkName = "@user_script";
// {"EVAL", script, numkeys, key …, argument …}
constexpr size_t kNumKeysAt = 2;

}  // namespace

Result<size_t> ParseNumKeys(std::string_view text, size_t following) {
  ASSIGN_OR_RETURN(const int64_t numkeys, datatypes::ParseInteger(text));
  if (numkeys < 0) return Fail("ERR Number of keys can't be negative");
  if (static_cast<uint64_t>(numkeys) > following) {
    return Fail("ERR Number of keys can't be greater than number of args");
  }
  return static_cast<size_t>(numkeys);
}

Result<void> CheckScriptFlags(Host& host, const datatypes::Session& session, uint32_t flags,
                              bool read_only_command) {
  RETURN_IF_ERROR(host.CheckReplicaScript(session, flags));
  if ((flags & (kNoShebang | kNoWrites)) != 0) return {};
  RETURN_IF_ERROR(host.CheckWritable());
  if (read_only_command) {
    return Fail("ERR Can not execute a script with write flag using *_ro command.");
  }
  return {};
}

ScriptEngine::ScriptEngine(const VmContext& context, lsm::Store& store, const Limits& limits)
    : context_(context),
      limits_(limits),
      vm_(std::make_unique<LuaVm>(context, limits.lua_memory)),
      cache_(store, limits.cache_bytes, [this](CachedScript& script) {
        if (script.function == CachedScript::kNotCompiled) return;
        luaL_unref(vm_->state(), LUA_REGISTRYINDEX, script.function);
      }) {}

Result<void> ScriptEngine::Compile(CachedScript& script) {
  std::string_view code;
  ASSIGN_OR_RETURN(const uint32_t flags, ParseScriptShebang(script.body, &code));
  if (Result<void> compiled = vm_->Compile(code, kChunkName); !compiled) {
    return Fail(std::string(kCannotCompile) + compiled.error().text());
  }
  const LuaAllocator::Unbounded unbounded(vm_->allocator());
  script.function = luaL_ref(vm_->state(), LUA_REGISTRYINDEX);
  script.flags = flags;
  return {};
}

Result<CachedScript*> ScriptEngine::LoadScript(std::string_view body) {
  if (CachedScript* const known = cache_.FindByBody(body); known != nullptr) return known;
  CachedScript& script = cache_.Add(body);
  if (Result<void> compiled = Compile(script); !compiled) {
    cache_.Remove(script);
    return tl::unexpected(compiled.error());
  }
  return &script;
}

std::optional<uint32_t> ScriptEngine::FlagsOf(std::string_view body) const {
  std::string_view code;
  const Result<uint32_t> flags = ParseScriptShebang(body, &code);
  return flags ? std::optional(*flags) : std::nullopt;
}

std::optional<uint32_t> ScriptEngine::FlagsOfSha(std::string_view digest) {
  const CachedScript* const script = cache_.FindBySha(digest);
  return script == nullptr ? std::nullopt : FlagsOf(script->body);
}

Result<void> ScriptEngine::Eval(CommandContext& ctx, Access access) {
  ASSIGN_OR_RETURN(const size_t numkeys,
                   ParseNumKeys(ctx.args[kNumKeysAt], ctx.args.size() - kNumKeysAt - 1));
  ASSIGN_OR_RETURN(CachedScript* const script, LoadScript(ctx.args[1]));
  return Run(ctx, access, *script, numkeys);
}

Result<void> ScriptEngine::EvalSha(CommandContext& ctx, Access access) {
  // First, as Redis does it.
  if (ctx.args[1].size() != Sha1Hex().size()) return Fail(kNoScript);
  ASSIGN_OR_RETURN(const size_t numkeys,
                   ParseNumKeys(ctx.args[kNumKeysAt], ctx.args.size() - kNumKeysAt - 1));
  CachedScript* const script = cache_.FindBySha(ctx.args[1]);
  if (script == nullptr) return Fail(kNoScript);
  return Run(ctx, access, *script, numkeys);
}

Result<void> ScriptEngine::Run(CommandContext& ctx, Access access, CachedScript& script,
                               size_t numkeys) {
  // One that an earlier life of the server has stored.
  if (script.function == CachedScript::kNotCompiled) RETURN_IF_ERROR(Compile(script));
  const bool read_only_command = access == Access::kReadOnly;
  RETURN_IF_ERROR(CheckScriptFlags(context_.host, ctx.session, script.flags, read_only_command));
  const bool says_no_writes = (script.flags & (kNoShebang | kNoWrites)) == kNoWrites;
  ScriptRun run{.session = ctx.session,
                .name = script.digest(),
                .read_only = read_only_command || says_no_writes,
                .alone = ctx.may_block};
  const datatypes::Args arguments = ctx.args.subspan(kNumKeysAt + 1);
  vm_->PushStrings(arguments.first(numkeys));
  vm_->SetGlobal("KEYS");
  vm_->PushStrings(arguments.subspan(numkeys));
  vm_->SetGlobal("ARGV");
  lua_rawgeti(vm_->state(), LUA_REGISTRYINDEX, script.function);
  return vm_->Call(run, 0, ctx.reply);
}

void ScriptEngine::Flush() {
  cache_.Clear();
  vm_.reset();
  vm_ = std::make_unique<LuaVm>(context_, limits_.lua_memory);
}

void ScriptEngine::SetLimits(const Limits& limits) {
  limits_ = limits;
  vm_->allocator().set_limit(limits.lua_memory);
  cache_.set_limit(limits.cache_bytes);
}

}  // namespace scripting
