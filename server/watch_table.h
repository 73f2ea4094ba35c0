// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/store.h"
#include "server/string_map.h"

namespace server {

class Connection;

// What one connection watches.
struct WatchState {
  struct Key {
    uint32_t db;
    std::string key;
    int64_t expire_at_ms;  // When it was watched; a later change of it shows as a change.
  };
  std::vector<Key> keys;
  bool dirty = false;  // One of them has changed: EXEC will do nothing.
};

// WATCH: who watches which keys of which database. A change makes all its watchers dirty, and then
// they watch nothing any more. Since every change is seen, whether a key exists is known from the
// time when it was watched. Loop thread only.
class WatchTable {
 public:
  explicit WatchTable(lsm::Store& store) : store_(store), databases_(store.databases()) {}
  WatchTable(const WatchTable&) = delete;
  WatchTable& operator=(const WatchTable&) = delete;

  // `entry` is what the key holds now; nullptr: it is absent. Nothing happens if the connection
  // watches it already, or is dirty.
  void Watch(Connection& connection, uint32_t db, std::string_view key, const lsm::Entry* entry);
  // The connection watches nothing any more; and is no longer dirty, if `forgive`.
  void Unwatch(Connection& connection, bool forgive);
  // The time of a key has come that was watched while it lived.
  static bool HasExpired(const Connection& connection, int64_t now_ms);

  bool empty() const { return watchers_ == 0; }
  // Connections that watch something, and pairs of them with keys; for INFO.
  size_t clients() const { return clients_; }
  size_t watchers() const { return watchers_; }

  // What happens to keys.
  void OnChanged(uint32_t db, std::string_view key);
  void OnFlushed(uint32_t db);
  // Before it happens.
  void OnSwapped(uint32_t a, uint32_t b);

 private:
  struct Watcher {
    Connection* connection;
    bool existed;
  };
  using Database = StringMap<std::vector<Watcher>>;

  // Those whose key there is or will be, once the keys of `other` are those of `db`.
  void FindSwapped(uint32_t db, uint32_t other, std::vector<Connection*>& touched);
  void MakeDirty(const std::vector<Connection*>& touched);

  lsm::Store& store_;
  std::vector<Database> databases_;
  size_t clients_ = 0;
  size_t watchers_ = 0;
};

}  // namespace server
