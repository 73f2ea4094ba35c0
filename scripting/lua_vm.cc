// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/lua_vm.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <lua.hpp>
#include <sys/uio.h>

#include "datatypes/errors.h"
#include "lsm/status.h"
#include "scripting/error_handler.h"
#include "scripting/lua_values.h"
#include "scripting/redis_api.h"
#include "scripting/sandbox.h"
#include "scripting/tail_calls.h"

namespace scripting {
namespace {

using datatypes::CommandSpec;
using datatypes::Error;
using datatypes::Fail;
using datatypes::Result;

constexpr std::string_view kUnknownCommand = "ERR Unknown Redis command called from script";
constexpr std::string_view kWrongArgs =
    "ERR Wrong number of args calling Redis command from script";
constexpr std::string_view kNotFromScript = "ERR This Redis command is not allowed from script";
constexpr std::string_view kReadOnlyScript =
    "ERR Write commands are not allowed from read-only scripts.";
constexpr std::string_view kNoMemory = "not enough memory";

bool SkipsFirstLine(std::string_view code) {
  return code.starts_with('#') || code.starts_with("\xef\xbb\xbf#");
}

int Panic(lua_State* state) {
  const char* const message = lua_tostring(state, -1);
  lsm::EnsureFailed(message == nullptr ? "Lua error" : message, __FILE__, __LINE__);
}

}  // namespace

void* LuaVm::Allocate(void* self, void* block, size_t old_size, size_t new_size) {
  return static_cast<LuaVm*>(self)->allocator_.Reallocate(block, old_size, new_size);
}

LuaVm& LuaVm::Of(lua_State* state) {
  void* self = nullptr;
  lua_getallocf(state, &self);
  return *static_cast<LuaVm*>(self);
}

LuaVm* LuaVm::Find(lua_State* state) {
  void* self = nullptr;
  return lua_getallocf(state, &self) == Allocate ? static_cast<LuaVm*>(self) : nullptr;
}

LuaVm::LuaVm(const VmContext& context, size_t memory_limit)
    : context_(context),
      allocator_(memory_limit),
      state_([this] {
        const LuaAllocator::Unbounded unbounded(allocator_);
        return lua_newstate(Allocate, this);
      }()),
      watchdog_(state_, OnHook),
      reply_writer_(&reply_buffer_) {
  ENSURE(state_ != nullptr);
  const LuaAllocator::Unbounded unbounded(allocator_);
  lua_atpanic(state_, Panic);
  // See Watchdog.
  luaJIT_setmode(state_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  PushRedisTable(state_, context.redis_version);
  BuildSandbox(state_);
}

LuaVm::~LuaVm() {
  lua_close(state_);
}

// ---- Running -----------------------------------------------------------------------------------

Result<void> LuaVm::Compile(std::string_view code, const char* chunk_name) {
  // LuaJIT passes over a first line of that kind, as Lua does in files; in a script it is no Lua.
  const std::string shifted = SkipsFirstLine(code) ? " " + std::string(code) : std::string();
  if (!shifted.empty()) code = shifted;
  const std::string placed = PlaceTailCalls(code);
  if (luaL_loadbufferx(state_, placed.data(), placed.size(), chunk_name, "t") == 0) return {};
  // So that the message speaks of what was sent.
  lua_pop(state_, 1);
  if (luaL_loadbufferx(state_, code.data(), code.size(), chunk_name, "t") == 0) return {};
  const char* const message = lua_tostring(state_, -1);
  std::string text = message == nullptr ? "unknown error" : message;
  lua_pop(state_, 1);
  return Fail(text);
}

Result<void> LuaVm::Call(ScriptRun& run, int argument_count, resp::Writer& reply) {
  ENSURE(run_ == nullptr);
  const uint32_t db = run.session.db();
  run_ = &run;
  error_was_counted_ = false;
  run.undoable = !run.read_only && context_.host.PrepareUndo(run.alone);
  watchdog_.Start(context_.host.busy_threshold_ms());
  const int status = CallProtected(argument_count, 1);
  watchdog_.Stop();
  run_ = nullptr;
  run.session.SelectDb(db);
  if (run.kill_requested && run.has_written && run.undoable) context_.host.Undo();
  const LuaAllocator::Unbounded unbounded(allocator_);
  Result<void> result;
  if (status != 0) {
    result = tl::unexpected(ScriptError(run, status));
  } else if (std::optional<std::string> text = ErrorOf(-1); text) {
    result = Fail(*text);
  } else {
    WriteValue(state_, run.protocol, reply);
    lua_pushnil(state_);
  }
  lua_pop(state_, 1);
  // The next script should not suffer from this one's garbage.
  if (status == LUA_ERRMEM) lua_gc(state_, LUA_GCCOLLECT, 0);
  return result;
}

int LuaVm::CallProtected(int argument_count, int result_count) {
  c_stack_base_ = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const int handler = lua_gettop(state_) - argument_count;
  {
    const LuaAllocator::Unbounded unbounded(allocator_);
    lua_pushcfunction(state_, HandleError);
  }
  lua_insert(state_, handler);
  const int status = lua_pcall(state_, argument_count, result_count, handler);
  lua_remove(state_, handler);
  return status;
}

bool LuaVm::HasCStack() const {
  constexpr uintptr_t kMaxBytes = 2 << 20;  // Of the 8 MB that a main thread usually has.
  return c_stack_base_ - reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < kMaxBytes;
}

std::optional<std::string> LuaVm::ErrorOf(int index) {
  if (!lua_istable(state_, index)) return std::nullopt;
  lua_pushvalue(state_, index);
  lua_pushliteral(state_, "err");
  lua_rawget(state_, -2);
  std::optional<std::string> text;
  if (lua_type(state_, -1) == LUA_TSTRING) {
    size_t size = 0;
    const char* const bytes = lua_tolstring(state_, -1, &size);
    text.emplace(bytes, size);
    lua_pushliteral(state_, "ignore_error_stats_update");
    lua_rawget(state_, -3);
    error_was_counted_ = lua_toboolean(state_, -1) != 0;
    lua_pop(state_, 1);
  }
  lua_pop(state_, 2);
  return text;
}

// The error's value is on top of the stack, and stays.
Error LuaVm::ScriptError(const ScriptRun& run, int status) {
  if (status == LUA_ERRMEM) {
    return Error(
        fmt::format("OOM Error running script {}, {} (see lua-memory-limit)", run.name, kNoMemory));
  }
  if (!lua_istable(state_, -1)) {
    const char* const message = lua_tostring(state_, -1);
    return Error(fmt::format("ERR Error running script {}, {:.100}", run.name,
                             message == nullptr ? "execution failure" : message));
  }
  const auto field = [this](const char* name) {
    lua_pushstring(state_, name);
    lua_rawget(state_, -2);
    size_t size = 0;
    const char* const text = lua_tolstring(state_, -1, &size);
    std::string value = text == nullptr ? "" : std::string(text, size);
    lua_pop(state_, 1);
    return value;
  };
  std::string message = ErrorOf(-1).value_or("ERR unknown error");
  const std::string source = field("source");
  const std::string line = field("line");
  if (!source.empty() && !line.empty()) {
    message += fmt::format(" script: {}, on {}:{}.", run.name, source, line);
  }
  return Error(message);
}

Result<void> LuaVm::CallForEffect(int argument_count, int64_t limit_ms) {
  loading_ = true;
  watchdog_.Start(limit_ms);
  const int status = CallProtected(argument_count, 0);
  watchdog_.Stop();
  loading_ = false;
  if (status == 0) return {};
  const LuaAllocator::Unbounded unbounded(allocator_);
  std::string message = std::string(kNoMemory);
  if (std::optional<std::string> text = ErrorOf(-1); text) {
    message = *text;
  } else if (const char* const plain = lua_tostring(state_, -1); plain != nullptr) {
    message = plain;
  }
  lua_pop(state_, 1);
  return Fail(message);
}

// ---- The stack ---------------------------------------------------------------------------------

void LuaVm::PushStrings(datatypes::Args strings) {
  const LuaAllocator::Unbounded unbounded(allocator_);
  lua_createtable(state_, static_cast<int>(strings.size()), 0);
  int index = 0;
  for (const std::string_view text : strings) {
    lua_pushlstring(state_, text.data(), text.size());
    lua_rawseti(state_, -2, ++index);
  }
}

void LuaVm::SetGlobal(const char* name) {
  const LuaAllocator::Unbounded unbounded(allocator_);
  SetRealGlobal(state_, name);
}

void LuaVm::PushLibrary(const char* name) {
  const LuaAllocator::Unbounded unbounded(allocator_);
  PushRealLibrary(state_, name);
}

// ---- Commands ----------------------------------------------------------------------------------

Result<const CommandSpec*> LuaVm::Resolve(datatypes::Args args) const {
  const CommandSpec* spec = context_.commands.Find(args[0]);
  if (spec != nullptr && !spec->subcommands.empty() && args.size() > 1) {
    spec = datatypes::CommandTable::FindSubcommand(*spec, args[1]);
  }
  if (spec == nullptr) return Fail(kUnknownCommand);
  return spec;
}

Result<void> LuaVm::Admit(const CommandSpec& spec, datatypes::Args args) {
  const auto count = static_cast<int64_t>(args.size());
  const bool fits = spec.arity >= 0 ? count == spec.arity : count >= -spec.arity;
  if (!fits || spec.handler == nullptr) return Fail(kWrongArgs);
  if ((spec.flags & datatypes::kNoScript) != 0) return Fail(kNotFromScript);
  RETURN_IF_ERROR(context_.host.CheckPermission(run_->session, spec, args));
  constexpr uint32_t kChanges = datatypes::kWrite | datatypes::kMayReplicate;
  if ((spec.flags & kChanges) == 0) {
    return context_.host.CheckReplicaCommand(run_->session, spec.flags);
  }
  if (run_->read_only) return Fail(kReadOnlyScript);
  RETURN_IF_ERROR(context_.host.CheckReplicaCommand(run_->session, spec.flags));
  RETURN_IF_ERROR(context_.host.CheckWritable());
  if ((spec.flags & datatypes::kWrite) != 0) run_->has_written = true;
  return {};
}

bool LuaVm::RunCommand(datatypes::Args args) {
  const Result<const CommandSpec*> spec = Resolve(args);
  Result<void> admitted;
  if (!spec) {
    admitted = tl::unexpected(spec.error());
  } else {
    admitted = Admit(**spec, args);
  }
  if (!admitted) {
    context_.host.OnCommandRefused(spec ? *spec : nullptr, admitted.error());
    refusal_ = admitted.error().text();
    return false;
  }
  reply_buffer_.Clear();
  long_reply_.clear();
  reply_writer_.set_protocol(run_->protocol);
  context_.dispatcher.ExecuteNow(run_->session, **spec, args, reply_writer_);
  return true;
}

bool LuaVm::MayRun(datatypes::Args args, bool* allowed) {
  const Result<const CommandSpec*> spec = Resolve(args);
  if (!spec || run_ == nullptr) return false;
  *allowed = context_.host.CheckPermission(run_->session, **spec, args).has_value();
  return true;
}

std::string_view LuaVm::reply_bytes() {
  iovec pieces[2];
  const size_t count = reply_buffer_.FillIovec(pieces, 2);
  if (count == 1) return {static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len};
  if (long_reply_.empty()) long_reply_ = reply_buffer_.ToString();
  return long_reply_;
}

// ---- Long scripts ------------------------------------------------------------------------------

bool LuaVm::ServeWhileBusy() {
  if (!std::exchange(run_->timed_out, true)) {
    context_.host.Log(
        LogLevel::kWarning,
        fmt::format("Slow script detected: still in execution after {} milliseconds. You can try "
                    "killing the script using the {} KILL command. Script name is: {}.",
                    context_.host.busy_threshold_ms(), run_->is_function ? "FUNCTION" : "SCRIPT",
                    run_->name));
  }
  if (!run_->kill_requested) context_.host.ServeWhileBusy();
  if (!run_->kill_requested) {
    watchdog_.HookDone();
    return false;
  }
  // From now on after every instruction, so that no pcall of the script's keeps it alive.
  watchdog_.HookEveryInstruction();
  return true;
}

void LuaVm::OnHook(lua_State* state, lua_Debug* /*debug*/) {
  LuaVm& vm = Of(state);
  if (vm.loading_) {
    vm.watchdog_.HookEveryInstruction();
    PushErrorTable(state, "ERR FUNCTION LOAD timeout", /*counted=*/false);
    lua_error(state);
  }
  if (vm.run_ == nullptr || !vm.ServeWhileBusy()) return;
  // Redis says so of functions, too.
  PushErrorTable(state, "ERR Script killed by user with SCRIPT KILL...", /*counted=*/false);
  lua_error(state);
}

}  // namespace scripting
