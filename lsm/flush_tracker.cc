// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/flush_tracker.h"

#include <algorithm>

namespace lsm {

void FlushTracker::Start(uint64_t applied_seq) {
  const std::lock_guard lock(mutex_);
  flushed_seq_ = applied_seq;
  // An instance that was opened again has lost its memtables, and what stood in them.
  written_seq_ = applied_seq;
  switches_.clear();
  started_ = true;
}

void FlushTracker::Stop() {
  const std::lock_guard lock(mutex_);
  started_ = false;
}

void FlushTracker::Written(uint64_t seq) {
  const std::lock_guard lock(mutex_);
  written_seq_ = std::max(written_seq_, seq);
}

uint64_t FlushTracker::flushed_seq() const {
  const std::lock_guard lock(mutex_);
  return flushed_seq_;
}

uint64_t FlushTracker::written_seq() const {
  const std::lock_guard lock(mutex_);
  return written_seq_;
}

void FlushTracker::OnMemtableSwitch(uint64_t log_number) {
  const std::lock_guard lock(mutex_);
  if (started_) switches_.push_back({log_number, written_seq_});
}

void FlushTracker::OnMemtableFlushed(uint64_t next_log_number) {
  uint64_t flushed = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!started_) return;
    const uint64_t before = flushed_seq_;
    while (!switches_.empty() && switches_.front().log_number <= next_log_number) {
      flushed_seq_ = std::max(flushed_seq_, switches_.front().written_seq);
      switches_.pop_front();
    }
    if (flushed_seq_ == before) return;
    flushed = flushed_seq_;
  }
  if (on_flushed_) on_flushed_(flushed);
}

}  // namespace lsm
