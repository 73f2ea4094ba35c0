// SPDX-License-Identifier: BSD-3-Clause
//
// What the store costs the loop's thread, by itself: nanoseconds of CPU time per Find of a resident
// key, per overwrite with its share of the turn, per new key; bytes of RAM per key; loads per
// second of keys that are on disk (in the page cache).
//
//   bench_store [keys] [directory]
#include <time.h>

#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "lsm/file_system.h"
#include "lsm/store.h"
#include "lsm/store_upkeep.h"

namespace {

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double WallSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double ProcessSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Waiter : public lsm::LoadWaiter {
 public:
  void OnLoaded() override {}
};

class Bench {
 public:
  Bench(size_t keys, std::string directory) : keys_(keys) {
    options_.dir = std::move(directory);
    options_.hot_budget_bytes = uint64_t{4} << 30;
    Open();
  }

  void Open() {
    auto opened = lsm::Store::Open(options_, lsm::PosixFileSystem(), *lsm::SystemClock(), [this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      condition_.notify_one();
    });
    if (!opened.has_value()) {
      std::fprintf(stderr, "%s\n", opened.error().message().c_str());
      std::exit(1);
    }
    store_ = std::move(*opened);
  }

  void Fill() {
    const std::string value(128, 'v');
    const double start = ThreadSeconds();
    for (size_t i = 0; i < keys_; ++i) {
      store_->Create(0, Key(i), 1, 0, value);
      if (i % 100 == 99) EndTurn();
    }
    EndTurn();
    Report("new key, 100 per turn", start, keys_);
    const lsm::StoreStats stats = store_->Stats();
    std::printf("%-36s %8.1f bytes\n", "RAM per key (16 + 128 bytes)",
                static_cast<double>(stats.hot_bytes) / static_cast<double>(keys_));
  }

  void FindHits(size_t n) {
    std::vector<std::string> names;
    for (size_t i = 0; i < 100'000; ++i) names.push_back(Key(random_() % keys_));
    size_t found = 0;
    const double start = ThreadSeconds();
    for (size_t i = 0; i < n; ++i) {
      found += store_->Find(0, names[i % names.size()]).entry != nullptr ? 1 : 0;
    }
    Report("find, resident", start, n);
    if (found != n) std::printf("only %zu of %zu were resident\n", found, n);
  }

  // As a pipeline of 16 commands would.
  void HintedHits(size_t n) {
    std::vector<std::string> names;
    for (size_t i = 0; i < 100'000; ++i) names.push_back(Key(random_() % keys_));
    size_t found = 0;
    std::array<std::string_view, 16> line;
    const double start = ThreadSeconds();
    for (size_t i = 0; i < n; i += line.size()) {
      for (size_t j = 0; j < line.size(); ++j) line[j] = names[(i + j) % names.size()];
      store_->Hint(0, line);
      for (std::string_view name : line) found += store_->Find(0, name).entry != nullptr ? 1 : 0;
    }
    Report("find, resident, hinted by 16", start, n);
    if (found < n) std::printf("only %zu of %zu were resident\n", found, n);
  }

  void Overwrite(size_t n, size_t per_turn) {
    std::vector<std::string> names;
    for (size_t i = 0; i < 100'000; ++i) names.push_back(Key(random_() % keys_));
    const std::string value(128, 'w');
    const double start = ThreadSeconds();
    const double process_start = ProcessSeconds();
    for (size_t i = 0; i < n; ++i) {
      const lsm::Store::Lookup found = store_->Find(0, names[i % names.size()]);
      if (found.entry != nullptr) store_->SetPayload(found.entry, value);
      if (i % per_turn == per_turn - 1) EndTurn();
    }
    EndTurn();
    char what[64];
    std::snprintf(what, sizeof(what), "overwrite, %zu per turn", per_turn);
    Report(what, start, n);
    std::printf("%-36s %8.0f ns\n", "  of the whole process",
                (ProcessSeconds() - process_start) / static_cast<double>(n) * 1e9);
  }

  // As after kill -9.
  void Kill() {
    store_.reset();
    const double start = WallSeconds();
    const double thread_start = ThreadSeconds();
    Open();
    const lsm::StoreStats stats = store_->Stats();
    std::printf("%-36s %8.0f ms, %lu records, %lu ms of this thread\n", "start after a kill",
                (WallSeconds() - start) * 1e3, stats.replayed_records,
                static_cast<uint64_t>((ThreadSeconds() - thread_start) * 1e3));
  }

  void ColdLoads(size_t n, size_t together) {
    const lsm::Status closed = store_->Close(true);
    if (!closed.ok()) std::printf("close: %s\n", closed.message().c_str());
    store_.reset();
    Open();
    std::vector<std::unique_ptr<Waiter>> waiters;
    for (size_t i = 0; i < together; ++i) waiters.push_back(std::make_unique<Waiter>());
    const double start = WallSeconds();
    const double thread_start = ThreadSeconds();
    size_t loads = 0;
    while (loads < n) {
      for (auto& waiter : waiters) {
        if (!store_->Prefetch(0, Key(random_() % keys_), *waiter)) ++loads;
      }
      EndTurn();
      for (auto& waiter : waiters) {
        while (waiter->pending() > 0) WaitAndRun();
      }
    }
    const double seconds = WallSeconds() - start;
    std::printf("%-36s %8.0f per second\n", "loads from disk",
                static_cast<double>(loads) / seconds);
    std::printf("%-36s %8.0f ns\n", "  of the loop's thread",
                (ThreadSeconds() - thread_start) / static_cast<double>(loads) * 1e9);
  }

 private:
  static std::string Key(size_t i) {
    char name[32];
    std::snprintf(name, sizeof(name), "key:%012zu", i);
    return name;
  }
  void EndTurn() {
    const lsm::Status status = store_->CommitTurn();
    if (!status.ok()) std::printf("commit: %s\n", status.message().c_str());
    if (++turns_ % 16 == 0) {
      store_->RunCompletions();
      store_->RunHousekeeping(1000);
      lsm::FreeDeleted(*store_, 1000);
    }
  }
  void WaitAndRun() {
    {
      std::unique_lock lock(mutex_);
      condition_.wait(lock, [this] { return woken_; });
      woken_ = false;
    }
    store_->RunCompletions();
  }
  static void Report(const char* what, double start, size_t n) {
    std::printf("%-36s %8.0f ns\n", what, (ThreadSeconds() - start) / static_cast<double>(n) * 1e9);
  }

  const size_t keys_;
  lsm::StoreOptions options_;
  std::mt19937_64 random_{1};
  std::unique_ptr<lsm::Store> store_;
  size_t turns_ = 0;
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const size_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::string directory =
      argc > 2 ? argv[2] : (std::filesystem::temp_directory_path() / "bench_store").string();
  std::filesystem::remove_all(directory);
  {
    Bench bench(keys, directory);
    bench.Fill();
    bench.Kill();
    bench.FindHits(2'000'000);
    bench.HintedHits(2'000'000);
    bench.Overwrite(1'000'000, 100);
    bench.Overwrite(1'000'000, 16);
    bench.Overwrite(200'000, 1);
    bench.Kill();
    bench.ColdLoads(100'000, 50);
    bench.ColdLoads(200'000, 500);
  }
  std::filesystem::remove_all(directory);
  return 0;
}
