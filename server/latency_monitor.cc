// SPDX-License-Identifier: BSD-3-Clause
#include "server/latency_monitor.h"

#include <algorithm>

namespace server {

std::vector<LatencyMonitor::Sample> LatencyMonitor::Event::History() const {
  std::vector<Sample> history;
  for (size_t i = 0; i < kSamples; ++i) {
    const Sample& sample = samples_[(next_ + i) % kSamples];
    if (sample.time_s != 0) history.push_back(sample);
  }
  return history;
}

void LatencyMonitor::Add(std::string_view name, int64_t now_ms, int64_t duration_ms) {
  Event& event = events_.try_emplace(std::string(name)).first->second;
  event.worst_ms_ = std::max(event.worst_ms_, duration_ms);
  const int64_t now_s = now_ms / 1000;
  Sample& last = event.samples_[(event.next_ + kSamples - 1) % kSamples];
  if (last.time_s == now_s) {
    last.ms = std::max(last.ms, duration_ms);
    return;
  }
  event.samples_[event.next_] = {now_s, duration_ms};
  event.next_ = (event.next_ + 1) % kSamples;
}

size_t LatencyMonitor::ForgetAll() {
  const size_t count = events_.size();
  events_.clear();
  return count;
}

}  // namespace server
