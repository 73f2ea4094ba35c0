// SPDX-License-Identifier: BSD-3-Clause
#include "server/keyspace_events.h"

#include "datatypes/notifications.h"
#include "server/migrator.h"
#include "server/replication/feed.h"
#include "server/server.h"
#include "server/tracking.h"
#include "server/watch_table.h"

namespace server {

void KeyspaceEvents::OnModified(uint32_t db, std::string_view key) {
  if (server_.feed().listening()) server_.feed().NoteChange();
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnChanged(db, key);
  if (!server_.migrator().idle()) server_.migrator().OnModified(db, key);
  if (!server_.tracking().idle()) server_.tracking().OnChanged(key);
}

void KeyspaceEvents::OnExpired(uint32_t db, std::string_view key) {
  if (server_.feed().listening()) server_.feed().OnVanished(db, key);
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnChanged(db, key);
  if (!server_.migrator().idle()) server_.migrator().OnModified(db, key);
  if (!server_.tracking().idle()) server_.tracking().OnChanged(key);
  server_.notifier().Send(datatypes::kNotifyExpired, "expired", db, key);
}

void KeyspaceEvents::OnFlushed(uint32_t db) {
  if (server_.feed().listening()) server_.feed().NoteChange();
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnFlushed(db);
  if (!server_.migrator().idle()) server_.migrator().OnAllModified(db);
  if (!server_.tracking().idle()) server_.tracking().OnFlushed();
}

void KeyspaceEvents::OnSwapped(uint32_t a, uint32_t b) {
  if (server_.feed().listening()) server_.feed().NoteChange();
  WatchTable& watches = server_.watches();
  if (!watches.empty()) watches.OnSwapped(a, b);
  if (!server_.migrator().idle()) {
    server_.migrator().OnAllModified(a);
    server_.migrator().OnAllModified(b);
  }
  // Redis tells nothing of this, and lets clients keep what their keys were before.
  if (!server_.tracking().idle()) server_.tracking().OnFlushed();
}

}  // namespace server
