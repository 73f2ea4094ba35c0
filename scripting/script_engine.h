// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "lsm/store.h"
#include "scripting/lua_vm.h"
#include "scripting/script_cache.h"

namespace scripting {

// EVAL and SCRIPT: the script cache and the Lua state in which scripts run. Loop thread only.
class ScriptEngine {
 public:
  struct Limits {
    size_t lua_memory;   // Of the Lua heap.
    size_t cache_bytes;  // Of the scripts' sources, in RAM and on disk.
  };

  ScriptEngine(const VmContext& context, lsm::Store& store, const Limits& limits);

  // Reads the script cache from the store.
  lsm::Status Load() { return cache_.Load(); }

  enum class Access : uint8_t { kReadWrite, kReadOnly };
  // EVAL script numkeys …, EVALSHA digest numkeys …, and their _RO forms: all that they do.
  datatypes::Result<void> Eval(datatypes::CommandContext& ctx, Access access);
  datatypes::Result<void> EvalSha(datatypes::CommandContext& ctx, Access access);

  // Compiles it and puts it into the cache, unless it is there.
  datatypes::Result<CachedScript*> LoadScript(std::string_view body);
  bool Contains(std::string_view digest) const { return cache_.Contains(digest); }
  // Forgets all scripts, and all that they left in the Lua state.
  void Flush();
  void SetLimits(const Limits& limits);

  LuaVm& vm() { return *vm_; }
  const ScriptCache& cache() const { return cache_; }
  // What the script says of itself in its first line; of a digest that is not in the cache, or a
  // line that is wrong: nothing.
  std::optional<uint32_t> FlagsOf(std::string_view body) const;
  std::optional<uint32_t> FlagsOfSha(std::string_view digest);

 private:
  datatypes::Result<void> Compile(CachedScript& script);
  datatypes::Result<void> Run(datatypes::CommandContext& ctx, Access access, CachedScript& script,
                              size_t numkeys);

  const VmContext context_;
  Limits limits_;
  std::unique_ptr<LuaVm> vm_;
  ScriptCache cache_;
};

// May the script with these flags run for a command of that access? What Redis checks before a
// script or function starts. The Error is the reply.
datatypes::Result<void> CheckScriptFlags(Host& host, const datatypes::Session& session,
                                         uint32_t flags, bool read_only_command);

// The numkeys argument of EVAL and FCALL. `following` arguments come after it.
datatypes::Result<size_t> ParseNumKeys(std::string_view text, size_t following);

}  // namespace scripting
