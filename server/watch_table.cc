// SPDX-License-Identifier: BSD-3-Clause
#include "server/watch_table.h"

#include <algorithm>

#include "server/connection.h"

namespace server {

void WatchTable::Watch(Connection& connection, uint32_t db, std::string_view key,
                       const lsm::Entry* entry) {
  if (connection.watches == nullptr) connection.watches = std::make_unique<WatchState>();
  WatchState& state = *connection.watches;
  if (state.dirty) return;
  std::vector<Watcher>& watchers = databases_[db][key];
  if (std::ranges::any_of(watchers,
                          [&](const Watcher& each) { return each.connection == &connection; })) {
    return;
  }
  watchers.push_back({&connection, entry != nullptr});
  ++watchers_;
  if (state.keys.empty()) ++clients_;
  const bool expires = entry != nullptr && entry->has_expiry();
  state.keys.push_back({db, std::string(key), expires ? entry->expire_at_ms() : lsm::kNoExpiry});
}

void WatchTable::Unwatch(Connection& connection, bool forgive) {
  if (connection.watches == nullptr) return;
  WatchState& state = *connection.watches;
  for (const WatchState::Key& watched : state.keys) {
    Database& database = databases_[watched.db];
    const auto found = database.find(watched.key);
    std::erase_if(found->second,
                  [&](const Watcher& each) { return each.connection == &connection; });
    if (found->second.empty()) database.erase(found);
    --watchers_;
  }
  if (!state.keys.empty()) --clients_;
  state.keys.clear();
  if (forgive) connection.watches.reset();
}

bool WatchTable::HasExpired(const Connection& connection, int64_t now_ms) {
  if (connection.watches == nullptr) return false;
  return std::ranges::any_of(connection.watches->keys, [now_ms](const WatchState::Key& watched) {
    return watched.expire_at_ms != lsm::kNoExpiry && watched.expire_at_ms <= now_ms;
  });
}

void WatchTable::MakeDirty(const std::vector<Connection*>& touched) {
  for (Connection* const connection : touched) {
    Unwatch(*connection, /*forgive=*/false);
    connection->watches->dirty = true;
  }
}

void WatchTable::OnChanged(uint32_t db, std::string_view key) {
  const Database& database = databases_[db];
  const auto found = database.find(key);
  if (found == database.end()) return;
  std::vector<Connection*> touched;
  for (const Watcher& watcher : found->second) touched.push_back(watcher.connection);
  MakeDirty(touched);
}

void WatchTable::OnFlushed(uint32_t db) {
  std::vector<Connection*> touched;
  for (const auto& [key, watchers] : databases_[db]) {
    for (const Watcher& watcher : watchers) {
      if (watcher.existed) touched.push_back(watcher.connection);
    }
  }
  MakeDirty(touched);
}

void WatchTable::FindSwapped(uint32_t db, uint32_t other, std::vector<Connection*>& touched) {
  // Looking may delete keys whose time has come, and so change the table under us.
  std::vector<std::string> keys;
  for (const auto& [key, watchers] : databases_[db]) keys.push_back(key);
  for (const std::string& key : keys) {
    const auto comes = store_.FindOrLoad(other, key, lsm::Store::Access::kNoTouch);
    // What cannot be read may be anything.
    const bool will_exist = !comes || comes.value() != nullptr;
    const auto found = databases_[db].find(key);
    if (found == databases_[db].end()) continue;
    for (const Watcher& watcher : found->second) {
      if (watcher.existed || will_exist) touched.push_back(watcher.connection);
    }
  }
}

void WatchTable::OnSwapped(uint32_t a, uint32_t b) {
  std::vector<Connection*> touched;
  FindSwapped(a, b, touched);
  FindSwapped(b, a, touched);
  MakeDirty(touched);
}

}  // namespace server
