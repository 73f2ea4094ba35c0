// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/field_expiry.h"

#include <string>
#include <string_view>
#include <vector>

#include "datatypes/fields_to_replicas.h"
#include "datatypes/hash.h"

namespace datatypes {
namespace {

constexpr int64_t kRetryAfterMs = 60'000;

}  // namespace

FieldExpiry::FieldExpiry(lsm::Store& store, const Notifier& notifier, const Settings& settings)
    : store_(store), notifier_(notifier), settings_(settings) {
  lsm::RowExpiry::Of(store_).SetExpirer(this);
}

FieldExpiry::~FieldExpiry() {
  lsm::RowExpiry::Of(store_).SetExpirer(nullptr);
}

lsm::RowExpirer::Progress FieldExpiry::ExpireRows(uint32_t db, lsm::Entry* entry, int64_t now_ms,
                                                  size_t max_rows, lsm::LoadWaiter* waiter) {
  const std::string key(entry->key());  // The entry may move.
  Hash hash = Hash::Of(Keyspace(store_, db), key, entry, settings_, now_ms);
  if (waiter != nullptr && !hash.PrefetchDue(max_rows, *waiter)) return Progress::kLoading;
  const ToReplicas replicas(notifier_, db);
  std::vector<std::string> fields;
  const Result<uint64_t> erased = hash.EraseDue(max_rows, replicas.on() ? &fields : nullptr);
  if (!erased || *erased == 0) {  // Rows that are damaged, or cannot be read.
    lsm::RowExpiry::Of(store_).SetTimes(entry, {now_ms + kRetryAfterMs, lsm::kNoExpiry});
    return Progress::kDone;
  }
  TellExpired(replicas, key, std::vector<std::string_view>(fields.begin(), fields.end()));
  notifier_.Send(kNotifyHash, "hexpired", db, key);
  if (!hash.exists()) notifier_.Send(kNotifyGeneric, "del", db, key);
  return hash.has_due() ? Progress::kMore : Progress::kDone;
}

void FieldExpiry::OnAllExpired(uint32_t db, std::string_view key) {
  ToReplicas(notifier_, db).AtOnce({"DEL", key});
  notifier_.Send(kNotifyHash, "hexpired", db, key);
  notifier_.Send(kNotifyGeneric, "del", db, key);
}

}  // namespace datatypes
