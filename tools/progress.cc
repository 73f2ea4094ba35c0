// SPDX-License-Identifier: BSD-3-Clause
#include "tools/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace tools {
namespace {

std::string Amount(double number, std::string_view unit) {
  if (unit != "bytes") return fmt::format("{:.0f} {}", number, unit);
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  size_t at = 0;
  for (; number >= 1000 && at + 1 < std::size(kUnits); ++at) number /= 1000;
  return fmt::format("{:.{}f} {}", number, at == 0 ? 0 : 1, kUnits[at]);
}

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::Begin(std::string stage, std::string_view unit, std::optional<uint64_t> total) {
  stage_ = std::move(stage);
  unit_ = unit;
  total_ = total;
  done_ = 0;
  began_ = printed_ = Clock::now();
}

void Progress::Update(uint64_t done) {
  done_ = done;
  const auto every = terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000);
  if (Clock::now() - printed_ >= every) Print(false);
}

void Progress::End() {
  Print(true);
}

void Progress::Print(bool last) {
  printed_ = Clock::now();
  if (quiet_) return;
  const double seconds = std::max(1e-3, std::chrono::duration<double>(printed_ - began_).count());
  const double rate = static_cast<double>(done_) / seconds;
  std::string line = fmt::format("{}: {}", stage_, Amount(static_cast<double>(done_), unit_));
  if (total_ && *total_ > 0 && !last) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(*total_));
    if (terminal_) {
      constexpr size_t kWidth = 24;
      const auto filled = static_cast<size_t>(share * kWidth);
      line += " [" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "]";
    }
    const double left =
        rate > 0 ? static_cast<double>(*total_ - std::min(*total_, done_)) / rate : 0;
    line += fmt::format(" {:.0f} %, {:.0f} s left", share * 100, left);
  }
  line += fmt::format(", {}/s", Amount(rate, unit_));
  if (last) line += fmt::format(", {:.1f} s", seconds);
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s%s", line.c_str(), last ? "\n" : "");
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

}  // namespace tools
