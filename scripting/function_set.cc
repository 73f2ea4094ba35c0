// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/function_set.h"

#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"

namespace scripting {

using datatypes::Fail;
using datatypes::Result;

size_t FunctionLibrary::memory_bytes() const {
  size_t bytes = sizeof(FunctionLibrary) + name.capacity() + code.capacity();
  for (const auto& [function_name, function] : functions) {
    bytes += sizeof(Function) + 3 * function_name.capacity();
    if (function->description.has_value()) bytes += function->description->capacity();
  }
  return bytes;
}

const FunctionLibrary* FunctionSet::FindLibrary(std::string_view name) const {
  const auto found = libraries_.find(name);
  return found == libraries_.end() ? nullptr : found->second.get();
}

const Function* FunctionSet::FindFunction(std::string_view name) const {
  const auto found = functions_.find(datatypes::ToLower(name));
  return found == functions_.end() ? nullptr : found->second;
}

Result<void> FunctionSet::CheckFunctions(const FunctionLibrary& library,
                                         std::string_view replaced) const {
  for (const auto& [name, function] : library.functions) {
    const Function* const known = FindFunction(name);
    if (known != nullptr && (replaced.empty() || known->library->name != replaced)) {
      return Fail("ERR Function " + name + " already exists");
    }
  }
  return {};
}

void FunctionSet::Link(std::unique_ptr<FunctionLibrary> library) {
  for (const auto& [name, function] : library->functions) {
    functions_.emplace(datatypes::ToLower(name), function.get());
  }
  bytes_ += library->memory_bytes();
  count_ += library->functions.size();
  const std::string name = library->name;
  libraries_.emplace(name, std::move(library));
}

std::unique_ptr<FunctionLibrary> FunctionSet::Unlink(std::string_view name) {
  const auto found = libraries_.find(name);
  if (found == libraries_.end()) return nullptr;
  std::unique_ptr<FunctionLibrary> library = std::move(found->second);
  libraries_.erase(found);
  bytes_ -= library->memory_bytes();
  count_ -= library->functions.size();
  for (const auto& [function_name, function] : library->functions) {
    const auto known = functions_.find(datatypes::ToLower(function_name));
    // One library may name two functions that differ in case only; one of them is known.
    if (known != functions_.end() && known->second == function.get()) functions_.erase(known);
  }
  return library;
}

}  // namespace scripting
