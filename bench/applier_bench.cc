// SPDX-License-Identifier: BSD-3-Clause
//
// What bringing batches into LevelDB costs: random overwrites, one SET's meta per batch, through
// the applier into a store on the local disk. Reports CPU microseconds per operation, of the
// submitting thread and of all others (applier, LevelDB's compaction) together, and what merging
// saved.
//
//   bench_applier [keys] [value bytes] [operations] [operations per second] [directory]
//                 [memtable MiB] [compress 0/1]

#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "lsm/applier.h"
#include "lsm/row_batch.h"
#include "lsm/row_format.h"
#include "lsm/shards.h"

namespace {

double ThreadCpuUs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double ProcessCpuUs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

uint64_t Argument(int argc, char** argv, int index, uint64_t otherwise) {
  return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
}

struct Workload {
  uint64_t keys = 0;
  uint64_t operations = 0;
  uint64_t per_second = 0;  // 0: as fast as the backlog's pacing allows.
  size_t value_bytes = 0;
  std::string text;  // Values are cut out of it.
};

// Random and uniform stretches in turn: compresses to about a half, as text and JSON do.
std::string MakeText(size_t bytes, std::mt19937_64& random) {
  std::string out(bytes, 'x');
  for (size_t i = 0; i < bytes; ++i) {
    if (i / 16 % 2 == 0) out[i] = static_cast<char>(random());
  }
  return out;
}

void Run(const char* name, const Workload& load, bool in_order, lsm::Shards& shards,
         lsm::Applier& applier, uint64_t* seq) {
  std::mt19937_64 random(*seq + 1);
  lsm::RowBatch batch;
  std::string key = "key:000000000000";
  char head[lsm::kMaxMetaHeadBytes];
  const size_t head_bytes = lsm::EncodeMetaHead({.type = 1}, head);
  const auto before = applier.statistics();
  const double process = ProcessCpuUs();
  const double thread = ThreadCpuUs();
  double paused = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < load.operations; ++i) {
    uint64_t number = in_order ? i : random() % load.keys;
    for (size_t digit = key.size() - 1; digit > 3; --digit, number /= 10) {
      key[digit] = static_cast<char>('0' + number % 10);
    }
    const auto prefix = lsm::EncodeMetaKeyPrefix(1, shards.PositionOf(key));
    const size_t offset = random() % (load.text.size() - load.value_bytes);
    const auto value = std::string_view(load.text).substr(offset, load.value_bytes);
    batch.Put({prefix.view(), key}, {{head, head_bytes}, value});
    applier.Submit(++*seq, batch.payload());
    batch.Clear();
    if (i % 1000 != 999) continue;
    const double pause = ThreadCpuUs();
    while (applier.backlog_bytes() > applier.backlog_limit_bytes()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (load.per_second > 0) {
      std::this_thread::sleep_until(start +
                                    std::chrono::microseconds(i * 1000000 / load.per_second));
    }
    paused += ThreadCpuUs() - pause;
  }
  const double submit = ThreadCpuUs() - thread - paused;
  if (!applier.Drain().ok()) std::abort();
  const auto wall = std::chrono::steady_clock::now() - start;
  // Compactions that are still owed belong to the bill.
  for (double last = -1; ProcessCpuUs() - last > 20000;) {
    last = ProcessCpuUs();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  const double all = ProcessCpuUs() - process;
  const auto ops = static_cast<double>(load.operations);
  const auto after = applier.statistics();
  std::printf("%-10s %9.0f ops  submit %.2f us/op  behind %.2f us/op  %8.0f ops/s  merged %.2f\n",
              name, ops, submit / ops, (all - submit - paused) / ops,
              ops / std::chrono::duration<double>(wall).count(),
              static_cast<double>(after.rows_applied - before.rows_applied) /
                  static_cast<double>(after.rows_received - before.rows_received));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937_64 random(1);
  Workload load;
  load.keys = Argument(argc, argv, 1, 1000000);
  load.value_bytes = Argument(argc, argv, 2, 128);
  load.text = MakeText((size_t{1} << 20) + load.value_bytes, random);
  load.operations = Argument(argc, argv, 3, 3000000);
  load.per_second = Argument(argc, argv, 4, 0);
  const std::string dir = argc > 5 ? argv[5] : "/tmp/bench-applier";
  std::filesystem::remove_all(dir);

  lsm::Shards::Options options;
  options.store.dir = dir;
  options.store.memtable_bytes = Argument(argc, argv, 6, options.store.memtable_bytes >> 20) << 20;
  options.store.compress = Argument(argc, argv, 7, options.store.compress ? 1 : 0) != 0;
  auto shards = lsm::Shards::Open(options);
  if (!shards.has_value()) {
    std::fprintf(stderr, "%s\n", shards.error().message().c_str());
    return 1;
  }
  lsm::Applier::Options applier_options;
  applier_options.backlog_limit_bytes = options.store.backlog_limit_bytes;
  applier_options.log_ahead_limit_bytes = options.store.log_ahead_limit_bytes;
  applier_options.apply_interval_ms = options.store.apply_interval_ms;
  uint64_t seq = 0;
  {
    lsm::Applier applier(**shards, applier_options, 0);
    Workload fill = load;
    fill.operations = load.keys;
    Run("fill", fill, true, **shards, applier, &seq);
    Run("overwrite", load, false, **shards, applier, &seq);
  }
  const auto statistics = (*shards)->statistics();
  std::printf("on disk %.1f MB in %lu tables\n",
              static_cast<double>(statistics.bytes_on_disk) / 1e6, statistics.tables);
  shards->reset();
  std::filesystem::remove_all(dir);
  return 0;
}
