// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/result.h"
#include "datatypes/types.h"
#include "lsm/store.h"

namespace datatypes {

// The one key of a command, as the dispatcher has just found it: saves its first look-up. `key` is
// the argument itself (the same bytes in memory), empty at nullptr once used.
struct FoundKey {
  std::string_view key;
  lsm::Entry* entry = nullptr;
};

// One database of the store, as commands see it. A small value; pass it by value.
class Keyspace {
 public:
  // `found`, if given, must outlive it.
  Keyspace(lsm::Store& store, uint32_t db, bool no_touch = false, FoundKey* found = nullptr)
      : store_(&store), found_(found), db_(db), no_touch_(no_touch) {}

  lsm::Store& store() const { return *store_; }
  uint32_t db() const { return db_; }
  Keyspace InDb(uint32_t db) const { return {*store_, db, no_touch_}; }

  // The live entry, or nullptr. Declared keys are resident already; others are loaded on the spot.
  Result<lsm::Entry*> Get(std::string_view key) const;
  // The same without counting as a use.
  Result<lsm::Entry*> Peek(std::string_view key) const;
  // The live entry if it is of `type`; nullptr if absent; WRONGTYPE otherwise.
  Result<lsm::Entry*> GetTyped(std::string_view key, Type type) const;

 private:
  lsm::Store* store_;
  FoundKey* found_;
  uint32_t db_;
  bool no_touch_;
};

}  // namespace datatypes
