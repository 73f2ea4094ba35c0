// SPDX-License-Identifier: BSD-3-Clause
// Fields of hashes that expire. The rows by time stand before those of the fields, so the number of
// fields that are due is the rank of the first one that is not, and on a cold hash nothing else has
// to be counted. The store knows when the first field is due, and from when on all of them are: so
// it calls for EraseDue() in time, and takes a hash of which nothing is left for absent.
#include <algorithm>
#include <string>
#include <vector>

#include "datatypes/hash.h"
#include "datatypes/row_results.h"
#include "lsm/collection_cursor.h"
#include "lsm/row_stream.h"

namespace datatypes {

bool Hash::has_due() const {
  if (entry_ == nullptr) return false;
  return due(lsm::RowExpiry::TimesOf(*entry_).first_ms);
}

bool Hash::PrefetchSize(lsm::LoadWaiter& waiter) const {
  return !has_due() || lsm::PrefetchRank(store(), *entry_, TimeKey(now_ms_ + 1, {}), waiter);
}

Result<uint64_t> Hash::Size() const {
  if (!has_due()) return ranks();
  ASSIGN_OR_RETURN(const uint64_t due, OrError(rows().Rank(TimeKey(now_ms_ + 1, {}))));
  return ranks() - due;
}

// Where a page cannot be read, the answer is one that leads to another look: the first is due
// early, and not all are.
lsm::RowTimes Hash::FindTimes() const {
  lsm::RowTimes times;
  const uint64_t timed_fields = timed();
  if (timed_fields == 0) return times;
  const auto time_at = [](const lsm::CollectionCursor& row) -> std::optional<int64_t> {
    if (!row.valid()) return std::nullopt;
    const std::optional<DecodedTime> decoded = DecodeTimeKey(row.subkey());
    if (!decoded) return std::nullopt;
    return decoded->expire_at_ms;
  };
  const int64_t old_ms = std::max<int64_t>(lsm::RowExpiry::TimesOf(*entry_).first_ms, 0);
  times.first_ms = time_at(rows().SeekFirst()).value_or(old_ms);
  if (timed_fields < ranks()) return times;
  const std::optional<int64_t> last_ms = time_at(rows().SeekBefore(kTimesEnd));
  if (last_ms && *last_ms >= times.first_ms) times.all_ms = *last_ms;
  return times;
}

void Hash::SettleTimes() {
  const lsm::RowTimes times = FindTimes();
  if (times == lsm::RowExpiry::TimesOf(*entry_)) return;
  lsm::RowExpiry::Of(store()).SetTimes(entry_, times);
}

Result<bool> Hash::SetTimed(std::string_view field, std::string_view value, int64_t expire_at_ms) {
  const FieldKey key(field);
  ASSIGN_OR_RETURN(const std::optional<DecodedValue> old, FindRow(key.view()));
  const int64_t old_ms = old ? old->expire_at_ms : lsm::kNoExpiry;
  const bool existed = old && !due(old_ms);
  if (expire_at_ms == kKeepExpiry) expire_at_ms = existed ? old_ms : lsm::kNoExpiry;
  const bool moves = expire_at_ms != old_ms;
  // What is to be written is loaded before the first change.
  for (const int64_t time_ms : {old_ms, expire_at_ms}) {
    if (!moves || time_ms == lsm::kNoExpiry) continue;
    RETURN_IF_ERROR(OrError(rows().Contains(TimeKey(time_ms, field))));
  }
  Ensured(rows().Put(key.view(), FieldValue(value, expire_at_ms).view()));
  if (moves) {
    Extras extras = LoadExtras();
    if (old_ms != lsm::kNoExpiry) {
      Ensured(rows().Erase(TimeKey(old_ms, field)));
      --extras.timed;
    }
    if (expire_at_ms != lsm::kNoExpiry) {
      Ensured(rows().Put(TimeKey(expire_at_ms, field), {}));
      ++extras.timed;
      store().SetTypeFlags(entry_, entry_->type_flags() | kTimed);
    }
    StoreExtras(extras);
  }
  NoteSize(field.size(), value.size());
  SettleTimes();
  return !existed;
}

Result<void> Hash::SetExpiry(std::string_view field, int64_t expire_at_ms) {
  ASSIGN_OR_RETURN(const std::optional<DecodedValue> old, FindRow(FieldKey(field).view()));
  ENSURE(old && !due(old->expire_at_ms));
  const std::string value(old->value);
  RETURN_IF_ERROR(SetTimed(field, value, expire_at_ms));
  return {};
}

Result<bool> Hash::EraseTimed(std::string_view field) {
  const FieldKey key(field);
  ASSIGN_OR_RETURN(const std::optional<DecodedValue> old, FindRow(key.view()));
  if (!old || due(old->expire_at_ms)) return false;
  if (ranks() == 1) {
    DeleteKey();
    return true;
  }
  const bool has_time = old->expire_at_ms != lsm::kNoExpiry;
  if (has_time) {
    const std::string time_key = TimeKey(old->expire_at_ms, field);
    RETURN_IF_ERROR(OrError(rows().Erase(time_key)));
  }
  Ensured(rows().Erase(key.view()));
  NoteErased(1, has_time ? 1 : 0);
  SettleTimes();
  return true;
}

bool Hash::PrefetchDue(uint64_t most, lsm::LoadWaiter& waiter) const {
  if (!has_due()) return true;
  constexpr auto kForward = lsm::Collection::Direction::kForward;
  if (!store().PrefetchScan(*entry_, kTimesBegin, most + 1, kForward, waiter)) return false;
  bool resident = true;
  lsm::CollectionCursor row = rows().SeekFirst();
  for (; most > 0 && row.valid(); --most, row.Next()) {
    const std::optional<DecodedTime> time = DecodeTimeKey(row.subkey());
    if (!time || !due(time->expire_at_ms)) break;
    if (!store().PrefetchRow(*entry_, FieldKey(time->field).view(), waiter)) resident = false;
  }
  return resident;
}

Result<uint64_t> Hash::EraseDue(uint64_t most, std::vector<std::string>* erased) {
  if (!has_due()) return uint64_t{0};
  std::vector<std::string> time_keys;
  lsm::CollectionCursor row = rows().SeekFirst();
  for (; row.valid() && time_keys.size() < most; row.Next()) {
    const std::optional<DecodedTime> time = DecodeTimeKey(row.subkey());
    if (!time || !due(time->expire_at_ms)) break;
    time_keys.emplace_back(row.subkey());
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  const auto field_of = [](const std::string& key) { return DecodeTimeKey(key)->field; };
  if (erased != nullptr) {
    for (const std::string& key : time_keys) erased->emplace_back(field_of(key));
  }
  if (time_keys.size() == ranks()) {
    DeleteKey();
    return uint64_t{time_keys.size()};
  }
  for (const std::string& key : time_keys) {  // What can fail comes first.
    RETURN_IF_ERROR(OrError(rows().Contains(FieldKey(field_of(key)).view())));
  }
  for (const std::string& key : time_keys) {
    Ensured(rows().Erase(FieldKey(field_of(key)).view()));
    Ensured(rows().Erase(key));
  }
  NoteErased(time_keys.size(), time_keys.size());
  SettleTimes();
  return uint64_t{time_keys.size()};
}

}  // namespace datatypes
