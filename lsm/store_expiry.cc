// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "lsm/store_impl.h"

namespace lsm {

namespace {

constexpr size_t kRowsPerSlice = 32;
// Rows of one key's collection that are deleted at once.
constexpr size_t kDueRowsPerSlice = 64;
// Of a key and its rows, one after the other, before what is missing is loaded on the spot.
constexpr int kMaxLoadsOfKey = 5;
// Keys that are looked at again between two looks at the clock.
constexpr size_t kRetriesPerSlice = 4;
constexpr int kMaxSlices = 512;
// Keys that were due and not resident, on their way from disk at one time.
constexpr size_t kMaxLoads = 512;

}  // namespace

RowExpiry& RowExpiry::Of(Store& store) {
  return static_cast<StoreImpl&>(store);
}

RowTimes RowExpiry::TimesOf(const Entry& entry) {
  return HotTier::RowTimesOf(entry);
}

void StoreImpl::ExpireNow(Entry* entry) {
  const uint32_t db = keyspaces_.IndexOf(SpaceOf(*entry));
  // Of a key that goes with the last of its rows only these have expired.
  const int64_t expire_at_ms = entry->expire_at_ms();
  const int64_t all_ms = HotTier::RowTimesOf(*entry).all_ms;
  const bool by_rows = all_ms != kNoExpiry && EarlierOf(expire_at_ms, all_ms) == all_ms;
  if (!by_rows) ++counts_.expired_keys;
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  DropCollection(parts);
  entry = MakeAbsent(entry);
  if (IsStaged(db)) return;
  if (by_rows) {
    if (row_expirer_ != nullptr) row_expirer_->OnAllExpired(db, entry->key());
    return;
  }
  ForEachObserver([&](KeyspaceObserver& observer) { observer.OnExpired(db, entry->key()); });
}

// Deletes single rows of a key. False: none is due any more.
bool StoreImpl::SweepDueRows(const TtlRow& row, Entry* entry, int64_t now_ms, int loads) {
  const int64_t first_ms = HotTier::RowTimesOf(*entry).first_ms;
  if (first_ms == kNoExpiry || first_ms > now_ms) return false;
  // Its ttl row, which is off the index by now, comes back after a restart.
  if (row_expirer_ == nullptr) return true;
  counts_.sweeper_lag_ms = static_cast<uint64_t>(now_ms - first_ms);
  auto waiter = std::make_unique<ExpiryWaiter>(*this, row, loads);
  const uint32_t db = keyspaces_.IndexOf(SpaceOf(*entry));
  // With hardly any RAM, what was loaded can have gone again: then slowly, but it goes on.
  LoadWaiter* const may_wait = loads < kMaxLoadsOfKey ? waiter.get() : nullptr;
  switch (row_expirer_->ExpireRows(db, entry, now_ms, kDueRowsPerSlice, may_wait)) {
    case RowExpirer::Progress::kDone:
      return false;
    case RowExpirer::Progress::kMore:
      sweep_retries_.push_back(row);
      return true;
    case RowExpirer::Progress::kLoading:
      break;
  }
  ENSURE(waiter->pending() > 0);
  ExpiryWaiter* raw = waiter.get();
  expiry_waiters_.emplace(raw, std::move(waiter));
  return true;
}

void StoreImpl::SweepRow(const TtlRow& row, int64_t now_ms, int loads) {
  const Keyspace* space = keyspaces_.Find(row.generation);
  const KeyName name{hot_.Hash(row.generation, row.key), row.generation, row.key};
  Entry* entry = space == nullptr ? nullptr : hot_.Find(name.hash, row.generation, row.key);
  if (space != nullptr && entry == nullptr && !space->all_resident()) {
    auto waiter = std::make_unique<ExpiryWaiter>(*this, row, loads);
    ExpiryWaiter* raw = waiter.get();
    expiry_waiters_.emplace(raw, std::move(waiter));
    board_->JoinKey(name, *raw);
    return;
  }
  if (entry == nullptr || !entry->exists() || EntryAllocator::TtlRowMs(*entry) != row.expire_ms) {
    DeleteTtlRow(row.expire_ms, row.generation, row.key);  // Nobody's any more.
    return;
  }
  if (IsExpired(*entry)) {
    const int64_t end_ms = EarlierOf(entry->expire_at_ms(), HotTier::RowTimesOf(*entry).all_ms);
    counts_.sweeper_lag_ms = static_cast<uint64_t>(now_ms - end_ms);
    ExpireNow(entry);
    return;
  }
  if (SweepDueRows(row, entry, now_ms, loads)) return;
  entry = hot_.Find(name.hash, row.generation, row.key);  // It may have moved.
  ENSURE(entry != nullptr);
  // The expiry has moved later, or was removed: the meta gets its row at the new time.
  DeleteTtlRow(row.expire_ms, row.generation, row.key);
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  parts.ttl_row_ms = kNoExpiry;
  hot_.MarkInTurn(hot_.Reshape(entry, parts));
}

void StoreImpl::SweepLoaded(ExpiryWaiter* waiter) {
  // The map owns it; it must live until its own call is over.
  const std::unique_ptr<ExpiryWaiter> owned = std::move(expiry_waiters_[waiter]);
  expiry_waiters_.erase(waiter);
  if (!owned->error().ok() || !sweeping_ || !Writable()) {
    sweep_retries_.push_back(std::move(owned->row));
    return;
  }
  SweepRow(owned->row, clock_.NowMs(), owned->loads);
}

bool StoreImpl::Sweep(int64_t until_us) {
  if (!sweeping_ || !Writable()) return false;
  const int64_t now_ms = clock_.NowMs();
  for (int slice = 0; slice < kMaxSlices; ++slice) {
    if (expiry_waiters_.size() >= kMaxLoads) return true;
    for (size_t n = std::min(sweep_retries_.size(), kRetriesPerSlice); n > 0; --n) {
      const TtlRow row = std::move(sweep_retries_.front());
      sweep_retries_.pop_front();
      SweepRow(row, now_ms);
    }
    const std::vector<TtlRow> due = ttl_rows_->PopDue(now_ms, kRowsPerSlice);
    for (const TtlRow& row : due) SweepRow(row, now_ms);
    if (due.size() < kRowsPerSlice && sweep_retries_.empty()) return false;
    if (clock_.MonotonicUs() >= until_us) return true;
  }
  return true;
}

// ---- The window of ttl rows.

class StoreImpl::RefillJob : public LoadJob {
 public:
  RefillJob(StoreImpl& store, TtlIndex::Refill refill)
      : store_(store), refill_(std::move(refill)) {}
  void Run() override { result_ = store_.reader_->ScanTtlRows(refill_.from, refill_.limit); }
  void Finish() override {
    if (result_.has_value()) {
      store_.ttl_rows_->FinishRefill(*std::move(result_));
    } else {
      store_.ttl_rows_->FailRefill();
      store_.Log('#', "reading expiry times: " + result_.error().message());
    }
  }

 private:
  StoreImpl& store_;
  const TtlIndex::Refill refill_;
  Result<TtlScan> result_ = TtlScan();
};

void StoreImpl::MaybeRefillTtl() {
  if (ttl_rows_->refilling()) return;
  std::optional<TtlIndex::Refill> refill = ttl_rows_->StartRefill();
  if (refill.has_value()) board_->Add(std::make_unique<RefillJob>(*this, *std::move(refill)));
}

}  // namespace lsm
