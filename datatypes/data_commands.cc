// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/command_table.h"

namespace datatypes {

void AddDataCommands(CommandTable& table) {
  table.Add(StringCommands());
  table.Add(BitmapCommands());
}

}  // namespace datatypes
