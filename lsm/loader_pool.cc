// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/loader_pool.h"

#include <iterator>
#include <utility>

namespace lsm {

LoaderPool::LoaderPool(size_t threads, std::function<void()> wake_loop)
    : wake_loop_(std::move(wake_loop)) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

LoaderPool::~LoaderPool() {
  {
    const MutexLock lock(&mutex_);
    stop_ = true;
    work_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

// Wakes one thread only: each that finds more than it takes wakes the next. So the loop pays for
// one system call, and few short jobs do not wake everybody.
void LoaderPool::Submit(std::vector<std::unique_ptr<LoadJob>>& jobs) {
  if (jobs.empty()) return;
  pending_ += jobs.size();
  bool wake = false;
  {
    const MutexLock lock(&mutex_);
    std::move(jobs.begin(), jobs.end(), std::back_inserter(queue_));
    wake = idle_ > 0;
  }
  if (wake) work_.Signal();
  jobs.clear();
}

void LoaderPool::Work() {
  while (true) {
    std::unique_ptr<LoadJob> job;
    bool wake_next = false;
    {
      const MutexLock lock(&mutex_);
      ++idle_;
      while (queue_.empty() && !stop_) work_.Wait(&mutex_);
      --idle_;
      if (stop_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
      wake_next = !queue_.empty() && idle_ > 0;
    }
    if (wake_next) work_.Signal();
    job->Run();
    bool first = false;
    {
      const MutexLock lock(&done_mutex_);
      first = done_.empty();
      done_.push_back(std::move(job));
      if (first) done_any_.Signal();
    }
    if (first) wake_loop_();
  }
}

size_t LoaderPool::RunCompletions() {
  std::vector<std::unique_ptr<LoadJob>> done;
  {
    const MutexLock lock(&done_mutex_);
    done.swap(done_);
  }
  for (auto& job : done) {
    --pending_;
    job->Finish();
    job.reset();
  }
  return done.size();
}

void LoaderPool::Drain() {
  while (pending_ > 0) {
    {
      const MutexLock lock(&done_mutex_);
      while (done_.empty()) done_any_.Wait(&done_mutex_);
    }
    RunCompletions();
  }
}

}  // namespace lsm
