// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/command_table.h"
#include "datatypes/hash_families.h"
#include "datatypes/set_families.h"
#include "datatypes/stream_families.h"

namespace datatypes {

void AddDataCommands(CommandTable& table) {
  table.Add(BitmapCommands());
  table.Add(CommandCommands());
  table.Add(DatabaseCommands());
  table.Add(DumpCommands());
  table.Add(ExpireCommands());
  table.Add(GeoCommands());
  table.Add(HashCommands());
  table.Add(HyperLogLogCommands());
  table.Add(KeyCommands());
  table.Add(ListCommands());
  table.Add(MoveCommands());
  table.Add(ObjectCommands());
  table.Add(ScanCommands());
  table.Add(SetCommands());
  table.Add(SortCommands());
  table.Add(SortedSetCommands());
  table.Add(StreamCommands());
  table.Add(StringCommands());
}

}  // namespace datatypes
