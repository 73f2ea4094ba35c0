// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/sync_thread.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <utility>

#include "datatypes/value_rows.h"
#include "rdb/reader.h"
#include "resp/number_parse.h"

namespace server {
namespace {

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Counts what is read.
class WatchedSource final : public rdb::Source {
 public:
  WatchedSource(rdb::RedisSource& source, std::atomic<uint64_t>& bytes, std::atomic<int64_t>& io_ms)
      : source_(source), bytes_(bytes), io_ms_(io_ms) {}
  rdb::Result<std::string_view> Next() override {
    auto next = source_.Next();
    if (next) {
      bytes_ += next->size();
      io_ms_ = NowMs();
    }
    return next;
  }

 private:
  rdb::RedisSource& source_;
  std::atomic<uint64_t>& bytes_;
  std::atomic<int64_t>& io_ms_;
};

}  // namespace

// Makes batches of a dump's keys. Expired ones too: the primary says when they go.
class SyncHandler final : public datatypes::ValueRowsHandler {
 public:
  SyncHandler(SyncThread& thread, const datatypes::Settings& settings)
      : ValueRowsHandler(settings), thread_(thread), batch_(std::make_unique<SyncBatch>()) {}

  uint32_t stream_db() const { return stream_db_; }
  // After the last key.
  bool Finish() { return batch_->empty() || thread_.Push(std::move(batch_)); }

  bool OnAux(std::string_view name, std::string_view value) override {
    if (name == "repl-stream-db") {
      const auto db = resp::ParseInt64(value);
      if (db && *db >= 0 && *db < thread_.databases_) stream_db_ = static_cast<uint32_t>(*db);
    }
    return true;
  }
  bool OnFunction(std::string_view code) override {
    SyncBatch::Step step;
    step.kind = SyncBatch::Step::Kind::kFunction;
    step.first = code;
    return Add(step);
  }

 private:
  Take BeginKey(const rdb::KeyHead& head) override {
    if (head.db >= thread_.databases_) {
      Keep(lsm::Status::Invalid("the primary has keys in database " + std::to_string(head.db) +
                                ", there are only " + std::to_string(thread_.databases_) +
                                " here: see the parameter databases"));
      return Take::kStop;
    }
    SyncBatch::Step step;
    step.kind = SyncBatch::Step::Kind::kKey;
    step.db = static_cast<uint32_t>(head.db);
    step.type = datatypes::TypeOfDump(head.type);
    if (head.expire_at_ms) step.expire_at_ms = *head.expire_at_ms;
    step.first = head.key;
    return Add(step) ? Take::kYes : Take::kStop;
  }
  lsm::Status PutRow(std::string_view subkey, std::string_view value) override {
    SyncBatch::Step step;
    step.kind = SyncBatch::Step::Kind::kRow;
    step.first = subkey;
    step.second = value;
    return Add(step) ? lsm::Status() : lsm::Status::Invalid("aborted");
  }
  bool EndKey(const datatypes::ValueHead& head, bool any) override {
    // Nothing was put of it then: the loop forgets it with the next key.
    if (!any) return true;
    SyncBatch::Step step;
    step.kind = SyncBatch::Step::Kind::kEnd;
    step.type_flags = head.type_flags;
    step.has_rows = head.has_rows;
    step.row_times = head.row_times;
    step.first = head.payload;
    return Add(step);
  }
  bool Add(const SyncBatch::Step& step) {
    batch_->Add(step);
    if (!batch_->full()) return true;
    return thread_.Push(std::exchange(batch_, std::make_unique<SyncBatch>()));
  }

  SyncThread& thread_;
  std::unique_ptr<SyncBatch> batch_;
  uint32_t stream_db_ = 0;
};

SyncThread::SyncThread(rdb::ReplicaGreeting greeting, const datatypes::Settings& settings,
                       uint32_t databases, std::function<void()> wake)
    : greeting_(std::move(greeting)),
      settings_(settings),
      databases_(databases),
      wake_(std::move(wake)) {
  greeting_.follows = true;
  greeting_.aborted = &aborted_;
  greeting_.on_connected = [this] { phase_ = Phase::kHandshake; };
  thread_ = std::thread([this] { Run(); });
}

SyncThread::~SyncThread() {
  Abort();
  thread_.join();
  if (outcome_ != nullptr && outcome_->socket >= 0) close(outcome_->socket);
}

void SyncThread::Abort() {
  {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
  }
  room_.notify_all();
}

void SyncThread::Run() {
  auto outcome = std::make_unique<Outcome>(Connect());
  {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
  }
  ended_ = true;
  wake_();
}

SyncThread::Outcome SyncThread::Connect() {
  Outcome outcome;
  auto source = rdb::RedisSource::Open(greeting_);
  if (!source) {
    outcome.error = source.error().message();
    outcome.declined = source.error().code() == rdb::Error::Code::kUnsupported;
    return outcome;
  }
  if (!(*source)->continues()) return ReadDump(**source);
  auto received = (*source)->TakeOver({});
  if (!received) {
    outcome.error = received.error().message();
    return outcome;
  }
  outcome.kind = Outcome::Kind::kContinues;
  outcome.received = *std::move(received);
  outcome.stream_id = (*source)->stream_id();
  outcome.socket = (*source)->ReleaseSocket();
  return outcome;
}

SyncThread::Outcome SyncThread::ReadDump(rdb::RedisSource& source) {
  Outcome outcome;
  source_ = &source;
  bytes_total_ = source.size().value_or(0);
  last_io_ms_ = NowMs();
  phase_ = Phase::kTransfer;
  wake_();
  WatchedSource watched(source, bytes_read_, last_io_ms_);
  SyncHandler handler(*this, settings_);
  rdb::Reader reader(watched, handler);
  const rdb::Result<void> read = reader.Read();
  if (!read) {
    const bool stopped = read.error().code() == rdb::Error::Code::kStopped;
    outcome.error = stopped ? handler.status().message() : read.error().Text();
    outcome.refused = read.error().code() != rdb::Error::Code::kIo && !aborted_;
    return outcome;
  }
  auto received = source.TakeOver(reader.rest());
  if (!received || !handler.Finish()) {
    outcome.error = received ? "aborted" : received.error().message();
    return outcome;
  }
  outcome.kind = Outcome::Kind::kSynced;
  outcome.received = *std::move(received);
  outcome.stream_id = source.stream_id();
  outcome.stream_offset = source.stream_offset();
  outcome.stream_db = handler.stream_db();
  outcome.socket = source.ReleaseSocket();
  return outcome;
}

bool SyncThread::Push(std::unique_ptr<SyncBatch> batch) {
  const size_t bytes = batch->memory_bytes();
  {
    std::unique_lock lock(mutex_);
    while (queued_bytes_ > kMaxQueuedBytes && !aborted_) {
      // The primary gives up a replica that says nothing.
      if (room_.wait_for(lock, std::chrono::seconds(1)) == std::cv_status::timeout) {
        lock.unlock();
        const auto kept = source_->KeepAlive();
        lock.lock();
        if (!kept) return false;
      }
    }
    if (aborted_) return false;
    queued_bytes_ += bytes;
    queue_.push_back(std::move(batch));
  }
  wake_();
  return true;
}

std::unique_ptr<SyncBatch> SyncThread::TakeBatch() {
  std::unique_ptr<SyncBatch> batch;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return nullptr;
    batch = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= batch->memory_bytes();
  }
  room_.notify_all();
  return batch;
}

bool SyncThread::TakeOutcome(Outcome* outcome) {
  const std::lock_guard lock(mutex_);
  if (!ended_ || !queue_.empty() || outcome_ == nullptr) return false;
  *outcome = std::move(*std::exchange(outcome_, nullptr));
  return true;
}

}  // namespace server
