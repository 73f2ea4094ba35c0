// SPDX-License-Identifier: BSD-3-Clause
#include "server/broadcast_prefixes.h"

#include <algorithm>
#include <utility>

namespace server {

void BroadcastPrefixes::Add(Connection& connection, std::string_view prefix) {
  std::unique_ptr<Prefix>& entry = prefixes_[prefix];
  if (entry == nullptr) {
    entry = std::make_unique<Prefix>();
    entry->text = prefix;
    ++lengths_[prefix.size()];
  }
  entry->clients.push_back(&connection);
}

void BroadcastPrefixes::Remove(Connection& connection, std::string_view prefix) {
  const auto found = prefixes_.find(prefix);
  Prefix& entry = *found->second;
  std::erase(entry.clients, &connection);
  if (!entry.clients.empty()) return;
  std::erase(changed_, &entry);
  const auto length = lengths_.find(prefix.size());
  if (--length->second == 0) lengths_.erase(length);
  prefixes_.erase(found);
}

void BroadcastPrefixes::OnChanged(std::string_view key, uint64_t client) {
  for (const auto& [length, count] : lengths_) {
    if (length > key.size()) return;
    const auto found = prefixes_.find(key.substr(0, length));
    if (found == prefixes_.end()) continue;
    Prefix& prefix = *found->second;
    if (prefix.changes.empty()) changed_.push_back(&prefix);
    prefix.changes.insert_or_assign(std::string(key), client);
  }
}

void BroadcastPrefixes::Flush(
    const std::function<void(const Changes&, const std::vector<Connection*>&)>& tell) {
  if (changed_.empty()) return;
  std::ranges::sort(changed_, {}, [](const Prefix* prefix) { return prefix->text; });
  for (Prefix* const prefix : std::exchange(changed_, {})) {
    tell(std::exchange(prefix->changes, {}), prefix->clients);
  }
}

}  // namespace server
