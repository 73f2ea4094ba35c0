// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/keyspace.h"

#include "datatypes/errors.h"

namespace datatypes {
namespace {

Result<lsm::Entry*> Load(lsm::Store& store, uint32_t db, std::string_view key,
                         lsm::Store::Access access) {
  lsm::Result<lsm::Entry*> entry = store.FindOrLoad(db, key, access);
  if (!entry) return tl::unexpected(Error(entry.error()));
  return *entry;
}

}  // namespace

Result<lsm::Entry*> Keyspace::Get(std::string_view key) const {
  if (found_ != nullptr && found_->key.data() != nullptr && found_->key.data() == key.data() &&
      found_->key.size() == key.size()) {
    found_->key = {};
    return found_->entry;
  }
  return Load(*store_, db_, key,
              no_touch_ ? lsm::Store::Access::kNoTouch : lsm::Store::Access::kTouch);
}

Result<lsm::Entry*> Keyspace::Peek(std::string_view key) const {
  return Load(*store_, db_, key, lsm::Store::Access::kNoTouch);
}

Result<lsm::Entry*> Keyspace::GetTyped(std::string_view key, Type type) const {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, Get(key));
  if (entry != nullptr && entry->type() != type) return Fail(kWrongType);
  return entry;
}

}  // namespace datatypes
