// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "lsm/store.h"
#include "scripting/function_set.h"
#include "scripting/function_store.h"
#include "scripting/lua_vm.h"
#include "scripting/register_function.h"

namespace scripting {

// FUNCTION and FCALL: the libraries of functions, in the store and in a Lua state of their own.
// Loop thread only.
class FunctionRegistry final : private FunctionSink {
 public:
  // What the sources of all libraries may take together.
  static constexpr size_t kMaxCodeBytes = size_t{64} << 20;
  // A library must have registered its functions by then.
  static constexpr int64_t kLoadLimitMs = 500;

  FunctionRegistry(const VmContext& context, lsm::Store& store, size_t lua_memory);

  // Reads the libraries from the store. One that cannot be loaded any more stays there, and the
  // log tells of it.
  lsm::Status Load();

  // FUNCTION LOAD: returns the library's name. Nothing has changed on failure.
  datatypes::Result<std::string> LoadLibrary(std::string_view source, bool replace);
  // FUNCTION DELETE. False: there is none of that name.
  bool Delete(std::string_view name);
  // FUNCTION FLUSH; also forgets what the functions have left in the Lua state.
  void Flush();
  // FUNCTION RESTORE: all of these or, on failure, none.
  enum class RestorePolicy : uint8_t { kAppend, kReplace, kFlush };
  datatypes::Result<void> Restore(std::span<const std::string> sources, RestorePolicy policy);

  enum class Access : uint8_t { kReadWrite, kReadOnly };
  // FCALL function numkeys …, FCALL_RO: all that they do.
  datatypes::Result<void> Call(datatypes::CommandContext& ctx, Access access);

  const FunctionSet& functions() const { return functions_; }
  LuaVm& vm() { return *vm_; }
  void SetLuaMemory(size_t bytes);

 private:
  bool loading() const override { return loaded_ != nullptr; }
  const char* AddFunction(std::string_view name, std::optional<std::string_view> description,
                          uint32_t flags, int callback) override;
  void MakeVm();
  // A library that could be linked into `set`, where one of its name is passed over if `replace`.
  datatypes::Result<std::unique_ptr<FunctionLibrary>> MakeLibrary(std::string_view source,
                                                                  const FunctionSet& set,
                                                                  bool replace);
  datatypes::Result<void> RunLibrary(std::string_view code, FunctionLibrary& library);
  // Its functions are not needed in Lua any more.
  void Release(std::unique_ptr<FunctionLibrary> library);
  void ReleaseAll(FunctionSet& set);
  datatypes::Result<void> CheckRestored(const FunctionSet& restored, RestorePolicy policy) const;

  const VmContext context_;
  size_t lua_memory_;
  FunctionStore store_;
  std::unique_ptr<LuaVm> vm_;
  FunctionSet functions_;
  FunctionLibrary* loaded_ = nullptr;  // The one whose code runs, or nullptr.
};

}  // namespace scripting
