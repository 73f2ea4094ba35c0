// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/command_table.h"
#include "resp/writer.h"

// The replies that describe one command.
namespace datatypes {

// The range that old clients know keys by: first, last (negative: from the end), step; zeros if
// there is none. And whether some keys are outside of it.
struct LegacyKeyRange {
  int first = 0;
  int last = 0;
  int step = 0;
  bool movable = false;
};
LegacyKeyRange FindLegacyKeyRange(const KeySpecs& keys);

// COMMAND INFO's ten items.
void WriteCommandInfo(resp::Writer& reply, const CommandTable& table, const CommandSpec& spec);
// COMMAND DOCS' map.
void WriteCommandDocs(resp::Writer& reply, const CommandTable& table, const CommandSpec& spec);

}  // namespace datatypes
