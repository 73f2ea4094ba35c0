// SPDX-License-Identifier: BSD-3-Clause
#include "server/commands.h"

namespace server {

void AddServerCommands(datatypes::CommandTable& table) {
  table.Add(ClientCommands());
  table.Add(ConfigCommands());
  table.Add(ConnectionCommands());
  table.Add(WaitCommands());
}

}  // namespace server
