// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_sorter.h"

#include <algorithm>
#include <utility>

namespace lsm {
namespace {

// Memory is this many chunks. When so many are sorted, the oldest ones of them become a run: the
// rest is for what is being filled meanwhile.
constexpr size_t kChunks = 20;
constexpr size_t kSpillAt = 13;
constexpr size_t kSpilled = 6;
// So many runs become one of the next level: neither files nor buffers grow beyond that.
constexpr size_t kFanIn = 64;
constexpr size_t kRunBuffer = size_t{256} << 10;

}  // namespace

RowSorter::RowSorter(std::string directory, size_t memory_bytes)
    : directory_(std::move(directory)), chunk_bytes_(memory_bytes / kChunks) {}

RowSorter::~RowSorter() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    sealed_ = true;
    full_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

Status RowSorter::Add(uint8_t shard, std::string_view key, std::string_view value) {
  if (filling_ == nullptr) {
    filling_ = std::make_unique<SortChunk>();
    const std::lock_guard lock(mutex_);
    ++chunks_;
  } else if (filling_->rows() > 0 && filling_->bytes() + key.size() + value.size() > chunk_bytes_) {
    LSM_RETURN_IF_ERROR(HandOver());
  }
  filling_->Add(shard, key, value);
  ++rows_;
  bytes_ += key.size() + value.size();
  return {};
}

Status RowSorter::HandOver() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  std::unique_lock lock(mutex_);
  full_.push_back(std::move(filling_));
  changed_.notify_all();
  changed_.wait(lock, [this] { return !free_.empty() || chunks_ < kChunks || !status_.ok(); });
  LSM_RETURN_IF_ERROR(status_);
  if (free_.empty()) {
    filling_ = std::make_unique<SortChunk>();
    ++chunks_;
  } else {
    filling_ = std::move(free_.back());
    free_.pop_back();
  }
  return {};
}

void RowSorter::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return sealed_ || !full_.empty(); });
    if (full_.empty()) return;
    std::unique_ptr<SortChunk> chunk = std::move(full_.front());
    full_.erase(full_.begin());
    lock.unlock();
    chunk->Sort();
    sorted_.push_back(std::move(chunk));
    Chunks spilled;
    Status status;
    if (sorted_.size() >= kSpillAt) {
      const auto end = sorted_.begin() + kSpilled;
      spilled.assign(std::make_move_iterator(sorted_.begin()), std::make_move_iterator(end));
      sorted_.erase(sorted_.begin(), end);
      status = Spill(spilled);
      for (auto& each : spilled) each->Clear();
    }
    lock.lock();
    for (auto& each : spilled) free_.push_back(std::move(each));
    if (!status.ok()) {
      status_ = std::move(status);
      changed_.notify_all();
      return;
    }
    changed_.notify_all();
  }
}

Status RowSorter::Spill(const Chunks& chunks) {
  std::vector<std::unique_ptr<SortCursor>> cursors;
  for (const auto& chunk : chunks) cursors.push_back(chunk->Walk({}));
  LSM_ASSIGN_OR_RETURN(auto run, WriteRun(std::move(cursors)));
  if (levels_.empty()) levels_.emplace_back();
  levels_[0].push_back(std::move(run));
  for (size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].size() == kFanIn) LSM_RETURN_IF_ERROR(MergeRuns(level));
  }
  return {};
}

Status RowSorter::MergeRuns(size_t level) {
  std::vector<std::unique_ptr<SortCursor>> cursors;
  for (const auto& run : levels_[level]) cursors.push_back(run->Walk({}, kRunBuffer));
  LSM_ASSIGN_OR_RETURN(auto run, WriteRun(std::move(cursors)));
  levels_[level].clear();
  if (level + 1 == levels_.size()) levels_.emplace_back();
  levels_[level + 1].push_back(std::move(run));
  return {};
}

Result<std::unique_ptr<SortRun>> RowSorter::WriteRun(
    std::vector<std::unique_ptr<SortCursor>> cursors) {
  LSM_ASSIGN_OR_RETURN(auto run,
                       SortRun::Create(directory_ + "/run-" + std::to_string(next_run_++)));
  SortMerge merge;
  LSM_RETURN_IF_ERROR(merge.Start(std::move(cursors)));
  while (!merge.done()) {
    LSM_RETURN_IF_ERROR(run->Write(merge.row()));
    LSM_RETURN_IF_ERROR(merge.Next());
  }
  LSM_RETURN_IF_ERROR(run->Seal());
  return run;
}

Status RowSorter::Seal() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      if (filling_ != nullptr) full_.push_back(std::move(filling_));
      sealed_ = true;
    }
    changed_.notify_all();
    thread_.join();
    free_.clear();
    return status_;
  }
  if (filling_ != nullptr) {
    filling_->Sort();
    sorted_.push_back(std::move(filling_));
  }
  return {};
}

size_t RowSorter::runs() const {
  size_t runs = 0;
  for (const Runs& level : levels_) runs += level.size();
  return runs;
}

std::vector<SortBound> RowSorter::Divide(size_t parts) const {
  std::vector<SortBound> samples;
  for (const auto& chunk : sorted_) {
    const size_t marks = std::max<size_t>(chunk->bytes() / SortRun::kMarkBytes, 1);
    for (size_t i = 0; i < marks; ++i) {
      const SortRow row = chunk->RowAt(chunk->rows() * i / marks);
      samples.push_back({row.shard, std::string(row.key)});
    }
  }
  for (const Runs& level : levels_) {
    for (const auto& run : level) {
      for (const SortRun::Mark& mark : run->marks()) samples.push_back(mark.bound);
    }
  }
  std::sort(samples.begin(), samples.end(),
            [](const SortBound& a, const SortBound& b) { return RowLess(a.view(), b.view()); });
  std::vector<SortBound> bounds;
  for (size_t part = 1; part < parts && !samples.empty(); ++part) {
    SortBound& bound = samples[samples.size() * part / parts];
    if (bounds.empty() || RowLess(bounds.back().view(), bound.view())) bounds.push_back(bound);
  }
  return bounds;
}

Status RowSorter::Walk(const SortRange& range, const Visit& visit) const {
  std::vector<std::unique_ptr<SortCursor>> cursors;
  for (const auto& chunk : sorted_) cursors.push_back(chunk->Walk(range));
  for (const Runs& level : levels_) {
    for (const auto& run : level) cursors.push_back(run->Walk(range, kRunBuffer));
  }
  SortMerge merge;
  LSM_RETURN_IF_ERROR(merge.Start(std::move(cursors)));
  while (!merge.done()) {
    const SortRow& row = merge.row();
    LSM_RETURN_IF_ERROR(visit(row.shard, row.key, row.value));
    LSM_RETURN_IF_ERROR(merge.Next());
  }
  return {};
}

}  // namespace lsm
