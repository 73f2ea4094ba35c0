// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "fault_file_system.h"
#include "lsm/commit_log.h"

namespace lsm {

// A commit log in a FaultFileSystem, with a clock and random numbers that stand still until moved,
// and without a thread of its own.
struct TestLog {
  TestLog() : fs(std::make_unique<FaultFileSystem>()) {}
  explicit TestLog(std::unique_ptr<FaultFileSystem> files) : fs(std::move(files)) {}

  static LogOptions SmallOptions() {
    LogOptions options;
    options.policy = SyncPolicy::kAlways;
    options.segment_bytes = 1024;
    options.first_segment_bytes = 1024;
    options.own_thread = false;
    return options;
  }

  // Opens, or reopens, the log; `replayed` and `report` then tell what recovery gave.
  Status Open(uint64_t applied_seq = 0) {
    log.reset();
    replayed.clear();
    report = {};
    LogOptions used = options;
    used.now_ms = [this] { return now; };
    used.random = [this] { return next_random += 0x9E3779B97F4A7C15; };
    used.on_synced = [this](uint64_t seq) { synced.push_back(seq); };
    used.on_writable = [this](const std::string& error) { writable_changes.push_back(error); };
    auto opened = CommitLog::Open(
        *fs, "log", used, applied_seq,
        [this](uint64_t seq, std::string_view payload) -> Status {
          RowReader reader(payload);
          std::string text = std::to_string(seq);
          for (RowOperation op; reader.Next(&op);) text += ":" + std::string(op.value);
          replayed.push_back(text);
          return reader.status();
        },
        &report);
    if (!opened.has_value()) return opened.error();
    log = std::move(*opened);
    return {};
  }

  // Appends the next record, whose value is `value`.
  Status Append(const std::string& value) {
    RowBatch batch;
    batch.Put("k", value);
    return log->Append(log->written_seq() + 1, batch);
  }

  void Tick(uint64_t ms) {
    now += ms;
    log->RunBackground();
  }

  // What a power cut leaves of what is here now, ready to be opened. This log can do nothing more.
  TestLog AfterPowerCut(PowerCut kind = PowerCut::kNothing, uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    fs->CutPower(kind, random);
    TestLog after(fs->Copy());
    after.options = options;
    after.next_random = next_random + 12345;
    return after;
  }

  // As after a SIGKILL: all that was written is there.
  TestLog AfterKill() const {
    TestLog after(fs->Copy());
    after.options = options;
    after.next_random = next_random + 12345;
    return after;
  }

  std::vector<std::string> Files() {
    auto names = fs->List("log");
    return names.has_value() ? *names : std::vector<std::string>();
  }

  std::unique_ptr<FaultFileSystem> fs;
  LogOptions options = SmallOptions();
  uint64_t now = 1'000'000;
  uint64_t next_random = 1;
  std::vector<uint64_t> synced;
  std::vector<std::string> writable_changes;
  std::vector<std::string> replayed;
  LogReport report;
  std::unique_ptr<CommitLog> log;  // Last: closes while the rest is there.
};

}  // namespace lsm
