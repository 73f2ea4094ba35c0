// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "peer.h"

namespace compat {

struct Tally {
  int passed = 0;
  int failed = 0;
};

struct RandomRun {
  int seconds = 10;     // No sequence begins later; the shortening of a failure comes on top.
  uint64_t seed = 1;    // Of the first sequence; the next ones count on.
  size_t steps = 5000;  // Of each sequence.
};

// Draws sequence after sequence: from each grammar file alone, then from all together, over and
// over, by turns in RESP2 and RESP3. What fails is shortened and printed. False: a file is wrong.
bool RunRandom(const RandomRun& run, const std::vector<std::string>& files, Peer& redis,
               Peer& tiercel, Tally* tally);

}  // namespace compat
