// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"
#include "lsm/store.h"

namespace datatypes {

// For a command that works on keys during several turns: whether any of them was changed since it
// began, in whatever way. Unlike a look at their entries (CollectionWatch) it does not mind that
// these leave RAM and come back. Loop thread.
class KeyWatch final : public lsm::KeyspaceObserver {
 public:
  explicit KeyWatch(lsm::Store& store) : store_(store) { store_.AddObserver(this); }
  ~KeyWatch() override { store_.RemoveObserver(this); }
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;

  // Begins with what these keys are now.
  void Begin(uint32_t db, Args keys) {
    db_ = db;
    keys_.assign(keys.begin(), keys.end());
    changed_ = false;
  }
  // True also before Begin().
  bool changed() const { return changed_; }

  void OnModified(uint32_t db, std::string_view key) override {
    if (db == db_ && std::find(keys_.begin(), keys_.end(), key) != keys_.end()) changed_ = true;
  }
  void OnExpired(uint32_t db, std::string_view key) override { OnModified(db, key); }
  void OnFlushed(uint32_t db) override { changed_ = changed_ || db == db_; }
  void OnSwapped(uint32_t a, uint32_t b) override { changed_ = changed_ || a == db_ || b == db_; }

 private:
  lsm::Store& store_;
  uint32_t db_ = 0;
  std::vector<std::string> keys_;
  bool changed_ = true;
};

}  // namespace datatypes
