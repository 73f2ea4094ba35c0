// SPDX-License-Identifier: BSD-3-Clause
// The two reports of LATENCY that are for people: the graph and the doctor.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "server/latency_monitor.h"

namespace server {
namespace {

using Samples = std::span<const LatencyMonitor::Sample>;

constexpr size_t kGraphColumns = 80;
constexpr size_t kGraphRows = 4;
// From the bottom of a character cell to its top; a bar fills what is below with '|'.
constexpr std::string_view kBarTops = "_o#";

std::string AgeLabel(int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 24 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / (24 * 3600));
}

char BarCell(int64_t above_low, int64_t range, size_t row) {
  constexpr int64_t kSteps = static_cast<int64_t>(kBarTops.size() * kGraphRows);
  const int64_t step = std::min(above_low * kSteps / std::max<int64_t>(range, 1), kSteps - 1);
  const auto from_bottom = static_cast<int64_t>(kGraphRows - 1 - row);
  const int64_t within = step - from_bottom * static_cast<int64_t>(kBarTops.size());
  if (within < 0) return ' ';
  if (within >= static_cast<int64_t>(kBarTops.size())) return '|';
  return kBarTops[static_cast<size_t>(within)];
}

// One strip of at most kGraphColumns bars, with the labels written downwards below a blank row.
void AppendStrip(std::string& graph, Samples samples, int64_t low, int64_t high, int64_t now_s) {
  for (size_t row = 0; row < kGraphRows; ++row) {
    for (const auto& sample : samples) graph += BarCell(sample.ms - low, high - low, row);
    graph += '\n';
  }
  graph.append(samples.size(), ' ');
  graph += '\n';
  std::vector<std::string> labels;
  size_t longest = 0;
  for (const auto& sample : samples) {
    labels.push_back(AgeLabel(now_s - sample.time_s));
    longest = std::max(longest, labels.back().size());
  }
  for (size_t row = 0; row < longest; ++row) {
    for (const std::string& label : labels) graph += row < label.size() ? label[row] : ' ';
    graph += '\n';
  }
}

struct Summary {
  size_t count = 0;
  int64_t average_ms = 0;
  int64_t mean_deviation_ms = 0;
  double period_s = 0;
};

Summary Summarize(Samples samples) {
  Summary summary;
  summary.count = samples.size();
  if (samples.empty()) return summary;
  const auto count = static_cast<int64_t>(samples.size());
  int64_t sum = 0;
  for (const auto& sample : samples) sum += sample.ms;
  summary.average_ms = sum / count;
  int64_t deviation = 0;
  for (const auto& sample : samples) deviation += std::abs(sample.ms - summary.average_ms);
  summary.mean_deviation_ms = deviation / count;
  const int64_t span_s = std::max<int64_t>(samples.back().time_s - samples.front().time_s, 1);
  summary.period_s = static_cast<double>(span_s) / static_cast<double>(count);
  return summary;
}

std::string_view Advice(std::string_view event) {
  if (event == "command") {
    return "A slow command held the loop. SLOWLOG GET names it. Ranges over whole large "
           "collections, KEYS and commands on data that is not in RAM and that they do not declare "
           "(store_spot_loads in INFO) are the usual ones.";
  }
  if (event == "fast-command") {
    return "Even a command of constant cost was slow: the machine is short of CPU or memory. Look "
           "for swapping, for neighbours on the same cores, and for large values in RAM.";
  }
  if (event.starts_with("aof-")) {
    return "The disk was slow in syncing the commit log. With appendfsync always every reply waits "
           "for that; everysec does not. A log on a disk of its own helps.";
  }
  if (event == "housekeeping") {
    return "Housekeeping took long in one piece. Very many keys that expire in the same moment, or "
           "a hot set that changes as a whole, cause it.";
  }
  return "";
}

}  // namespace

std::string LatencyGraph(std::string_view name, const LatencyMonitor::Event& event, int64_t now_s) {
  const std::vector<LatencyMonitor::Sample> history = event.History();
  int64_t low = history.empty() ? 0 : history.front().ms;
  int64_t high = low;
  for (const auto& sample : history) {
    low = std::min(low, sample.ms);
    high = std::max(high, sample.ms);
  }
  std::string graph = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", name, high,
                                  low, event.worst_ms());
  graph.append(kGraphColumns, '-');
  graph += '\n';
  const Samples samples(history);
  for (size_t from = 0; from < samples.size(); from += kGraphColumns) {
    if (from > 0) graph += '\n';
    AppendStrip(graph, samples.subspan(from, std::min(kGraphColumns, samples.size() - from)), low,
                high, now_s);
  }
  return graph;
}

std::string LatencyReport(const LatencyMonitor& monitor, int64_t threshold_ms,
                          int64_t slowlog_threshold_us) {
  if (threshold_ms == 0 && monitor.events().empty()) {
    return "Latency is not being monitored. CONFIG SET latency-monitor-threshold <milliseconds> "
           "starts it; the value is what you would call slow.\n";
  }
  if (monitor.events().empty()) {
    return fmt::format("No latency spike of {} ms or more has been seen so far.\n", threshold_ms);
  }
  std::string report = "These classes of latency spikes have been seen:\n\n";
  std::string advice;
  size_t number = 0;
  for (const auto& [name, event] : monitor.events()) {
    const std::vector<LatencyMonitor::Sample> history = event.History();
    const Summary summary = Summarize(history);
    report += fmt::format(
        "{}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2f} sec). Worst "
        "all time event {}ms.\n",
        ++number, name, summary.count, summary.average_ms, summary.mean_deviation_ms,
        summary.period_s, event.worst_ms());
    if (const std::string_view text = Advice(name); !text.empty()) {
      advice += fmt::format("- {}: {}\n", name, text);
    }
  }
  if (slowlog_threshold_us < 0 || slowlog_threshold_us > threshold_ms * 1000) {
    advice +=
        "- The slow log does not record commands as short as these spikes: lower "
        "slowlog-log-slower-than.\n";
  }
  if (!advice.empty()) report += "\nWhat may help:\n\n" + advice;
  return report;
}

}  // namespace server
