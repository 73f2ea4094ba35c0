// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/commit_log.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "lsm/commit_log_impl.h"

namespace lsm {
namespace {

static_assert(RowBatch::kHeadroom == kRecordHeaderSize);

// So many failed writes in a row, and the record goes to the next segment instead.
constexpr int kFailuresToLeave = 3;
constexpr uint64_t kCopyChunk = 1 << 20;

uint64_t SteadyMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

uint64_t SystemRandom() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

LogOptions WithDefaults(LogOptions options) {
  if (!options.now_ms) options.now_ms = [] { return SteadyMicros() / 1000; };
  if (!options.random) options.random = SystemRandom;
  options.first_segment_bytes = std::min(options.first_segment_bytes, options.segment_bytes);
  return options;
}

}  // namespace

Log::Log(FileSystem& file_system, const std::string& directory, LogOptions options)
    : options_(WithDefaults(std::move(options))),
      policy_(options_.policy),
      pool_(file_system, directory, options_.max_spare_segments, options_.random) {}

Log::~Log() {
  const Status closed = Close();
  if (!closed.ok()) Say("commit log: not closed cleanly: " + closed.message());
}

Status Log::Start(LogScanner& scanner, uint64_t applied_seq) {
  auto& scanned = scanner.segments();
  const size_t kept =
      scanner.cut_segment().has_value() ? *scanner.cut_segment() + 1 : scanned.size();
  // Numbers go on without a gap, since a gap means that a file is missing.
  if (!scanned.empty()) next_number_ = scanned.front().header.number;
  // What comes after the cut goes first, newest first, so that a crash in between leaves a log that
  // is judged in the same way again.
  for (size_t i = scanned.size(); i-- > kept;) {
    LSM_RETURN_IF_ERROR(pool_.Discard(scanned[i].header.number));
    LSM_RETURN_IF_ERROR(pool_.Sync());
  }
  for (size_t i = 0; i < kept; ++i) {
    ScannedSegment& from = scanned[i];
    if (i + 1 == kept && from.end <= kSegmentHeaderSize) {
      LSM_RETURN_IF_ERROR(pool_.Discard(from.header.number));
      LSM_RETURN_IF_ERROR(pool_.Sync());
      break;
    }
    if (from.end < from.size) {
      // Records that were not taken may still be valid there: once their numbers are given anew,
      // they must not come back.
      LSM_RETURN_IF_ERROR(from.file->Truncate(from.end));
      LSM_RETURN_IF_ERROR(from.file->Sync());
      from.size = from.end;
    }
    auto segment = std::make_shared<Segment>();
    segment->header = from.header;
    segment->path = pool_.Path(from.name);
    segment->file = std::move(from.file);
    segment->capacity = from.size;
    segment->end = segment->synced_end = from.end;
    segment->first_seq = from.first_seq;
    segment->last_seq = from.last_seq;
    next_number_ = from.header.number + 1;
    if (from.last_seq > scanner.synced_seq()) {
      LSM_RETURN_IF_ERROR(StoreUnsynced(*segment, from.synced_seq));
    }
    segments_.push_back(std::move(segment));
  }
  LSM_RETURN_IF_ERROR(pool_.Open());
  written_seq_ = synced_seq_ = scanner.next_seq() - 1;
  Release(applied_seq);
  const uint64_t now = options_.now_ms();
  last_sync_at_ = now;
  quiet_check_at_ = now + options_.quiet_ms;
  RetireReleased();
  PrepareNext(now);
  TellWritable();
  if (options_.own_thread) thread_ = std::thread([this] { Thread(); });
  return {};
}

// What the last process wrote and did not see synced may be in the page cache only, and if a sync
// has failed, the kernel takes those pages for clean: so they are written once more before they are
// synced. The bytes are the same, so a write that is cut short does no harm. `synced_seq`: up to
// there the segment's own records say that it was synced; what other segments say is no help, since
// they may hold copies of the records in doubt.
Status Log::StoreUnsynced(const Segment& segment, uint64_t synced_seq) {
  SegmentReader reader(*segment.file, segment.header.id, kSegmentHeaderSize, segment.end);
  RecordHeader header;
  std::string_view payload;
  uint64_t offset = reader.offset();
  while (reader.Next(&header, &payload) && header.seq <= synced_seq) offset = reader.offset();
  LSM_RETURN_IF_ERROR(reader.status());
  std::string bytes;
  while (offset < segment.end) {
    bytes.resize(static_cast<size_t>(std::min<uint64_t>(kCopyChunk, segment.end - offset)));
    LSM_ASSIGN_OR_RETURN(const size_t read,
                         segment.file->ReadAt(offset, bytes.size(), bytes.data()));
    if (read != bytes.size()) return Status::IoError(segment.path + " has become shorter");
    LSM_RETURN_IF_ERROR(segment.file->WriteAt(offset, bytes));
    offset += read;
  }
  return segment.file->Sync();
}

bool Log::Fits(uint64_t record_bytes) const {
  return current_ != nullptr && current_->failed_writes < kFailuresToLeave &&
         current_->end + record_bytes <= current_->capacity;
}

// Goes over to next_.
void Log::Rotate() {
  segments_.push_back(next_);
  current_ = std::move(next_);
  next_.reset();
  prepare_retry_at_ = 0;
  wake_.notify_all();
}

Status Log::Append(uint64_t seq, RowBatch& batch) {
  const std::span<char> record = batch.record();
  if (batch.payload_size() > kMaxPayloadSize) return Status::Invalid("batch too large for the log");
  Lock lock(mutex_);
  if (closed_) return Status::Invalid("the commit log is closed");
  if (repairing_) return Status::IoError(sync_error_);
  ENSURE(seq == written_seq_ + 1);
  if (!Fits(record.size())) {
    if (next_ == nullptr || kSegmentHeaderSize + record.size() > next_->capacity) {
      lock.unlock();
      LSM_RETURN_IF_ERROR(MakeRoom(record.size()));
      lock.lock();
      if (repairing_) return Status::IoError(sync_error_);
    }
    // MakeRoom's segment may have gone into a repair meanwhile.
    if (!Fits(record.size())) {
      if (next_ == nullptr) return Status::IoError("commit log: no segment prepared");
      Rotate();
    }
  }
  Segment& segment = *current_;
  const uint64_t synced = synced_seq_;
  SealRecord(record, seq, synced, segment.header.id, segment.end);
  const Status written =
      segment.file->WriteAt(segment.end, std::string_view(record.data(), record.size()));
  if (!written.ok()) {
    ++segment.failed_writes;
    ++statistics_.append_errors;
    return written;
  }
  segment.failed_writes = 0;
  settled_ = false;
  segment.end += record.size();
  if (segment.first_seq == 0) segment.first_seq = seq;
  segment.last_seq = seq;
  written_seq_.store(seq, std::memory_order_release);
  ++statistics_.appends;
  statistics_.bytes_appended += record.size();
  UpdateRoom();
  // The thread sleeps without a deadline while all is synced.
  const bool first_unsynced = synced + 1 == seq;
  if (policy_ == SyncPolicy::kAlways || (policy_ == SyncPolicy::kEverySecond && first_unsynced)) {
    lock.unlock();
    wake_.notify_all();
  }
  return {};
}

Status Log::EnsureRoom(uint64_t payload_bytes) {
  const uint64_t record_bytes = kRecordHeaderSize + payload_bytes;
  if (record_bytes <= room_.load(std::memory_order_acquire)) return {};
  if (!writable()) return Status::IoError(writable_error());
  return MakeRoom(record_bytes);
}

// The rare way, on the loop's thread: waits for the segment that is being prepared, or makes one of
// the record's size.
Status Log::MakeRoom(uint64_t record_bytes) {
  const std::lock_guard pool_lock(pool_mutex_);
  std::shared_ptr<Segment> next;
  {
    const Lock lock(mutex_);
    if (repairing_) return Status::IoError(sync_error_);
    if (Fits(record_bytes)) return {};
    next = next_;
    if (next != nullptr && kSegmentHeaderSize + record_bytes <= next->capacity) return {};
  }
  if (next == nullptr) {
    LSM_ASSIGN_OR_RETURN(next, PrepareSegment(record_bytes));
  } else {
    LSM_RETURN_IF_ERROR(next->file->Allocate(kSegmentHeaderSize + record_bytes));
  }
  const Lock lock(mutex_);
  next->capacity = std::max(next->capacity, kSegmentHeaderSize + record_bytes);
  next_ = std::move(next);
  prepare_error_.clear();
  UpdateRoom();
  return {};
}

std::string Log::writable_error() const {
  const Lock lock(mutex_);
  return repairing_ ? sync_error_ : prepare_error_;
}

void Log::RequestSync(uint64_t seq) {
  const Lock lock(mutex_);
  requested_seq_ = std::max(requested_seq_, std::min<uint64_t>(seq, written_seq_));
  wake_.notify_all();
}

Status Log::WaitSynced(uint64_t seq) {
  RequestSync(seq);
  if (!options_.own_thread) RunBackground();
  Lock lock(mutex_);
  if (seq > written_seq_) return Status::Invalid("cannot wait for a record that is not written");
  synced_.wait(lock,
               [&] { return synced_seq_ >= seq || repairing_ || closed_ || !options_.own_thread; });
  if (synced_seq_ >= seq) return {};
  return repairing_ ? Status::IoError(sync_error_) : Status::IoError("the commit log is closed");
}

void Log::SetPolicy(SyncPolicy policy) {
  const Lock lock(mutex_);
  policy_ = policy;
  wake_.notify_all();
}

void Log::Release(uint64_t flushed_seq) {
  const Lock lock(mutex_);
  flushed_seq_ = std::max(flushed_seq_, flushed_seq);
  ReleaseFlushed();
  wake_.notify_all();
}

void Log::ReleaseFlushed() {
  // The current one stays; in a repair all stay, since what is not synced is read back from them.
  while (!segments_.empty() && segments_.front() != current_ && !repairing_ &&
         segments_.front()->last_seq <= flushed_seq_) {
    released_.push_back(segments_.front()->header.number);
    segments_.pop_front();
  }
}

LogStatistics Log::statistics() const {
  const Lock lock(mutex_);
  LogStatistics result = statistics_;
  for (const auto& segment : segments_) result.bytes_retained += segment->capacity;
  result.spare_segments = pool_.spare_count();
  result.bytes_on_disk =
      result.bytes_retained + pool_.spare_bytes() + (next_ == nullptr ? 0 : next_->capacity);
  result.segments = segments_.size() + (next_ == nullptr ? 0 : 1);
  result.pending_records = written_seq_ - synced_seq_;
  return result;
}

void Log::UpdateRoom() {
  uint64_t room = 0;
  if (current_ != nullptr && current_->failed_writes < kFailuresToLeave) {
    room = current_->capacity - current_->end;
  }
  if (next_ != nullptr) room = std::max(room, next_->capacity - kSegmentHeaderSize);
  const bool writable = !repairing_ && prepare_error_.empty();
  room_.store(writable ? room : 0, std::memory_order_release);
  writable_.store(writable, std::memory_order_release);
}

void Log::TellWritable() {
  std::string error;
  {
    const Lock lock(mutex_);
    UpdateRoom();
    error = repairing_ ? sync_error_ : prepare_error_;
    if (error == told_error_) return;
    told_error_ = error;
  }
  Say(error.empty() ? "commit log: writable again" : "commit log: not writable: " + error);
  if (options_.on_writable) options_.on_writable(error);
}

Result<std::unique_ptr<CommitLog>> CommitLog::Open(FileSystem& file_system, std::string directory,
                                                   LogOptions options, uint64_t applied_seq,
                                                   const ReplayFunction& replay,
                                                   LogReport* report) {
  if (!file_system.Exists(directory)) {
    LSM_RETURN_IF_ERROR(file_system.CreateDirectory(directory));
    const size_t slash = directory.rfind('/');
    LSM_RETURN_IF_ERROR(file_system.SyncDirectory(
        slash == std::string::npos ? "." : directory.substr(0, std::max<size_t>(slash, 1))));
  }
  const DamagePolicy on_damage = options.on_damage;
  LogScanner* scanned = nullptr;
  const ReplayFunction tell_and_replay = [&](uint64_t seq, std::string_view payload) {
    if (options.on_replay_synced) options.on_replay_synced(scanned->synced_seq());
    return replay(seq, payload);
  };
  LogScanner scanner(file_system, directory, OpenMode::kReadWrite, applied_seq, false,
                     tell_and_replay);
  scanned = &scanner;
  LSM_RETURN_IF_ERROR(scanner.Run());
  if (report != nullptr) *report = scanner.report();
  if (!scanner.report().damage.empty() && on_damage == DamagePolicy::kRefuse) {
    return Status::Corruption(scanner.report().damage);
  }
  auto log = std::make_unique<Log>(file_system, directory, std::move(options));
  LSM_RETURN_IF_ERROR(log->Start(scanner, applied_seq));
  return std::unique_ptr<CommitLog>(std::move(log));
}

}  // namespace lsm
