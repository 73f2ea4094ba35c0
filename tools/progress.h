// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rdb/source.h"

namespace tools {

// Tells on standard error how far something is: one line that is written over on a terminal, a line
// every five seconds otherwise.
class Progress {
 public:
  explicit Progress(bool quiet);

  // A new stage: "reading", in bytes or in rows, of so many if that is known.
  void Begin(std::string stage, std::string_view unit, std::optional<uint64_t> total);
  // Cheap enough to be called often.
  void Update(uint64_t done);
  // The stage is over: its last line.
  void End();

 private:
  using Clock = std::chrono::steady_clock;
  void Print(bool last);

  const bool quiet_;
  const bool terminal_;
  std::string stage_;
  std::string unit_;
  std::optional<uint64_t> total_;
  uint64_t done_ = 0;
  Clock::time_point began_;
  Clock::time_point printed_;
};

// Counts what passes.
class CountedSource : public rdb::Source {
 public:
  CountedSource(rdb::Source& source, Progress& progress) : source_(source), progress_(progress) {}
  rdb::Result<std::string_view> Next() override {
    auto bytes = source_.Next();
    if (bytes) progress_.Update(read_ += bytes->size());
    return bytes;
  }

 private:
  rdb::Source& source_;
  Progress& progress_;
  uint64_t read_ = 0;
};

}  // namespace tools
