// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

enum class Distribution : uint8_t { kUniform, kZipf, kSequential };

// One workload, as the command line of tiercel-load names it.
struct LoadOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  size_t clients = 50;
  size_t pipeline = 1;
  uint64_t keys = 1000000;  // Key space: key:000000000000 … of 16 bytes.
  size_t value_bytes = 128;
  uint64_t requests = 1000000;  // Ends after this many, or after `seconds`, whichever is first.
  double seconds = 3600;
  Distribution distribution = Distribution::kUniform;
  double theta = 0.99;  // Of the Zipf distribution.
  uint64_t seed = 1;
  // The command: words, in which KEY stands for a key, VALUE for a value of value_bytes random
  // bytes, MEMBER for a number below `members`, and SCORE for a random score.
  std::vector<std::string> command = {"GET", "KEY"};
  uint64_t members = 1000000;
  // Sends nothing: draws the same keys and prints the hit ratio that an LRU cache of this many keys
  // would have had. 0: off.
  uint64_t simulate_lru = 0;
};

}  // namespace bench
