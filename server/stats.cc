// SPDX-License-Identifier: BSD-3-Clause
#include "server/stats.h"

#include <numeric>

namespace server {

void RateSampler::Sample(int64_t now_ms, uint64_t total) {
  const int64_t elapsed = now_ms - last_ms_;
  if (last_ms_ != 0 && elapsed > 0 && total >= last_total_) {
    samples_[next_] = (total - last_total_) * 1000 / static_cast<uint64_t>(elapsed);
    next_ = (next_ + 1) % kSamples;
  }
  last_ms_ = now_ms;
  last_total_ = total;
}

uint64_t RateSampler::PerSecond() const {
  return std::accumulate(samples_.begin(), samples_.end(), uint64_t{0}) / kSamples;
}

void RateSampler::Reset() {
  *this = RateSampler();
}

void ServerStats::FindCommand(const datatypes::CommandSpec& spec, Slot& slot) {
  std::unique_ptr<CommandStats>& stats = commands_[&spec];
  if (stats == nullptr) stats = std::make_unique<CommandStats>();
  slot = {&spec, stats.get()};
}

void ServerStats::CountError(std::string_view text) {
  ++total_error_replies;
  const std::string_view code = text.substr(0, text.find(' '));
  const auto found = errors.find(std::string(code));
  if (found != errors.end()) {
    ++found->second;
  } else if (errors.size() < kMaxErrorCodes) {
    errors.emplace(code, 1);
  }
}

void ServerStats::Reset() {
  const uint64_t kept_peak = peak_memory;
  const int64_t kept_peak_time = peak_memory_time_ms;
  *this = ServerStats();
  peak_memory = kept_peak;
  peak_memory_time_ms = kept_peak_time;
}

}  // namespace server
