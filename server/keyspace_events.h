// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "lsm/store.h"

namespace server {

class Server;

// The store's one observer: hands on what happens to keys to all who want to know. Loop thread
// only.
class KeyspaceEvents final : public lsm::KeyspaceObserver {
 public:
  explicit KeyspaceEvents(Server& server) : server_(server) {}

  void OnModified(uint32_t db, std::string_view key) override;
  void OnExpired(uint32_t db, std::string_view key) override;
  void OnFlushed(uint32_t db) override;
  void OnSwapped(uint32_t a, uint32_t b) override;

 private:
  Server& server_;
};

}  // namespace server
