// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/loader_pool.h"

#include <atomic>

#include <doctest/doctest.h>

#include "tests/lsm/notification.h"

namespace lsm {
namespace {

struct CountingJob : LoadJob {
  CountingJob(std::atomic<int>* run, int* finished) : run_(run), finished_(finished) {}
  void Run() override { ++*run_; }
  void Finish() override { ++*finished_; }
  std::atomic<int>* run_;
  int* finished_;
};

struct BlockingJob : LoadJob {
  BlockingJob(Notification* begun, Notification* go) : begun_(begun), go_(go) {}
  void Run() override {
    begun_->Notify();
    go_->WaitForNotification();
  }
  void Finish() override {}
  Notification* begun_;
  Notification* go_;
};

TEST_CASE("LoaderPool runs every job once and finishes it on the caller's thread") {
  std::atomic<int> wakes{0};
  std::atomic<int> run{0};
  int finished = 0;
  LoaderPool pool(4, [&] { ++wakes; });
  std::vector<std::unique_ptr<LoadJob>> jobs;
  for (int batch = 0; batch < 100; ++batch) {
    for (int i = 0; i < 50; ++i) jobs.push_back(std::make_unique<CountingJob>(&run, &finished));
    pool.Submit(jobs);
    CHECK(jobs.empty());
    pool.RunCompletions();
  }
  pool.Drain();
  CHECK(run == 5000);
  CHECK(finished == 5000);
  CHECK(pool.pending() == 0);
  CHECK(wakes <= 5000);
  CHECK(wakes > 0);
}

TEST_CASE("LoaderPool runs jobs side by side: one that waits holds up no other") {
  Notification begun[3];
  Notification go;
  LoaderPool pool(3, [] {});
  std::vector<std::unique_ptr<LoadJob>> jobs;
  for (auto& notification : begun) {
    jobs.push_back(std::make_unique<BlockingJob>(&notification, &go));
  }
  pool.Submit(jobs);
  for (auto& notification : begun) notification.WaitForNotification();
  go.Notify();
  pool.Drain();
  CHECK(pool.pending() == 0);
}

TEST_CASE("LoaderPool ends while jobs are queued, without running them") {
  std::atomic<int> run{0};
  int finished = 0;
  Notification begun;
  Notification go;
  {
    LoaderPool pool(1, [] {});
    std::vector<std::unique_ptr<LoadJob>> jobs;
    jobs.push_back(std::make_unique<BlockingJob>(&begun, &go));
    pool.Submit(jobs);
    begun.WaitForNotification();
    jobs.push_back(std::make_unique<CountingJob>(&run, &finished));
    pool.Submit(jobs);
    go.Notify();
  }
  CHECK(finished == 0);
}

}  // namespace
}  // namespace lsm
