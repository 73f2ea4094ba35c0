// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/store_upkeep.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "lsm/snapshot.h"
#include "lsm/store_impl.h"

namespace lsm {

namespace {

// Nodes that eviction looks at between two looks at the clock: some hundred microseconds.
constexpr size_t kEvictionSteps = 1000;
// If fewer of them could go, the rest waits for the applier, and to look further is in vain.
constexpr size_t kWorthMoreSteps = kEvictionSteps / 4;
// Segments of the table whose dead entries are freed between two looks at the clock.
constexpr size_t kDeadSegmentsPerSlice = 2;
constexpr size_t kDroppedPagesPerSlice = 32;
constexpr int64_t kIdleMs = 100;
constexpr uint64_t kMinArrivalBytes = uint64_t{64} << 10;

}  // namespace

void StoreImpl::EvictSome(int64_t until_us) {
  const bool off = options_.hot_tier == HotTierMode::kOff;
  const uint64_t budget = off ? 0 : hot_budget_bytes_;
  // While commands wait for the rest of what they need, what has arrived for them stays, within
  // bounds; after that it takes its chance like all else.
  const uint64_t arrivals = std::max(kMinArrivalBytes, hot_budget_bytes_ / 8);
  hot_.AdmitArrivals(board_->pending() > 0 ? arrivals : 0);
  if (hot_.used_bytes() <= budget) return;
  size_t evicted = 0;
  do {
    evicted = hot_.EvictTo(budget, kEvictionSteps);
  } while (evicted >= kWorthMoreSteps && hot_.used_bytes() > budget &&
           clock_.MonotonicUs() < until_us);
  // What is left over the budget is mostly not applied yet.
  if (!off && hot_.used_bytes() > budget) HurryApplier();
}

void StoreImpl::HurryApplier() {
  if (hurrying_ || parts_->applier->backlog_bytes() == 0) return;
  hurrying_ = true;
  parts_->applier->Barrier([this](const Status&) { Post([this] { hurrying_ = false; }); });
}

// What was changed stays in RAM until it is applied. Random writes to a collection that is larger
// than RAM pin a page each: the applier's backlog of a few megabytes can hold all of the hot tier
// and more. So writers are slowed, too, when the tier is over its budget and the applier has not
// caught up: it is what eviction waits for. One command may write one row or thousands; so the
// delay has no small bound, but grows until the tier shrinks.
uint32_t StoreImpl::PinnedDelayUs() const {
  constexpr uint64_t kCaughtUpBytes = uint64_t{64} << 10;
  constexpr double kDelayUs = 5000;  // At a quarter of the budget over.
  constexpr double kMaxDelayUs = 500'000;
  const auto used = static_cast<double>(hot_.used_bytes());
  const auto budget = static_cast<double>(hot_budget_bytes_);
  const double start = budget * 1.125;
  if (used <= start || parts_->applier->backlog_bytes() <= kCaughtUpBytes) return 0;
  const double over = (used - start) / (budget / 4 + 1);
  return static_cast<uint32_t>(std::min(kDelayUs * over * over, kMaxDelayUs));
}

uint32_t StoreImpl::WriteDelayUs() const {
  return std::max(parts_->applier->WriteDelayUs(), PinnedDelayUs());
}

bool FreeDeleted(Store& store, int64_t budget_us) {
  return static_cast<StoreImpl&>(store).FreeDeleted(budget_us);
}

int64_t StoreImpl::RunHousekeeping(int64_t budget_us) {
  const int64_t until_us = clock_.MonotonicUs() + budget_us;
  UpdateCoarseClock();
  TakeApplied();
  EvictSome(until_us - budget_us / 2);  // The other half is for what follows.
  bool more = Sweep(until_us);
  // In the midst of a turn only if it must be: replies wait for it.
  if (hot_.used_bytes() > hot_budget_bytes_ + hot_budget_bytes_ / 16) FreeUntil(until_us);
  more = more || HasDeleted();
  MaybeRefillTtl();
  board_->Submit();
  if (more) return 0;
  const int64_t due_ms = ttl_rows_->NextDueMs();
  if (!sweeping_ || due_ms == TtlIndex::kNever) return kIdleMs;
  return std::clamp<int64_t>(due_ms - clock_.NowMs(), 1, kIdleMs);
}

bool StoreImpl::HasDeleted() const {
  return hot_.has_dropped() || dead_entries_;
}

void StoreImpl::FreeUntil(int64_t until_us) {
  do {
    FreeDeadEntries(kDeadSegmentsPerSlice);
    hot_.FreeDropped(kDroppedPagesPerSlice);
  } while (HasDeleted() && clock_.MonotonicUs() < until_us);
}

bool StoreImpl::FreeDeleted(int64_t budget_us) {
  if (HasDeleted()) FreeUntil(clock_.MonotonicUs() + budget_us);
  return HasDeleted();
}

void StoreImpl::TakeSnapshot(std::function<void(Result<std::unique_ptr<Snapshot>>)> done) {
  // Shared between the applier's thread, which fills it, and the loop, which empties it.
  using Taken = Result<std::unique_ptr<Snapshot>>;
  const uint64_t seq = committed_seq_;
  auto call = std::make_shared<std::function<void(Taken)>>(std::move(done));
  parts_->applier->Barrier([this, seq, call](const Status& status) {
    auto taken = std::make_shared<Taken>(std::unique_ptr<Snapshot>());
    if (status.ok()) {
      *taken = Snapshot::Take(*parts_->shards, seq);
    } else {
      *taken = status;
    }
    Post([call, taken] { (*call)(std::move(*taken)); });
  });
}

Status StoreImpl::CompactAll() {
  LSM_RETURN_IF_ERROR(parts_->applier->Drain());
  for (uint32_t shard = 0; shard < parts_->shards->count(); ++shard) {
    LSM_RETURN_IF_ERROR(parts_->shards->FlushMemtable(shard));
    LSM_RETURN_IF_ERROR(parts_->shards->CompactRange(shard, {}, {}));
  }
  return Status();
}

void StoreImpl::Log(char level, const std::string& line) const {
  if (options_.log_line) options_.log_line(level, line);
}

StoreStats StoreImpl::Stats() const {
  StoreStats stats = counts_;
  stats.hot_hits -= std::min(stats.hot_hits, awaited_lookups_);
  stats.hot_bytes = hot_.used_bytes();
  stats.hot_budget_bytes = hot_budget_bytes_;
  stats.hot_entries = hot_.entries();
  stats.hot_pages = hot_.pages();
  stats.evicted_entries = hot_.evicted_entries();
  stats.evicted_pages = hot_.evicted_pages();
  stats.key_loads = board_->key_loads();
  stats.page_loads = board_->row_loads();
  stats.coalesced_loads = board_->coalesced();
  stats.loads_pending = board_->pending() + scans_.size();

  const LogStatistics log = parts_->log->statistics();
  stats.log_bytes_on_disk = log.bytes_on_disk;
  stats.log_bytes_appended = log.bytes_appended;
  stats.log_appends = log.appends;
  stats.log_fsyncs = log.syncs;
  stats.log_last_fsync_us = log.last_sync_micros;
  stats.committed_seq = committed_seq_;
  stats.synced_seq = parts_->log->synced_seq();
  stats.applied_seq = parts_->applier->applied_seq();
  stats.flushed_seq = parts_->shards->flushed_seq();

  const Applier::Statistics applier = parts_->applier->statistics();
  stats.backlog_bytes = parts_->applier->backlog_bytes();
  stats.backlog_limit_bytes = parts_->applier->backlog_limit_bytes();
  stats.write_delay_us = WriteDelayUs();
  stats.rows_received = applier.rows_received;
  stats.rows_applied = applier.rows_applied;

  const Shards::Statistics shards = parts_->shards->statistics();
  stats.lsm_bytes_on_disk = shards.bytes_on_disk;
  stats.lsm_tables = shards.tables;
  stats.lsm_memory_bytes = shards.memory_bytes;
  stats.lsm_block_reads = shards.block_reads;
  stats.lsm_block_read_bytes = shards.block_read_bytes;
  stats.lsm_reopens = parts_->shards->reopens();
  stats.garbage_pending = collector_->pending();
  stats.garbage_rows_collected = collector_->rows_collected();
  stats.replayed_records = parts_->replayed_records;
  stats.replay_ms = parts_->replay_ms;
  return stats;
}

void StoreImpl::ResetStats() {
  counts_ = StoreStats();
  awaited_lookups_ = 0;
  hot_.ResetStats();
  board_->ResetStats();
  parts_->shards->ResetStatistics();
}

}  // namespace lsm
