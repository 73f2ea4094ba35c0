// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace datatypes {

// Walks in steps (HSCAN, SSCAN, ZSCAN) and choices by chance over elements that are found by their
// rank, 0 … size - 1.

// A walk's cursor without state in the server. It has the rank at which the step ended, and how
// many elements had been erased so far (`erased`, which only the value itself counts, modulo 2^25).
// An element that lives through the walk and was not yet seen can only have moved down by as many
// ranks as elements were erased since; so the next step begins that much lower, and sees some
// elements again rather than missing one. It ends above the place where the last one ended, so that
// a walk always comes to its end.
struct WalkStep {
  uint64_t from = 0;  // Ranks [from, to).
  uint64_t to = 0;
  uint64_t next_cursor = 0;  // 0: the walk is complete.
};
WalkStep NextStep(uint64_t cursor, uint64_t count, uint64_t size, uint32_t erased);

// `count` different ranks below `size`, each set of them equally likely, ascending. Requires count
// <= size.
std::vector<uint64_t> ChooseRanks(uint64_t count, uint64_t size, std::mt19937_64& random);
// One rank. Requires size > 0.
uint64_t ChooseRank(uint64_t size, std::mt19937_64& random);

}  // namespace datatypes
