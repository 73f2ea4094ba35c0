// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "lsm/commit_log_impl.h"

namespace lsm {
namespace {

constexpr uint64_t kSyncIntervalMs = 1000;
constexpr uint64_t kRetryMs = 1000;
constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
constexpr size_t kCopyChunk = 1 << 20;

uint64_t SteadyMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

void Log::Thread() {
  Lock lock(mutex_);
  while (!stopping_) {
    const uint64_t now = options_.now_ms();
    const uint64_t at = NextWake(now);
    if (at <= now) {
      lock.unlock();
      Round(now);
      lock.lock();
    } else if (at == kNever) {
      wake_.wait(lock);
    } else {
      wake_.wait_for(lock, std::chrono::milliseconds(at - now));
    }
  }
}

bool Log::SyncDue(uint64_t now) const {
  if (repairing_ || written_seq_ == synced_seq_) return false;
  return policy_ == SyncPolicy::kAlways || requested_seq_ > synced_seq_ ||
         (policy_ == SyncPolicy::kEverySecond && now >= last_sync_at_ + kSyncIntervalMs);
}

uint64_t Log::NextWake(uint64_t now) const {
  if (!released_.empty() || SyncDue(now)) return now;
  uint64_t wake = kNever;
  if (repairing_) wake = std::min(wake, repair_retry_at_);
  if (!settled_ && options_.quiet_ms > 0) wake = std::min(wake, quiet_check_at_);
  if (next_ == nullptr) wake = std::min(wake, prepare_retry_at_);
  if (policy_ == SyncPolicy::kEverySecond && !repairing_ && written_seq_ != synced_seq_) {
    wake = std::min(wake, last_sync_at_ + kSyncIntervalMs);
  }
  return wake;
}

void Log::Round(uint64_t now) {
  bool sync = false;
  {
    const Lock lock(mutex_);
    sync = SyncDue(now);
  }
  // Its failure is kept in repairing_ and sync_error_, and is told below.
  if (sync) static_cast<void>(SyncWritten(now));
  TellWritable();
  bool repair = false;
  {
    const Lock lock(mutex_);
    repair = repairing_ && now >= repair_retry_at_;
    if (repair) repair_retry_at_ = now + kRetryMs;
  }
  if (repair) {
    const Status repaired = Repair();
    if (!repaired.ok()) Say("commit log: " + repaired.message());
  }
  RetireReleased();
  PrepareNext(now);
  GiveBackWhenQuiet(now);
  TellWritable();
}

std::vector<Log::Dirty> Log::UnsyncedSegments() const {
  std::vector<Dirty> dirty;
  for (const auto& segment : segments_) {
    if (segment->synced_end < segment->end) dirty.push_back({segment, segment->end});
  }
  return dirty;
}

// Shared by all that waits: whatever was written before it began is covered.
Status Log::SyncWritten(uint64_t now) {
  std::vector<Dirty> dirty;
  uint64_t target = 0;
  {
    const Lock lock(mutex_);
    dirty = UnsyncedSegments();
    target = written_seq_;
  }
  const uint64_t start = SteadyMicros();
  Status status;
  for (const Dirty& d : dirty) {
    status = d.segment->file->Sync();
    if (!status.ok()) break;
  }
  {
    const Lock lock(mutex_);
    ++statistics_.syncs;
    statistics_.last_sync_micros = SteadyMicros() - start;
    last_sync_at_ = now;
    if (!status.ok()) {
      ++statistics_.sync_errors;
      repairing_ = true;
      repair_retry_at_ = 0;
      sync_error_ = "commit log: " + status.message();
      UpdateRoom();
      synced_.notify_all();
      return status;
    }
    for (const Dirty& d : dirty) d.segment->synced_end = d.end;
    synced_seq_.store(target, std::memory_order_release);
    synced_.notify_all();
  }
  if (options_.on_synced) options_.on_synced(target);
  return {};
}

Result<std::shared_ptr<Segment>> Log::PrepareSegment(uint64_t record_bytes) {
  uint64_t bytes = options_.first_segment_bytes;
  for (uint64_t i = 0; i < prepared_count_ && bytes < options_.segment_bytes; ++i) bytes *= 2;
  bytes = std::max(std::min(bytes, options_.segment_bytes), kSegmentHeaderSize + record_bytes);
  LSM_ASSIGN_OR_RETURN(auto segment, pool_.Prepare(next_number_, bytes));
  ++next_number_;
  ++prepared_count_;
  return segment;
}

void Log::PrepareNext(uint64_t now) {
  {
    const Lock lock(mutex_);
    if (next_ != nullptr || now < prepare_retry_at_) return;
  }
  const std::lock_guard pool_lock(pool_mutex_);
  {
    const Lock lock(mutex_);
    if (next_ != nullptr) return;  // The loop was faster.
  }
  auto segment = PrepareSegment(0);
  const Lock lock(mutex_);
  if (segment.has_value()) {
    next_ = std::move(*segment);
    prepare_error_.clear();
  } else {
    prepare_error_ = "commit log: " + segment.error().message();
    prepare_retry_at_ = now + kRetryMs;
  }
  UpdateRoom();
}

void Log::RetireReleased() {
  const std::lock_guard pool_lock(pool_mutex_);
  RetireReleasedLocked();
}

void Log::RetireReleasedLocked() {
  std::deque<uint64_t> released;
  {
    const Lock lock(mutex_);
    released.swap(released_);
  }
  if (released.empty()) return;
  for (const uint64_t number : released) {
    // A file that stays is only space lost until the next start: its records are in LevelDB.
    const Status retired = pool_.Retire(number);
    if (!retired.ok()) Say("commit log: " + retired.message());
  }
  const Status synced = pool_.Sync();
  if (!synced.ok()) Say("commit log: " + synced.message());
}

void Log::GiveBackWhenQuiet(uint64_t now) {
  if (options_.quiet_ms == 0) return;
  std::vector<Dirty> shorten;
  bool flush_wanted = false;
  {
    const std::lock_guard pool_lock(pool_mutex_);
    if (!NoticeQuiet(now, &shorten, &flush_wanted)) return;
    RetireReleasedLocked();
    prepared_count_ = 0;  // Segments grow from the first size again.
    Status status = pool_.RemoveSpares();
    for (const Dirty& s : shorten) {
      const Status cut = s.segment->file->Truncate(s.end);
      if (!cut.ok()) status = cut;
    }
    if (!status.ok()) Say("commit log: " + status.message());
  }
  if (flush_wanted && options_.on_quiet) options_.on_quiet();
}

// True if little was appended since the last look. Segments in `shorten` may be cut to the given
// size: nothing will be written behind it any more.
bool Log::NoticeQuiet(uint64_t now, std::vector<Dirty>* shorten, bool* flush_wanted) {
  const Lock lock(mutex_);
  if (settled_ || now < quiet_check_at_) return false;
  quiet_check_at_ = now + options_.quiet_ms;
  const uint64_t appended = statistics_.bytes_appended - quiet_seen_bytes_;
  quiet_seen_bytes_ = statistics_.bytes_appended;
  if (appended >= options_.quiet_bytes || repairing_ || next_ == nullptr) return false;
  // A segment with much in it is left, so that it can be released once that is flushed.
  if (current_ != nullptr && current_->end > options_.quiet_bytes) current_ = nullptr;
  ReleaseFlushed();
  uint64_t kept = 0;
  for (const auto& segment : segments_) kept += segment->end;
  *flush_wanted = kept > options_.quiet_bytes;
  settled_ = !*flush_wanted;
  for (const auto& segment : {current_, next_}) {
    if (segment == nullptr) continue;
    const uint64_t size = std::max(segment->end, options_.quiet_bytes);
    if (segment->capacity <= size) continue;
    segment->capacity = size;
    shorten->push_back({segment, size});
  }
  UpdateRoom();
  return true;
}

// After a failed sync: see commit_log.h. An error says why it is not done yet.
Status Log::Repair() {
  const std::lock_guard pool_lock(pool_mutex_);
  std::vector<Dirty> dirty;
  uint64_t first = 0;
  uint64_t last = 0;
  {
    const Lock lock(mutex_);
    dirty = UnsyncedSegments();
    first = std::max<uint64_t>(synced_seq_, flushed_seq_) + 1;
    last = written_seq_;
  }
  if (first > last) {
    FinishRepair(dirty, nullptr);  // LevelDB's tables have all of it.
  } else {
    LSM_RETURN_IF_ERROR(RewriteUnsynced(dirty, first, last));
  }
  Say("commit log: the records that a failed sync left in doubt are stored");
  if (options_.on_synced) options_.on_synced(synced_seq());
  return {};
}

// Writes the records from `first_seq` to `last_seq` into a new segment, which becomes the current
// one.
Status Log::RewriteUnsynced(const std::vector<Dirty>& dirty, uint64_t first_seq,
                            uint64_t last_seq) {
  std::shared_ptr<Segment> target;
  {
    const Lock lock(mutex_);
    target = std::move(next_);
    next_.reset();
  }
  uint64_t bytes = 0;
  for (const Dirty& d : dirty) bytes += d.end - d.segment->synced_end;
  if (target == nullptr) {
    LSM_ASSIGN_OR_RETURN(target, PrepareSegment(bytes));
  }
  const auto rewrite = [&]() -> Status {
    if (kSegmentHeaderSize + bytes > target->capacity) {
      LSM_RETURN_IF_ERROR(target->file->Allocate(kSegmentHeaderSize + bytes));
      target->capacity = kSegmentHeaderSize + bytes;
    }
    uint64_t copied = 0;
    std::string first_header;
    for (const Dirty& d : dirty) {
      LSM_ASSIGN_OR_RETURN(copied,
                           CopyRecords(*d.segment, d.end, first_seq, target.get(), &first_header));
    }
    if (copied != last_seq) {
      return Status::Corruption("unsynced records end at " + std::to_string(copied) +
                                " and not at " + std::to_string(last_seq));
    }
    LSM_RETURN_IF_ERROR(target->file->Sync());
    // Only now the segment begins to count, all of it at once: it supersedes what it copies.
    LSM_RETURN_IF_ERROR(target->file->WriteAt(kSegmentHeaderSize, first_header));
    return target->file->Sync();
  };
  const Status status = rewrite();
  if (!status.ok()) {
    // Its bytes are in doubt too: a fresh file takes its number. If it cannot be removed, the
    // fresh one replaces it.
    const Status discarded = pool_.Discard(target->header.number);
    next_number_ = target->header.number;
    return Status::IoError(status.message() +
                           (discarded.ok() ? "" : "; then " + discarded.message()));
  }
  target->first_seq = first_seq;
  target->last_seq = last_seq;
  target->synced_end = target->end;
  FinishRepair(dirty, std::move(target));
  return {};
}

// Copies the unsynced records of `from` that are not below `first_seq`; gives the last one's
// number.
Result<uint64_t> Log::CopyRecords(const Segment& from, uint64_t limit, uint64_t first_seq,
                                  Segment* to, std::string* first_header) {
  SegmentReader reader(*from.file, from.header.id, from.synced_end, limit);
  std::string chunk;
  uint64_t last = 0;
  while (reader.offset() < limit) {
    RecordHeader header;
    std::string_view payload;
    if (!reader.Next(&header, &payload)) {
      LSM_RETURN_IF_ERROR(reader.status());
      return Status::Corruption("unsynced records cannot be read back from " + from.path +
                                " at offset " + std::to_string(reader.offset()));
    }
    last = header.seq;
    if (header.seq < first_seq) continue;
    const size_t begin = chunk.size();
    chunk.resize(begin + kRecordHeaderSize);
    chunk.append(payload);
    SealRecord(std::span(chunk).subspan(begin), header.seq, std::min(first_seq, header.seq) - 1,
               to->header.id, to->end + begin);
    if (first_header->empty()) {
      *first_header = chunk.substr(begin, kRecordHeaderSize);
      std::fill_n(chunk.begin() + static_cast<std::ptrdiff_t>(begin), kRecordHeaderSize, '\0');
    }
    if (chunk.size() < kCopyChunk) continue;
    LSM_RETURN_IF_ERROR(to->file->WriteAt(to->end, chunk));
    to->end += chunk.size();
    chunk.clear();
  }
  LSM_RETURN_IF_ERROR(to->file->WriteAt(to->end, chunk));
  to->end += chunk.size();
  return last;
}

void Log::FinishRepair(const std::vector<Dirty>& dirty, std::shared_ptr<Segment> target) {
  const Lock lock(mutex_);
  for (const Dirty& d : dirty) {
    Segment& segment = *d.segment;
    segment.end = segment.synced_end;
    segment.last_seq = std::min<uint64_t>(segment.last_seq, synced_seq_);
    if (segment.first_seq > segment.last_seq) segment.first_seq = segment.last_seq = 0;
  }
  // Nothing more goes into a segment that a sync has failed on. Without a target the next append
  // goes over to next_.
  current_ = target;
  if (target != nullptr) segments_.push_back(std::move(target));
  synced_seq_.store(written_seq_, std::memory_order_release);
  repairing_ = false;
  sync_error_.clear();
  ReleaseFlushed();
  UpdateRoom();
  synced_.notify_all();
}

// Says that all is synced, so that recovery can tell damage at the very end from a torn tail.
Status Log::Seal() {
  if (current_ == nullptr || current_->last_seq == 0 ||
      current_->end + kRecordHeaderSize > current_->capacity) {
    return {};
  }
  std::string seal(kRecordHeaderSize, '\0');
  SealRecord(seal, written_seq_, written_seq_, current_->header.id, current_->end);
  LSM_RETURN_IF_ERROR(current_->file->WriteAt(current_->end, seal));
  current_->end += seal.size();
  return current_->file->Sync();
}

Status Log::Close() {
  {
    const Lock lock(mutex_);
    if (closed_) return {};
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  Status status;
  if (repairing_ || (written_seq_ != synced_seq_ && !SyncWritten(options_.now_ms()).ok())) {
    status = Repair();
  }
  if (status.ok()) status = Seal();
  const Lock lock(mutex_);
  closed_ = true;
  room_.store(0, std::memory_order_release);
  writable_.store(false, std::memory_order_release);
  synced_.notify_all();
  return status;
}

}  // namespace lsm
