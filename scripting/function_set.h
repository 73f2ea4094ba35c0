// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "datatypes/result.h"

namespace scripting {

struct FunctionLibrary;

// One function that FCALL can call.
struct Function {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;  // ScriptFlag.
  int callback = 0;    // Where the Lua registry has it.
  const FunctionLibrary* library = nullptr;
};

// One library as FUNCTION LOAD has made it.
struct FunctionLibrary {
  std::string name;
  std::string code;  // With its first line.
  std::map<std::string, std::unique_ptr<Function>, std::less<>> functions;

  size_t memory_bytes() const;
};

// Libraries, whose names are all different, as are those of their functions, whatever the case of
// their letters. Loop thread only.
class FunctionSet {
 public:
  using Libraries = std::map<std::string, std::unique_ptr<FunctionLibrary>, std::less<>>;

  const FunctionLibrary* FindLibrary(std::string_view name) const;
  const Function* FindFunction(std::string_view name) const;
  // Whether one of the library's functions is in another library already; one called `replaced`
  // does not count. The Error is FUNCTION LOAD's.
  datatypes::Result<void> CheckFunctions(const FunctionLibrary& library,
                                         std::string_view replaced = {}) const;
  // Requires that neither its name nor any of its functions is there.
  void Link(std::unique_ptr<FunctionLibrary> library);
  // nullptr: there is none of that name.
  std::unique_ptr<FunctionLibrary> Unlink(std::string_view name);

  const Libraries& libraries() const { return libraries_; }
  size_t function_count() const { return count_; }
  size_t memory_bytes() const { return bytes_; }

 private:
  Libraries libraries_;
  absl::flat_hash_map<std::string, const Function*> functions_;  // By lower-case names.
  size_t count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace scripting
