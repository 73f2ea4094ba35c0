// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "lsm/store_impl.h"

namespace lsm {

namespace {

constexpr size_t kRowsPerSlice = 32;
constexpr int kMaxSlices = 512;
// Keys that were due and not resident, on their way from disk at one time.
constexpr size_t kMaxLoads = 512;

}  // namespace

void StoreImpl::ExpireNow(Entry* entry) {
  ++counts_.expired_keys;
  const uint32_t db = keyspaces_.IndexOf(SpaceOf(*entry));
  EntryParts parts = EntryAllocator::PartsOf(*entry);
  DropCollection(parts);
  entry = MakeAbsent(entry);
  ForEachObserver([&](KeyspaceObserver& observer) { observer.OnExpired(db, entry->key()); });
}

void StoreImpl::SweepRow(const TtlRow& row, int64_t now_ms) {
  const Keyspace* space = keyspaces_.Find(row.generation);
  const KeyName name{hot_.Hash(row.generation, row.key), row.generation, row.key};
  Entry* entry = space == nullptr ? nullptr : hot_.Find(name.hash, row.generation, row.key);
  if (space != nullptr && entry == nullptr && !space->all_resident()) {
    auto waiter = std::make_unique<ExpiryWaiter>(*this, row);
    ExpiryWaiter* raw = waiter.get();
    expiry_waiters_.emplace(raw, std::move(waiter));
    board_->JoinKey(name, *raw);
    return;
  }
  if (entry == nullptr || !entry->exists() || EntryAllocator::TtlRowMs(*entry) != row.expire_ms) {
    DeleteTtlRow(row.expire_ms, row.generation, row.key);  // Nobody's any more.
    return;
  }
  if (entry->has_expiry() && entry->expire_at_ms() <= now_ms) {
    counts_.sweeper_lag_ms = static_cast<uint64_t>(now_ms - entry->expire_at_ms());
    ExpireNow(entry);
    return;
  }
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
  SweepRow(owned->row, clock_.NowMs());
}

bool StoreImpl::Sweep(int64_t until_us) {
  if (!sweeping_ || !Writable()) return false;
  const int64_t now_ms = clock_.NowMs();
  for (size_t n = sweep_retries_.size(); n > 0; --n) {
    const TtlRow row = std::move(sweep_retries_.front());
    sweep_retries_.pop_front();
    SweepRow(row, now_ms);
  }
  for (int slice = 0; slice < kMaxSlices; ++slice) {
    if (expiry_waiters_.size() >= kMaxLoads) return true;
    const std::vector<TtlRow> due = ttl_rows_->PopDue(now_ms, kRowsPerSlice);
    for (const TtlRow& row : due) SweepRow(row, now_ms);
    if (due.size() < kRowsPerSlice) return false;
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
