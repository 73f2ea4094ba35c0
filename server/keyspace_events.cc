// SPDX-License-Identifier: BSD-3-Clause
#include "server/keyspace_events.h"

#include "datatypes/notifications.h"
#include "server/server.h"
#include "server/watch_table.h"

namespace server {

void KeyspaceEvents::OnModified(uint32_t db, std::string_view key) {
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnChanged(db, key);
}

void KeyspaceEvents::OnExpired(uint32_t db, std::string_view key) {
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnChanged(db, key);
  server_.notifier().Send(datatypes::kNotifyExpired, "expired", db, key);
}

void KeyspaceEvents::OnFlushed(uint32_t db) {
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnFlushed(db);
}

void KeyspaceEvents::OnSwapped(uint32_t a, uint32_t b) {
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnSwapped(a, b);
}

}  // namespace server
