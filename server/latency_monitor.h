// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace server {

// Latency spikes by event class ("command", "fast-command", "aof-fsync", "aof-fsync-always", and
// "housekeeping" for what Redis calls expire-cycle and eviction-cycle): what LATENCY LATEST, HISTORY, GRAPH and DOCTOR tell. At most one sample a second and class,
// the worst. Loop thread only.
class LatencyMonitor {
 public:
  struct Sample {
    int64_t time_s = 0;
    int64_t ms = 0;
  };
  static constexpr size_t kSamples = 160;

  class Event {
   public:
    // Oldest first.
    std::vector<Sample> History() const;
    const Sample& latest() const { return samples_[(next_ + kSamples - 1) % kSamples]; }
    int64_t worst_ms() const { return worst_ms_; }

   private:
    friend class LatencyMonitor;
    std::array<Sample, kSamples> samples_{};  // A ring; a time of 0 was never used.
    size_t next_ = 0;
    int64_t worst_ms_ = 0;
  };
  using Events = std::map<std::string, Event, std::less<>>;

  // Called when the threshold is met.
  void Add(std::string_view event, int64_t now_ms, int64_t duration_ms);
  // False: there is no such event.
  bool Forget(std::string_view event) { return events_.erase(std::string(event)) > 0; }
  // How many there were.
  size_t ForgetAll();
  const Events& events() const { return events_; }

 private:
  Events events_;
};

// LATENCY GRAPH's picture of an event: four rows of bars, below each how long ago it was.
std::string LatencyGraph(std::string_view name, const LatencyMonitor::Event& event, int64_t now_s);

// LATENCY DOCTOR's report. `threshold_ms` is latency-monitor-threshold, 0: nothing is recorded.
std::string LatencyReport(const LatencyMonitor& monitor, int64_t threshold_ms,
                          int64_t slowlog_threshold_us);

}  // namespace server
