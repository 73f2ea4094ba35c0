// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "datatypes/hash_format.h"
#include "lsm/collection_cursor.h"

namespace datatypes {
namespace {

Error Damaged() {
  return Error(lsm::Status::Corruption("a row of a hash is no field"));
}

template <typename T>
Result<T> OrError(lsm::Result<T> result) {
  if (!result) return tl::unexpected(Error(result.error()));
  return *std::move(result);
}

bool Exceeds(uint64_t value, int64_t limit) {
  return value > static_cast<uint64_t>(std::max<int64_t>(limit, 0));
}

}  // namespace

Result<Hash> Hash::Open(Keyspace keyspace, std::string_view key, const Settings& settings) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.GetTyped(key, kHash));
  return Hash(keyspace, key, entry, settings);
}

std::string_view Hash::Encoding(const lsm::Entry& entry) {
  return IsHashTable(entry) ? "hashtable" : "listpack";
}

uint64_t Hash::size() const {
  return entry_ != nullptr && entry_->has_collection() ? rows().count() : 0;
}

// The payload: how many fields were erased, u32 big-endian.
uint32_t Hash::erased() const {
  uint32_t count = 0;
  if (entry_ == nullptr || entry_->payload().size() != sizeof(count)) return 0;
  std::memcpy(&count, entry_->payload().data(), sizeof(count));
  return __builtin_bswap32(count);
}

// ---- Reading.

Result<std::optional<std::string_view>> Hash::Get(std::string_view field) const {
  if (size() == 0) return std::optional<std::string_view>();
  ASSIGN_OR_RETURN(const std::optional<std::string_view> stored,
                   OrError(rows().Find(FieldKey(field).view())));
  if (!stored) return stored;
  const std::optional<std::string_view> value = DecodeFieldValue(*stored);
  if (!value) return tl::unexpected(Damaged());
  return value;
}

Result<void> Hash::Visit(uint64_t from, uint64_t to, Visitor visit) const {
  to = std::min(to, size());
  if (from >= to) return {};
  lsm::CollectionCursor row = from == 0 ? rows().SeekFirst() : rows().At(from);
  for (uint64_t left = to - from; row.valid(); row.Next()) {
    const std::optional<std::string_view> name = DecodeFieldKey(row.subkey());
    const std::optional<std::string_view> value = DecodeFieldValue(row.value());
    if (!name || !value) return tl::unexpected(Damaged());
    if (!visit(Field{*name, *value})) return {};
    if (--left == 0) return {};  // The next row may be on a page that nobody needs.
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return {};
}

// ---- Changing.

Result<void> Hash::Load(std::string_view field) const {
  if (size() == 0 || rows().small()) return {};
  RETURN_IF_ERROR(OrError(rows().Contains(FieldKey(field).view())));
  return {};
}

// What Redis would make of a hash that has come to this size.
void Hash::NoteSize(size_t field_bytes, size_t value_bytes) {
  if (is_hash_table()) return;
  if (!Exceeds(size(), settings_->hash_max_listpack_entries) &&
      !Exceeds(std::max(field_bytes, value_bytes), settings_->hash_max_listpack_value)) {
    return;
  }
  store().SetTypeFlags(entry_, entry_->type_flags() | kHashTable);
}

Result<bool> Hash::Set(std::string_view field, std::string_view value) {
  if (entry_ == nullptr) {
    entry_ = store().AttachCollection(store().Create(keyspace_.db(), key_, kHash, 0, {}));
  }
  const FieldValue stored(value);
  ASSIGN_OR_RETURN(const lsm::Collection::PutResult put,
                   OrError(rows().Put(FieldKey(field).view(), stored.view())));
  NoteSize(field.size(), value.size());
  return put.created;
}

// Of a small hash a walk is one step: nobody asks.
void Hash::CountErased() {
  if (!is_hash_table()) return;
  const uint32_t count = __builtin_bswap32(erased() + 1);
  entry_ = store().SetPayload(entry_, {reinterpret_cast<const char*>(&count), sizeof(count)});
}

Result<bool> Hash::Erase(std::string_view field) {
  if (size() == 0) return false;
  if (rows().count() == 1) {
    // The rows of what goes whole are collected in the background.
    ASSIGN_OR_RETURN(const bool found, OrError(rows().Contains(FieldKey(field).view())));
    if (!found) return false;
    store().Delete(entry_);
    entry_ = nullptr;
    return true;
  }
  ASSIGN_OR_RETURN(const bool erased, OrError(rows().Erase(FieldKey(field).view())));
  if (erased) CountErased();
  return erased;
}

}  // namespace datatypes
