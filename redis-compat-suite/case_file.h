// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "peer.h"

namespace compat {

// One line of a case. The files' grammar, for people, is in redis-compat-suite/README.md.
struct Step {
  enum class Kind {
    kCompare,    // Both replies must be the same.
    kUnordered,  // The same up to the order of an array's elements.
    kShape,      // The same type (and, for aggregates, the same number of children).
    kExpect,     // Tiercel alone: the reply must be `expected` (newer than the oracle).
    kSilent,     // Sent to both, replies ignored: preparation.
    kSend,       // Sent to both, the reply comes later (blocking commands).
    kRead,       // Reads one reply or push from both and compares.
    kReadShape,  // The same; of the same type and size.
    kRaw,        // Raw bytes to both, one reply from both.
    kSleep,      // Milliseconds.
    kRestart,    // Tiercel stops and starts again; Redis keeps running.
  };
  Kind kind = Kind::kCompare;
  size_t connection = 0;
  Command command;
  std::string expected;  // kExpect, as resp::Describe() says it.
  int milliseconds = 0;
  int line = 0;
};

struct Case {
  std::string file;
  std::string name;
  std::vector<Step> steps;
  bool resp2 = true;
  bool resp3 = true;
};

// Reads a case file. On a line it does not understand: false, and `error` says where and why.
bool ReadCases(const std::string& path, std::vector<Case>* cases, std::string* error);

}  // namespace compat
