// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "lsm/collection.h"
#include "lsm/entry.h"

namespace datatypes {

// For a command that reads a value during several turns: whether the value is still what it was
// when the command began. Of a value without collection it keeps a copy.
class CollectionWatch {
 public:
  // Begins with the value as it is now; nullptr: there is none. False: not in this turn, since a
  // later change in it would not be noticed; try again in the next one.
  bool Begin(const lsm::Entry* entry, uint64_t committed_seq) {
    exists_ = entry != nullptr;
    if (!exists_) return true;
    payload_.clear();
    has_collection_ = entry->has_collection();
    if (!has_collection_) {
      payload_ = entry->payload();
      return true;
    }
    collection_ = entry->collection().id();
    changed_seq_ = entry->collection().changed_seq();
    return changed_seq_ <= committed_seq;
  }
  bool Unchanged(const lsm::Entry* entry) const {
    if (!exists_ || entry == nullptr) return exists_ == (entry != nullptr);
    if (has_collection_ != entry->has_collection()) return false;
    if (!has_collection_) return payload_ == entry->payload();
    const lsm::Collection& rows = entry->collection();
    return rows.id() == collection_ && rows.changed_seq() == changed_seq_;
  }

 private:
  bool exists_ = false;
  bool has_collection_ = false;
  lsm::CollectionId collection_ = 0;
  uint64_t changed_seq_ = 0;
  std::string payload_;
};

}  // namespace datatypes
