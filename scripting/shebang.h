// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "datatypes/result.h"

namespace scripting {

// Reads the first line of a script, "#!lua flags=no-writes,allow-stale": the flags (ScriptFlag), or
// kNoShebang if it has none. `code` is then the rest, with the line break, so that lines count as
// in the whole.
datatypes::Result<uint32_t> ParseScriptShebang(std::string_view source, std::string_view* code);

// The ScriptFlag of that name; 0: there is none.
uint32_t ScriptFlagOf(std::string_view name);
struct ScriptFlagName {
  uint32_t flag;
  std::string_view name;
};
std::span<const ScriptFlagName> ScriptFlagNames();

}  // namespace scripting
