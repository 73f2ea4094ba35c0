// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "lsm/mutex.h"

namespace lsm {

// A piece of reading to be done off the loop. Run() is called once on a worker thread and may
// block; then Finish() once on the loop thread, which also destroys it.
class LoadJob {
 public:
  virtual ~LoadJob() = default;
  virtual void Run() = 0;
  virtual void Finish() = 0;
};

// Worker threads for blocking reads. Jobs are handed over in batches, once per turn, and come back
// in batches: `wake_loop` is called (on a worker) only when finished jobs appear where none waited.
class LoaderPool {
 public:
  LoaderPool(size_t threads, std::function<void()> wake_loop);
  // Waits for jobs under way; those not begun are destroyed without Run(), all without Finish().
  ~LoaderPool();
  LoaderPool(const LoaderPool&) = delete;
  LoaderPool& operator=(const LoaderPool&) = delete;

  // Queues the jobs and empties the vector. Loop thread.
  void Submit(std::vector<std::unique_ptr<LoadJob>>& jobs);
  // Calls Finish() of all that have run. Returns how many. Loop thread; Finish() may Submit.
  size_t RunCompletions();
  // Blocks until every job submitted so far has run and been finished, those their Finish()
  // submits included. Loop thread.
  void Drain();
  // Jobs submitted and not finished. Loop thread.
  size_t pending() const { return pending_; }

 private:
  void Work();

  const std::function<void()> wake_loop_;
  size_t pending_ = 0;

  Mutex mutex_;
  CondVar work_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::unique_ptr<LoadJob>> queue_ ABSL_GUARDED_BY(mutex_);

  Mutex done_mutex_;
  CondVar done_any_;  // For Drain().
  std::vector<std::unique_ptr<LoadJob>> done_ ABSL_GUARDED_BY(done_mutex_);

  std::vector<std::thread> threads_;
};

}  // namespace lsm
