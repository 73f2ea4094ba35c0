// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>

#include "server/string_map.h"

namespace server {

class Connection;

// CLIENT TRACKING ... BCAST: prefixes of keys, who wants to know of changes to any key that begins
// so, and the keys that have changed since all were told last. Loop thread only.
class BroadcastPrefixes {
 public:
  // Keys in their order, each with the id of the client that changed it last; 0: none did.
  using Changes = absl::btree_map<std::string, uint64_t>;

  BroadcastPrefixes() = default;
  BroadcastPrefixes(const BroadcastPrefixes&) = delete;
  BroadcastPrefixes& operator=(const BroadcastPrefixes&) = delete;

  // Requires that the connection does not have that prefix yet; and, to remove, that it does.
  void Add(Connection& connection, std::string_view prefix);
  void Remove(Connection& connection, std::string_view prefix);

  void OnChanged(std::string_view key, uint64_t client);
  // Gives out what has changed, prefix by prefix in their order, and begins anew. `tell` must not
  // add or remove prefixes.
  void Flush(const std::function<void(const Changes& changes,
                                      const std::vector<Connection*>& clients)>& tell);

  bool empty() const { return prefixes_.empty(); }
  size_t size() const { return prefixes_.size(); }

 private:
  struct Prefix {
    std::string text;
    std::vector<Connection*> clients;
    Changes changes;
  };

  StringMap<std::unique_ptr<Prefix>> prefixes_;
  // How many prefixes there are of each length: a key is looked up once per length.
  std::map<size_t, size_t> lengths_;
  std::vector<Prefix*> changed_;
};

}  // namespace server
