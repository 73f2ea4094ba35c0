// SPDX-License-Identifier: BSD-3-Clause
//
// The row with the names of the libraries of functions, and the first line of a library.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scripting/function_store.h"
#include "scripting/library_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto names = scripting::DecodeLibraryNames(input); names.has_value()) {
    if (scripting::DecodeLibraryNames(scripting::EncodeLibraryNames(*names)) != names) std::abort();
  }
  if (const auto metadata = scripting::ParseLibraryMetadata(input); metadata) {
    if (!input.ends_with(metadata->code)) std::abort();
  }
  return 0;
}
