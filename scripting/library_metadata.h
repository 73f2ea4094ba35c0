// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include "datatypes/result.h"

namespace scripting {

// What the first line of a library of functions says: "#!lua name=mylib".
struct LibraryMetadata {
  std::string engine;
  std::string name;
  std::string_view code;  // The rest, with the line break: lines count as in the whole.
};

// The Error is FUNCTION LOAD's.
datatypes::Result<LibraryMetadata> ParseLibraryMetadata(std::string_view source);

// Whether it may name a library or a function: letters, digits and underscores, at least one.
bool IsFunctionName(std::string_view name);
inline constexpr std::string_view kBadFunctionName =
    "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least "
    "one character long";

}  // namespace scripting
