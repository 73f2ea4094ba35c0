// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash.h"

#include <algorithm>
#include <utility>

#include "datatypes/row_results.h"
#include "lsm/collection_cursor.h"
#include "lsm/varint.h"

namespace datatypes {
namespace {

Error Damaged() {
  return Error(lsm::Status::Corruption("a row of a hash is no field"));
}

bool Exceeds(uint64_t value, int64_t limit) {
  return value > static_cast<uint64_t>(std::max<int64_t>(limit, 0));
}

}  // namespace

Result<Hash> Hash::Open(Keyspace keyspace, std::string_view key, const Settings& settings,
                        int64_t now_ms) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.GetTyped(key, kHash));
  return Of(keyspace, key, entry, settings, now_ms);
}

std::string_view Hash::Encoding(const lsm::Entry& entry) {
  if (IsHashTable(entry)) return "hashtable";
  return (entry.type_flags() & kTimed) != 0 ? "listpackex" : "listpack";
}

// ---- The payload: erased u32, and if there is any: timed u64.

Hash::Extras Hash::LoadExtras() const {
  Extras extras;
  if (entry_ == nullptr) return extras;
  const std::string_view payload = entry_->payload();
  if (payload.size() >= 4) extras.erased = static_cast<uint32_t>(lsm::DecodeBigEndian(payload, 4));
  if (payload.size() >= 12) extras.timed = lsm::DecodeBigEndian(payload.substr(4), 8);
  return extras;
}

std::string_view Hash::EncodeExtras(uint32_t erased, uint64_t timed, char (&bytes)[kExtrasBytes]) {
  lsm::EncodeBigEndian(bytes, erased);
  lsm::EncodeBigEndian(bytes + sizeof erased, timed);
  if (timed != 0) return {bytes, sizeof bytes};
  return {bytes, erased != 0 ? sizeof erased : 0};
}

void Hash::StoreExtras(const Extras& extras) {
  char bytes[kExtrasBytes];
  entry_ = store().SetPayload(entry_, EncodeExtras(extras.erased, extras.timed, bytes));
}

bool Hash::PrefetchRanks(uint64_t from, uint64_t to, lsm::LoadWaiter& waiter) const {
  if (from >= to || rows().small()) return true;
  constexpr uint64_t kMost = 16'384;
  constexpr uint64_t kStep = 16;  // No page has fewer rows unless they are large.
  to = std::min(to, from + kMost);
  bool resident = true;
  for (uint64_t rank = from; rank < to; rank += kStep) {
    if (!PrefetchRank(rank, waiter)) resident = false;
  }
  return PrefetchRank(to - 1, waiter) && resident;
}

// ---- Reading.

Result<std::optional<DecodedValue>> Hash::FindRow(std::string_view subkey) const {
  if (row_count() == 0) return std::optional<DecodedValue>();
  ASSIGN_OR_RETURN(const std::optional<std::string_view> stored, OrError(rows().Find(subkey)));
  if (!stored) return std::optional<DecodedValue>();
  const std::optional<DecodedValue> decoded = DecodeFieldValue(*stored);
  if (!decoded) return tl::unexpected(Damaged());
  return decoded;
}

Result<std::optional<Hash::Field>> Hash::Find(std::string_view field) const {
  ASSIGN_OR_RETURN(const std::optional<DecodedValue> row, FindRow(FieldKey(field).view()));
  if (!row || due(row->expire_at_ms)) return std::optional<Field>();
  return std::optional<Field>({field, row->value, row->expire_at_ms});
}

Result<std::optional<std::string_view>> Hash::Get(std::string_view field) const {
  ASSIGN_OR_RETURN(const std::optional<DecodedValue> row, FindRow(FieldKey(field).view()));
  if (!row || due(row->expire_at_ms)) return std::optional<std::string_view>();
  return std::optional<std::string_view>(row->value);
}

Result<void> Hash::Visit(uint64_t from, uint64_t to, Visitor visit) const {
  to = std::min(to, ranks());
  if (from >= to) return {};
  const uint64_t before = timed() + from;  // Rows.
  lsm::CollectionCursor row = before == 0 ? rows().SeekFirst() : rows().At(before);
  for (uint64_t left = to - from; row.valid(); row.Next()) {
    const std::optional<std::string_view> name = DecodeFieldKey(row.subkey());
    const std::optional<DecodedValue> value = DecodeFieldValue(row.value());
    if (!name || !value) return tl::unexpected(Damaged());
    if (!due(value->expire_at_ms) && !visit(Field{*name, value->value, value->expire_at_ms})) {
      return {};
    }
    if (--left == 0) return {};  // The next row may be on a page that nobody needs.
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return {};
}

// ---- Changing.

Result<void> Hash::Load(std::string_view field) const {
  if (row_count() == 0 || rows().small()) return {};
  ASSIGN_OR_RETURN(const std::optional<DecodedValue> row, FindRow(FieldKey(field).view()));
  if (!row || row->expire_at_ms == lsm::kNoExpiry) return {};
  RETURN_IF_ERROR(OrError(rows().Contains(TimeKey(row->expire_at_ms, field))));
  return {};
}

// What Redis would make of a hash that has come to this size.
void Hash::NoteSize(size_t field_bytes, size_t value_bytes) {
  if (is_hash_table()) return;
  if (!Exceeds(ranks(), settings_->hash_max_listpack_entries) &&
      !Exceeds(std::max(field_bytes, value_bytes), settings_->hash_max_listpack_value)) {
    return;
  }
  store().SetTypeFlags(entry_, entry_->type_flags() | kHashTable);
}

Result<bool> Hash::Set(std::string_view field, std::string_view value, int64_t expire_at_ms) {
  if (entry_ == nullptr) {
    entry_ = store().AttachCollection(store().Create(keyspace_.db(), key_, kHash, 0, {}));
  }
  if (expire_at_ms >= 0 || timed() > 0) return SetTimed(field, value, expire_at_ms);
  ASSIGN_OR_RETURN(const lsm::Collection::PutResult put,
                   OrError(rows().Put(FieldKey(field).view(), FieldValue(value).view())));
  NoteSize(field.size(), value.size());
  return put.created;
}

void Hash::DeleteKey() {
  store().Delete(entry_);  // Its rows are collected in the background.
  entry_ = nullptr;
}

void Hash::NoteErased(uint64_t fields, uint64_t timed_fields) {
  Extras extras = LoadExtras();
  // Of a small hash a walk is one step: nobody asks.
  const uint64_t counted = is_hash_table() ? fields : 0;
  if (counted == 0 && timed_fields == 0) return;
  extras.erased += static_cast<uint32_t>(counted);
  extras.timed -= std::min(extras.timed, timed_fields);
  StoreExtras(extras);
}

Result<bool> Hash::Erase(std::string_view field) {
  if (row_count() == 0) return false;
  if (timed() > 0) return EraseTimed(field);
  const FieldKey key(field);
  if (row_count() == 1) {
    ASSIGN_OR_RETURN(const bool found, OrError(rows().Contains(key.view())));
    if (found) DeleteKey();
    return found;
  }
  ASSIGN_OR_RETURN(const bool erased, OrError(rows().Erase(key.view())));
  if (erased) NoteErased(1, 0);
  return erased;
}

}  // namespace datatypes
