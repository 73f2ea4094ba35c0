// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/load_board.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace lsm {

namespace {

// So many queued jobs are submitted at once: the workers need not wait for the end of a long turn.
constexpr size_t kSubmitAt = 64;

// Equal for requests of the same rows (LoadRequest::SameRows), and only for these.
std::string RowsName(const LoadRequest& request) {
  std::string out;
  const auto number = [&out](uint64_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  const auto text = [&](std::string_view bytes) {
    number(bytes.size());
    out.append(bytes);
  };
  number(request.collection);
  number(static_cast<uint64_t>(request.mode));
  number(request.skip_rows);
  number(request.max_rows);
  number(request.max_bytes);
  text(request.from);
  number(request.to.has_value() ? 1 : 0);
  text(request.to.value_or(std::string()));
  text(request.target);
  return out;
}

}  // namespace

class LoadBoard::KeyJob : public LoadJob {
 public:
  KeyJob(LoadBoard& board, const KeyName& name)
      : board_(board), key_(name.key), name_{name.hash, name.generation, key_} {}
  void Run() override { result = board_.reader_.ReadMeta(name_.generation, key_); }
  void Finish() override { board_.FinishKey(*this); }

  const KeyName& name() const { return name_; }

  Result<std::optional<StoredMeta>> result = std::optional<StoredMeta>();
  // Of the loop, while Run() may be under way.
  std::vector<LoadWaiter*> waiters;
  bool stale = false;

 private:
  LoadBoard& board_;
  const std::string key_;
  const KeyName name_;  // Views key_.
};

class LoadBoard::RowsJob : public LoadJob {
 public:
  RowsJob(LoadBoard& board, const KeyName& name, LoadRequest wanted_request, std::string rows_name)
      : request(std::move(wanted_request)),
        rows(std::move(rows_name)),
        board_(board),
        key_(name.key),
        name_{name.hash, name.generation, key_} {}
  void Run() override { result = board_.reader_.LoadRun(request); }
  void Finish() override { board_.FinishRows(*this); }

  const KeyName& name() const { return name_; }

  const LoadRequest request;
  const std::string rows;  // Its RowsName().
  Result<LoadedRun> result = LoadedRun();
  std::vector<RowsWait> waits;

 private:
  LoadBoard& board_;
  const std::string key_;
  const KeyName name_;
};

LoadBoard::LoadBoard(LoaderPool& pool, DiskReader& reader, LoadSink& sink)
    : pool_(pool), reader_(reader), sink_(sink) {}

LoadBoard::~LoadBoard() = default;

void LoadBoard::Begin(LoadWaiter& waiter) {
  if (waiter.pending_++ == 0) waiter.error_ = Status();
}

void LoadBoard::Done(LoadWaiter& waiter, const Status& status) {
  Notify({&waiter}, status);
}

void LoadBoard::JoinKey(const KeyName& name, LoadWaiter& waiter) {
  Begin(waiter);
  const auto it = keys_.find(name);
  if (it != keys_.end()) {
    ++coalesced_;
    it->second->waiters.push_back(&waiter);
    return;
  }
  auto job = std::make_unique<KeyJob>(*this, name);
  job->waiters.push_back(&waiter);
  keys_.emplace(job->name(), job.get());
  ++key_loads_;
  queue_.push_back(std::move(job));
  if (queue_.size() >= kSubmitAt) Submit();
}

void LoadBoard::JoinRows(const KeyName& name, LoadRequest request, RowsWanted wanted,
                         LoadWaiter& waiter) {
  Begin(waiter);
  std::string rows = RowsName(request);
  const auto [it, fresh] = rows_.try_emplace(rows, nullptr);
  if (!fresh) {
    ENSURE(it->second->request.SameRows(request));
    ++coalesced_;
    it->second->waits.push_back({&waiter, std::move(wanted)});
    return;
  }
  auto job = std::make_unique<RowsJob>(*this, name, std::move(request), std::move(rows));
  job->waits.push_back({&waiter, std::move(wanted)});
  it->second = job.get();
  ++rows_pending_;
  ++row_loads_;
  (hold_rows_ ? held_ : queue_).push_back(std::move(job));
  if (queue_.size() >= kSubmitAt) Submit();
}

void LoadBoard::Abandon(LoadWaiter& waiter) {
  // Rare (a client that goes while parked), so nothing is kept to find its loads faster.
  if (waiter.pending_ == 0) return;
  for (auto& [name, job] : keys_) std::erase(job->waiters, &waiter);
  for (auto& [rows, job] : rows_) {
    std::erase_if(job->waits, [&](const RowsWait& wait) { return wait.waiter == &waiter; });
  }
  for (std::vector<LoadWaiter*>* list : notifying_) {
    std::replace(list->begin(), list->end(), &waiter, static_cast<LoadWaiter*>(nullptr));
  }
  waiter.pending_ = 0;
}

void LoadBoard::OnForgotten(const KeyName& name) {
  if (keys_.empty()) return;
  const auto it = keys_.find(name);
  if (it != keys_.end()) it->second->stale = true;
}

void LoadBoard::Submit() {
  if (!queue_.empty()) pool_.Submit(queue_);
}

void LoadBoard::HoldRows(bool hold) {
  hold_rows_ = hold;
  if (hold) return;
  for (auto& job : held_) queue_.push_back(std::move(job));
  held_.clear();
}

void LoadBoard::FinishKey(KeyJob& job) {
  if (job.stale && !job.waiters.empty() && job.result.has_value()) {
    auto again = std::make_unique<KeyJob>(*this, job.name());
    again->waiters = std::move(job.waiters);
    keys_.erase(job.name());  // Its name views the old job.
    keys_.emplace(again->name(), again.get());
    ++key_loads_;
    queue_.push_back(std::move(again));
    return;
  }
  keys_.erase(job.name());
  Status status;
  if (!job.result.has_value()) {
    status = job.result.error();
  } else if (!job.stale) {
    sink_.OnKeyLoaded(job.name(), *std::move(job.result));
  }
  Notify(std::move(job.waiters), status);
}

void LoadBoard::FinishRows(RowsJob& job) {
  rows_.erase(job.rows);
  --rows_pending_;
  const Status status =
      job.result.has_value() ? sink_.OnRunLoaded(job.name(), *job.result) : job.result.error();
  std::vector<LoadWaiter*> ready;
  for (RowsWait& wait : job.waits) {
    std::optional<LoadRequest> next;
    if (status.ok()) {
      next = sink_.StillMissing(job.name(), job.request.collection, wait.wanted);
    }
    if (!next.has_value()) {
      ready.push_back(wait.waiter);
      continue;
    }
    // Stays pending through the next load: joined first, then counted off.
    JoinRows(job.name(), *std::move(next), std::move(wait.wanted), *wait.waiter);
    --wait.waiter->pending_;
  }
  Notify(std::move(ready), status);
}

void LoadBoard::Notify(std::vector<LoadWaiter*> waiters, const Status& status) {
  notifying_.push_back(&waiters);
  // By index: those told may abandon others of the list.
  for (size_t i = 0; i < waiters.size(); ++i) {
    LoadWaiter* waiter = waiters[i];
    if (waiter == nullptr) continue;
    waiters[i] = nullptr;
    if (!status.ok() && waiter->error_.ok()) waiter->error_ = status;
    if (--waiter->pending_ == 0) waiter->OnLoaded();
  }
  notifying_.pop_back();
}

}  // namespace lsm
