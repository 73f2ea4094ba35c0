// SPDX-License-Identifier: BSD-3-Clause
//
// Why a crash in the middle of a merge does no harm. LevelDB runs without a log of its own
// (lsm/level_env.h): after a crash an instance stands exactly after one of its WriteBatches, those
// before it whole, those after it gone. The row «applied» := S is in the last WriteBatch of the
// merge that ends with batch S. So an instance that says S has every row of all batches up to S,
// and perhaps some rows of the merge that came next: a memtable may have been switched and flushed
// anywhere in it. Recovery replays the commit log from S + 1 on. Every operation is a full put or
// delete of a row, and all later operations on it are replayed too, in order; hence each row ends
// in its right state whatever of the merge had already been there.
//
// Each instance has an S of its own, and the replay begins behind the least. A merge that ends at
// or before an instance's S is not written to it: that would take its rows and its S back, while
// the log may already have been released up to its old S.
#include "lsm/applier.h"

#include <algorithm>
#include <utility>

#include <leveldb/write_batch.h>

#include "lsm/level_status.h"
#include "lsm/row_merge.h"

namespace lsm {
namespace {

constexpr size_t kChunkBytes = size_t{256} << 10;
// Large enough that LevelDB's cost per write vanishes, small enough that readers of its mutex and
// the memtable's limit are not held up.
constexpr size_t kWriteBytes = size_t{128} << 10;
constexpr int kRetryMs = 1000;
constexpr int kSyncPollMs = 10;
constexpr size_t kMaxToldErrors = 50;

constexpr double kPacingStart = 0.75;
constexpr double kPacingUsAtLimit = 10000;
constexpr uint32_t kMaxPacingUs = 1000000;

void Add(leveldb::WriteBatch* batch, std::string_view key, std::string_view value, bool put) {
  if (put) {
    batch->Put(ToSlice(key), ToSlice(value));
  } else {
    batch->Delete(ToSlice(key));
  }
}

void AddApplied(leveldb::WriteBatch* batch, uint64_t seq) {
  batch->Put(EncodeStoreKey(kAppliedRow), EncodeApplied(seq));
}

}  // namespace

Applier::Applier(Shards& shards, Options options, uint64_t applied_seq)
    : shards_(shards),
      options_(std::move(options)),
      applied_seq_(applied_seq),
      submitted_seq_(applied_seq),
      thread_([this] { Run(); }) {}

Applier::~Applier() {
  std::vector<BarrierRequest> barriers;
  {
    const MutexLock lock(&mutex_);
    stop_ = true;
    work_.SignalAll();
    progress_.SignalAll();
  }
  thread_.join();
  {
    const MutexLock lock(&mutex_);
    barriers.swap(barriers_);
  }
  for (auto& barrier : barriers) barrier.done(Status::IoError("the store is being closed"));
}

void Applier::Submit(uint64_t seq, std::string_view payload) {
  const MutexLock lock(&mutex_);
  ENSURE(seq > submitted_seq_);
  submitted_seq_ = seq;
  const bool was_empty = queue_.empty();
  if (was_empty || sealed_ ||
      queue_.back().payload.size() + payload.size() > queue_.back().payload.capacity()) {
    queue_.emplace_back();
    queue_.back().payload.reserve(std::max(kChunkBytes, payload.size()));
    sealed_ = false;
  }
  queue_.back().payload.append(payload);
  queue_.back().last_seq = seq;
  const uint64_t before = queue_bytes_;
  queue_bytes_ += payload.size();
  backlog_bytes_.fetch_add(payload.size(), std::memory_order_relaxed);
  const uint64_t threshold = options_.backlog_limit_bytes / 2;
  if (was_empty) queue_since_ = std::chrono::steady_clock::now();
  if (was_empty || (before < threshold && queue_bytes_ >= threshold)) work_.Signal();
}

void Applier::OnSynced() {
  const MutexLock lock(&mutex_);
  if (sealed_) work_.Signal();
}

void Applier::FlushSoon() {
  const MutexLock lock(&mutex_);
  flush_wanted_ = true;
  work_.Signal();
}

void Applier::Barrier(std::function<void(const Status&)> done) {
  const MutexLock lock(&mutex_);
  barriers_.push_back({submitted_seq_, std::move(done)});
  sealed_ = true;
  work_.Signal();
}

Status Applier::Drain() {
  Barrier([](const Status&) {});
  const MutexLock lock(&mutex_);
  const uint64_t target = submitted_seq_;
  while (applied_seq() < target && error_.ok() && !stop_) progress_.Wait(&mutex_);
  return applied_seq() >= target ? Status::Ok() : error_;
}

Status Applier::DrainSynced() {
  const MutexLock lock(&mutex_);
  while (error_.ok() && !stop_ && backlog_bytes() >= options_.backlog_limit_bytes &&
         (queue_.empty() || queue_.front().last_seq <= SyncedSeq())) {
    progress_.Wait(&mutex_);
  }
  return error_;
}

uint32_t Applier::WriteDelayUs() const {
  const double fill = static_cast<double>(backlog_bytes()) /
                      static_cast<double>(std::max<uint64_t>(1, options_.backlog_limit_bytes));
  if (fill <= kPacingStart) return 0;
  const double x = (fill - kPacingStart) / (1 - kPacingStart);
  return static_cast<uint32_t>(
      std::min<double>(kPacingUsAtLimit * x * x * x, static_cast<double>(kMaxPacingUs)));
}

Status Applier::error() const {
  if (!failed_.load(std::memory_order_acquire)) return {};
  const MutexLock lock(&mutex_);
  return error_;
}

Applier::Statistics Applier::statistics() const {
  const MutexLock lock(&mutex_);
  return statistics_;
}

void Applier::SetError(const Status& status) {
  bool news = true;
  {
    const MutexLock lock(&mutex_);
    // What is tried each second is not told each second.
    if (status.ok() || told_errors_.size() >= kMaxToldErrors) told_errors_.clear();
    news = status.ok() || told_errors_.insert(status.message()).second;
    error_ = status;
    failed_.store(!status.ok(), std::memory_order_release);
    progress_.SignalAll();
  }
  if (options_.log_line && news) {
    if (status.ok()) {
      options_.log_line('*', "the LSM takes writes again");
    } else {
      options_.log_line('#', "the LSM does not take writes: " + status.message());
    }
  }
  if (options_.on_progress) options_.on_progress();
}

void Applier::Run() {
  std::vector<Chunk> chunks;
  while (WaitForWork(&chunks)) {
    if (!chunks.empty() && !ApplyMerge(std::exchange(chunks, {}))) return;
    RunBarriers();
    FlushIfWanted();
  }
}

bool Applier::MayBegin() const {
  if (stop_ || flush_wanted_ || !barriers_.empty()) return true;
  if (queue_.empty()) return false;
  if (queue_bytes_ >= options_.backlog_limit_bytes / 2) return true;
  const auto age = std::chrono::steady_clock::now() - queue_since_;
  return age >= std::chrono::milliseconds(options_.apply_interval_ms);
}

// Up to which batch the next merge may go.
uint64_t Applier::LimitSeq() {
  uint64_t limit = queue_.empty() ? submitted_seq_ : queue_.back().last_seq;
  for (const BarrierRequest& barrier : barriers_) limit = std::min(limit, barrier.seq);
  const uint64_t synced = SyncedSeq();
  if (synced < limit && sync_requested_ <= synced) {
    sync_requested_ = limit;  // Once, however long it takes and whatever comes meanwhile.
    if (options_.request_sync) options_.request_sync(limit);
  }
  return std::min(limit, synced);
}

// Waits until something is to be done, and takes the chunks of the next merge out of the queue.
// None: only a barrier is due. False: stop.
bool Applier::WaitForWork(std::vector<Chunk>* chunks) {
  const MutexLock lock(&mutex_);
  while (true) {
    while (!MayBegin()) {
      if (queue_.empty()) {
        work_.Wait(&mutex_);
      } else {
        const auto due = queue_since_ + std::chrono::milliseconds(options_.apply_interval_ms);
        work_.WaitUntil(&mutex_, due);
      }
    }
    if (stop_) return false;
    if (!queue_.empty()) sealed_ = true;
    const uint64_t limit = LimitSeq();
    while (!queue_.empty() && queue_.front().last_seq <= limit) {
      queue_bytes_ -= queue_.front().payload.size();
      chunks->push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    const uint64_t applied = chunks->empty() ? applied_seq() : chunks->back().last_seq;
    const bool barrier = std::any_of(barriers_.begin(), barriers_.end(),
                                     [&](const auto& b) { return b.seq <= applied; });
    if (!chunks->empty() || barrier || flush_wanted_) {
      queue_since_ = std::chrono::steady_clock::now();
      return true;
    }
    work_.WaitFor(&mutex_, std::chrono::milliseconds(kSyncPollMs));  // For the log's sync.
  }
}

// Writes the chunks, however often that takes. False: stop.
bool Applier::ApplyMerge(std::vector<Chunk> chunks) {
  uint64_t bytes = 0;
  std::vector<std::string_view> payloads;
  payloads.reserve(chunks.size());
  for (const Chunk& chunk : chunks) {
    payloads.push_back(chunk.payload);
    bytes += chunk.payload.size();
  }
  const uint64_t seq = chunks.back().last_seq;
  const Result<RowMerge> merge = RowMerge::Make(
      payloads, shards_.count(), [this](std::string_view key) { return shards_.ShardOfRow(key); });
  // What comes here was encoded by us, or its checksum was verified.
  ENSURE(merge.has_value());

  for (Status status = WriteMerge(*merge, seq); !status.ok(); status = WriteMerge(*merge, seq)) {
    SetError(status);
    if (!SleepUnlessStopped(kRetryMs)) return false;
    Recover();
  }
  if (failed_.load(std::memory_order_acquire)) SetError({});

  unflushed_.push_back({seq, bytes});
  unflushed_bytes_ += bytes;
  backlog_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  {
    const MutexLock lock(&mutex_);
    applied_seq_.store(seq, std::memory_order_release);
    statistics_.rows_received += merge->received();
    statistics_.rows_applied += merge->merged();
    ++statistics_.merges;
    progress_.SignalAll();
  }
  if (options_.on_progress) options_.on_progress();
  return true;
}

Status Applier::WriteMerge(const RowMerge& merge, uint64_t seq) {
  const MutexLock lock(&write_mutex_);
  for (uint32_t shard = 0; shard < shards_.count(); ++shard) {
    const Status status = WriteShard(merge, shard, seq);
    if (!status.ok()) {
      failed_shard_ = shard;
      return status;
    }
  }
  if (!options_.on_delete) return {};
  for (uint32_t shard = 0; shard < shards_.count(); ++shard) {
    for (const RowMerge::Operation& op : merge.operations(shard)) {
      if (!op.put) options_.on_delete(shard, op.key);
    }
  }
  return {};
}

Status Applier::WriteShard(const RowMerge& merge, uint32_t shard, uint64_t seq) {
  if (seq <= shards_.written_seq(shard)) return {};  // It has them all.
  leveldb::WriteBatch batch;
  for (const RowMerge::Operation& op : merge.operations(shard)) {
    Add(&batch, op.key, op.value, op.put);
    if (batch.ApproximateSize() < kWriteBytes) continue;
    LSM_RETURN_IF_ERROR(shards_.Write(shard, &batch));
    batch.Clear();
  }
  AddApplied(&batch, seq);
  LSM_RETURN_IF_ERROR(shards_.Write(shard, &batch));
  shards_.Written(shard, seq);
  return {};
}

// Reopens the shard that took no write. On failure the next attempt to write meets it again.
void Applier::Recover() {
  const uint32_t shard = failed_shard_;
  // More than the shard has lost: other shards' rows are among it, and rows are not merged.
  uint64_t lost = 0;
  for (const Applied& applied : unflushed_) {
    if (applied.seq > shards_.flushed_seq(shard)) lost += applied.bytes;
  }
  const Status status = shards_.Reopen(
      shard, lost, [&](leveldb::DB& db, uint64_t applied) { return Reapply(shard, db, applied); });
  if (!status.ok()) SetError(status);
}

// Brings a reopened shard from `after` to where it was. Unmerged, since it happens once in a blue
// moon; in order, so the last operation wins here too.
Status Applier::Reapply(uint32_t shard, leveldb::DB& db, uint64_t after) {
  const uint64_t to = applied_seq();
  if (after >= to) return {};
  if (!options_.read_log) return Status::IoError("what the LSM lost cannot be read from the log");
  leveldb::WriteBatch batch;
  const auto write = [&]() -> Status {
    const leveldb::Status status = db.Write({}, &batch);
    batch.Clear();
    return FromLevelStatus(status, "lsm shard " + std::to_string(shard));
  };
  const auto replay = [&](uint64_t, std::string_view payload) -> Status {
    RowReader reader(payload);
    for (RowOperation op; reader.Next(&op);) {
      const uint32_t of = shards_.ShardOfRow(op.key);
      if (of != shard && of != Shards::kEveryShard) continue;
      Add(&batch, op.key, op.value, op.kind == RowOperation::Kind::kPut);
      if (batch.ApproximateSize() >= kWriteBytes) LSM_RETURN_IF_ERROR(write());
    }
    return reader.status();
  };
  LSM_RETURN_IF_ERROR(options_.read_log(after, to, replay));
  AddApplied(&batch, to);
  LSM_RETURN_IF_ERROR(write());
  shards_.Written(shard, to);
  return {};
}

bool Applier::SleepUnlessStopped(int ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  const MutexLock lock(&mutex_);
  while (!stop_ && std::chrono::steady_clock::now() < until) work_.WaitUntil(&mutex_, until);
  return !stop_;
}

void Applier::RunBarriers() {
  std::vector<BarrierRequest> due;
  {
    const MutexLock lock(&mutex_);
    const auto later = std::stable_partition(
        barriers_.begin(), barriers_.end(),
        [&](const BarrierRequest& barrier) { return barrier.seq > applied_seq(); });
    std::move(later, barriers_.end(), std::back_inserter(due));
    barriers_.erase(later, barriers_.end());
  }
  const MutexLock lock(&write_mutex_);
  for (auto& barrier : due) barrier.done({});
}

// When the log asks for it; and when it has become long, which bounds the replay after a crash.
void Applier::FlushIfWanted() {
  bool wanted = false;
  {
    const MutexLock lock(&mutex_);
    wanted = std::exchange(flush_wanted_, false);
  }
  const auto forget_flushed = [&] {
    const uint64_t flushed = shards_.flushed_seq();
    while (!unflushed_.empty() && unflushed_.front().seq <= flushed) {
      unflushed_bytes_ -= unflushed_.front().bytes;
      unflushed_.pop_front();
    }
  };
  forget_flushed();
  if (!wanted && unflushed_bytes_ <= options_.log_ahead_limit_bytes) return;
  for (uint32_t shard = 0; shard < shards_.count(); ++shard) {
    if (shards_.flushed_seq(shard) >= applied_seq()) continue;
    // An error is the instance's background error: the next merge meets it and deals with it.
    if (!shards_.FlushMemtable(shard).ok()) return;
  }
  forget_flushed();
  const MutexLock lock(&mutex_);
  ++statistics_.forced_flushes;
}

}  // namespace lsm
