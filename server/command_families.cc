// SPDX-License-Identifier: BSD-3-Clause
#include "server/admin_commands.h"
#include "server/commands.h"

namespace server {

void AddServerCommands(datatypes::CommandTable& table) {
  table.Add(ClientCommands());
  table.Add(ConfigCommands());
  table.Add(ConnectionCommands());
  table.Add(DebugCommands());
  table.Add(InfoCommands());
  table.Add(LatencyCommands());
  table.Add(LolwutCommands());
  table.Add(MemoryCommands());
  table.Add(MigrateCommands());
  table.Add(PubSubCommands());
  table.Add(ReplicationCommands());
  table.Add(FailoverCommands());
  table.Add(ReplicaCommands());
  table.Add(SaveCommands());
  table.Add(ScriptCommands());
  table.Add(FunctionCommands());
  table.Add(ShutdownCommands());
  table.Add(SlowlogCommands());
  table.Add(TransactionCommands());
  table.Add(WaitCommands());
}

}  // namespace server
