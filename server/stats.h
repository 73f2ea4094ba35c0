// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include "datatypes/command_spec.h"
#include "server/latency_histogram.h"

namespace server {

// What INFO commandstats and latencystats know of one command.
struct CommandStats {
  uint64_t calls = 0;
  uint64_t usec = 0;
  uint64_t rejected_calls = 0;                // Refused before they ran.
  uint64_t failed_calls = 0;                  // Answered with an error.
  std::unique_ptr<LatencyHistogram> latency;  // Only while latency-tracking is on.
};

// A rate per second, from 16 samples taken 100 ms apart, as Redis computes it.
class RateSampler {
 public:
  // `total` is the counter's value now.
  void Sample(int64_t now_ms, uint64_t total);
  // Per second, over the samples there are.
  uint64_t PerSecond() const;
  void Reset();

 private:
  static constexpr size_t kSamples = 16;
  std::array<uint64_t, kSamples> samples_{};
  size_t next_ = 0;
  int64_t last_ms_ = 0;
  uint64_t last_total_ = 0;
};

// The counters behind INFO, since start or CONFIG RESETSTAT. Loop thread only.
struct ServerStats {
  uint64_t connections_received = 0;
  uint64_t rejected_connections = 0;
  uint64_t commands_processed = 0;
  uint64_t net_input_bytes = 0;
  uint64_t net_output_bytes = 0;
  // From the primary and to replicas; the two above are without these.
  uint64_t net_repl_input_bytes = 0;
  uint64_t net_repl_output_bytes = 0;
  uint64_t reads_processed = 0;
  uint64_t writes_processed = 0;
  // Hits and misses of keys are the dispatcher's, expired keys the store's.
  uint64_t total_error_replies = 0;
  uint64_t query_buffer_limit_disconnections = 0;
  uint64_t output_buffer_limit_disconnections = 0;
  uint64_t eventloop_cycles = 0;
  uint64_t eventloop_duration_us = 0;
  uint64_t eventloop_cmd_duration_us = 0;
  uint64_t unexpected_error_replies = 0;  // Errors of commands that came from the primary.
  uint64_t acl_access_denied_auth = 0;
  uint64_t lookahead_requests = 0;  // Requests whose keys were prefetched behind a parked one.
  uint64_t commits_failed = 0;
  uint64_t sync_full = 0;  // What replicas asked for and got.
  uint64_t sync_partial_ok = 0;
  uint64_t sync_partial_err = 0;
  uint64_t paced_reads = 0;  // Times that a writing client's next read was put off.
  uint64_t peak_memory = 0;  // Bytes in use, as the allocator counts them.
  int64_t peak_memory_time_ms = 0;
  uint64_t max_input_buffer = 0;   // Largest query buffer seen lately.
  uint64_t max_output_buffer = 0;  // Largest output buffer seen lately.

  RateSampler ops;
  RateSampler input_bytes;
  RateSampler output_bytes;
  RateSampler cycles;
  RateSampler cycle_time_us;

  // Replies that were errors, by their first word. At most kMaxErrorCodes; what comes after is
  // counted only in the total (Redis: to keep a script from filling memory).
  static constexpr size_t kMaxErrorCodes = 128;
  absl::btree_map<std::string, uint64_t> errors;

  // The counters of a command or subcommand; made when first asked for. The reference holds until
  // Reset(). On the hot path.
  CommandStats& ForCommand(const datatypes::CommandSpec& spec) {
    Slot& slot = recent_[SlotOf(spec)];
    if (slot.spec != &spec) FindCommand(spec, slot);
    return *slot.stats;
  }
  using CommandMap =
      absl::flat_hash_map<const datatypes::CommandSpec*, std::unique_ptr<CommandStats>>;
  const CommandMap& commands() const { return commands_; }

  // `text` is an error reply without its '-'.
  void CountError(std::string_view text);

  // CONFIG RESETSTAT.
  void Reset();

 private:
  // A direct-mapped cache in front of the map: a server mostly runs a handful of commands.
  struct Slot {
    const datatypes::CommandSpec* spec = nullptr;
    CommandStats* stats = nullptr;
  };
  static constexpr size_t kSlots = 64;
  static size_t SlotOf(const datatypes::CommandSpec& spec) {
    return (reinterpret_cast<uintptr_t>(&spec) / sizeof(datatypes::CommandSpec)) % kSlots;
  }
  void FindCommand(const datatypes::CommandSpec& spec, Slot& slot);

  std::array<Slot, kSlots> recent_{};
  CommandMap commands_;
};

}  // namespace server
