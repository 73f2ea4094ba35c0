// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/function_registry.h"

#include <utility>

#include <lua.hpp>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "scripting/library_metadata.h"
#include "scripting/library_sandbox.h"
#include "scripting/script_engine.h"

namespace scripting {

using datatypes::CommandContext;
using datatypes::Fail;
using datatypes::Result;

namespace {

constexpr const char* kChunkName = "@user_function";
// {"FCALL", function, numkeys, key …, argument …}
constexpr size_t kNumKeysAt = 2;

// Calls a function that may raise, of a state whose allocator refuses nothing now.
void CallUnbounded(LuaVm& vm, lua_CFunction function, void* argument) {
  const LuaAllocator::Unbounded unbounded(vm.allocator());
  ENSURE(lua_cpcall(vm.state(), function, argument) == 0);
}

int BuildWorld(lua_State* state) {
  auto* const sink = static_cast<FunctionSink*>(lua_touserdata(state, 1));
  BuildLibrarySandbox(state, sink);
  return 0;
}

}  // namespace

FunctionRegistry::FunctionRegistry(const VmContext& context, lsm::Store& store, size_t lua_memory)
    : context_(context), lua_memory_(lua_memory), store_(store) {
  MakeVm();
}

void FunctionRegistry::MakeVm() {
  vm_.reset();
  vm_ = std::make_unique<LuaVm>(context_, lua_memory_);
  CallUnbounded(*vm_, BuildWorld, static_cast<FunctionSink*>(this));
}

void FunctionRegistry::SetLuaMemory(size_t bytes) {
  lua_memory_ = bytes;
  vm_->allocator().set_limit(bytes);
}

lsm::Status FunctionRegistry::Load() {
  LSM_ASSIGN_OR_RETURN(const std::vector<FunctionStore::Library> stored, store_.Load());
  for (const FunctionStore::Library& each : stored) {
    auto library = MakeLibrary(each.source, functions_, /*replace=*/false);
    if (library) {
      functions_.Link(std::move(*library));
    } else {
      context_.host.Log(LogLevel::kWarning, "The library of functions " + each.name +
                                                " cannot be loaded: " + library.error().text());
    }
  }
  return lsm::Status::Ok();
}

// ---- Making libraries --------------------------------------------------------------------------

const char* FunctionRegistry::AddFunction(std::string_view name,
                                          std::optional<std::string_view> description,
                                          uint32_t flags, int callback) {
  if (!IsFunctionName(name)) return kBadFunctionName.data();
  std::unique_ptr<Function>& function = loaded_->functions[std::string(name)];
  if (function != nullptr) return "ERR Function already exists in the library";
  function = std::make_unique<Function>();
  function->name = name;
  if (description.has_value()) function->description.emplace(*description);
  function->flags = flags;
  function->callback = callback;
  function->library = loaded_;
  return nullptr;
}

Result<void> FunctionRegistry::RunLibrary(std::string_view code, FunctionLibrary& library) {
  if (Result<void> compiled = vm_->Compile(code, kChunkName); !compiled) {
    return Fail("ERR Error compiling function: " + compiled.error().text());
  }
  {
    const LuaAllocator::Unbounded unbounded(vm_->allocator());
    EnterLibraryWorld(vm_->state());
  }
  loaded_ = &library;
  const Result<void> ran = vm_->CallForEffect(0, kLoadLimitMs);
  loaded_ = nullptr;
  {
    const LuaAllocator::Unbounded unbounded(vm_->allocator());
    WidenLibraryWorld(vm_->state());
  }
  if (!ran) return Fail("ERR Error registering functions: " + ran.error().text());
  if (library.functions.empty()) return Fail("ERR No functions registered");
  return {};
}

Result<std::unique_ptr<FunctionLibrary>> FunctionRegistry::MakeLibrary(std::string_view source,
                                                                       const FunctionSet& set,
                                                                       bool replace) {
  ASSIGN_OR_RETURN(const LibraryMetadata metadata, ParseLibraryMetadata(source));
  if (!IsFunctionName(metadata.name)) return Fail(kBadFunctionName);
  if (!datatypes::EqualsIgnoreCase(metadata.engine, "lua")) {
    return Fail("ERR Engine '" + metadata.engine + "' not found");
  }
  if (!replace && set.FindLibrary(metadata.name) != nullptr) {
    return Fail("ERR Library '" + metadata.name + "' already exists");
  }
  auto library = std::make_unique<FunctionLibrary>();
  library->name = metadata.name;
  library->code = source;
  Result<void> made = RunLibrary(metadata.code, *library);
  if (made) made = set.CheckFunctions(*library, replace ? metadata.name : "");
  if (!made) {
    Release(std::move(library));
    return tl::unexpected(made.error());
  }
  return library;
}

void FunctionRegistry::Release(std::unique_ptr<FunctionLibrary> library) {
  for (const auto& [name, function] : library->functions) {
    luaL_unref(vm_->state(), LUA_REGISTRYINDEX, function->callback);
  }
}

void FunctionRegistry::ReleaseAll(FunctionSet& set) {
  while (!set.libraries().empty()) {
    Release(set.Unlink(std::string(set.libraries().begin()->first)));
  }
}

// ---- FUNCTION ----------------------------------------------------------------------------------

Result<std::string> FunctionRegistry::LoadLibrary(std::string_view source, bool replace) {
  if (functions_.memory_bytes() + source.size() > kMaxCodeBytes) {
    return Fail("OOM The libraries of functions would take too much memory");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<FunctionLibrary> library,
                   MakeLibrary(source, functions_, replace));
  const std::string name = library->name;
  if (auto old = functions_.Unlink(name); old != nullptr) Release(std::move(old));
  store_.Put(name, source);
  functions_.Link(std::move(library));
  return name;
}

bool FunctionRegistry::Delete(std::string_view name) {
  auto library = functions_.Unlink(name);
  if (library == nullptr) return false;
  store_.Remove(library->name);
  Release(std::move(library));
  return true;
}

void FunctionRegistry::Flush() {
  store_.RemoveAll();
  functions_ = FunctionSet();
  MakeVm();
}

Result<void> FunctionRegistry::CheckRestored(const FunctionSet& restored,
                                             RestorePolicy policy) const {
  if (policy == RestorePolicy::kFlush) return {};
  for (const auto& [name, library] : restored.libraries()) {
    if (policy == RestorePolicy::kAppend && functions_.FindLibrary(name) != nullptr) {
      return Fail("ERR Library " + name + " already exists");
    }
  }
  for (const auto& [name, library] : restored.libraries()) {
    for (const auto& [function_name, function] : library->functions) {
      const Function* const known = functions_.FindFunction(function_name);
      // Those of libraries that go do not count.
      if (known != nullptr && restored.FindLibrary(known->library->name) == nullptr) {
        return Fail("ERR Function " + function_name + " already exists");
      }
    }
  }
  return {};
}

Result<void> FunctionRegistry::Restore(std::span<const std::string> sources, RestorePolicy policy) {
  FunctionSet restored;
  Result<void> result;
  size_t bytes = policy == RestorePolicy::kFlush ? 0 : functions_.memory_bytes();
  for (const std::string& source : sources) {
    bytes += source.size();
    if (bytes > kMaxCodeBytes) {
      result = Fail("OOM The libraries of functions would take too much memory");
      break;
    }
    auto library = MakeLibrary(source, restored, /*replace=*/false);
    if (!library) {
      result = tl::unexpected(library.error());
      break;
    }
    restored.Link(std::move(*library));
  }
  if (result) result = CheckRestored(restored, policy);
  if (!result) {
    ReleaseAll(restored);
    return result;
  }
  if (policy == RestorePolicy::kFlush) {
    store_.RemoveAll();
    ReleaseAll(functions_);
  }
  while (!restored.libraries().empty()) {
    auto library = restored.Unlink(std::string(restored.libraries().begin()->first));
    if (auto old = functions_.Unlink(library->name); old != nullptr) Release(std::move(old));
    store_.Put(library->name, library->code);
    functions_.Link(std::move(library));
  }
  return {};
}

// ---- FCALL -------------------------------------------------------------------------------------

Result<void> FunctionRegistry::Call(CommandContext& ctx, Access access) {
  const Function* const function = functions_.FindFunction(ctx.args[1]);
  if (function == nullptr) return Fail("ERR Function not found");
  ASSIGN_OR_RETURN(
      const int64_t numkeys,
      datatypes::ParseInteger(ctx.args[kNumKeysAt], "ERR Bad number of keys provided"));
  const datatypes::Args arguments = ctx.args.subspan(kNumKeysAt + 1);
  if (numkeys > static_cast<int64_t>(arguments.size())) {
    return Fail("ERR Number of keys can't be greater than number of args");
  }
  if (numkeys < 0) return Fail("ERR Number of keys can't be negative");
  const bool read_only_command = access == Access::kReadOnly;
  RETURN_IF_ERROR(CheckScriptFlags(context_.host, ctx.session, function->flags, read_only_command));
  // It may be gone when it has run: others' commands come in between when it takes long.
  const std::string name = function->name;
  ScriptRun run{.session = ctx.session,
                .name = name,
                .read_only = read_only_command || (function->flags & kNoWrites) != 0,
                .is_function = true};
  run.alone = ctx.may_block;
  run.command = ctx.args;
  run.started_ms = ctx.now_ms;
  lua_rawgeti(vm_->state(), LUA_REGISTRYINDEX, function->callback);
  vm_->PushStrings(arguments.first(static_cast<size_t>(numkeys)));
  vm_->PushStrings(arguments.subspan(static_cast<size_t>(numkeys)));
  return vm_->Call(run, 2, ctx.reply);
}

}  // namespace scripting
