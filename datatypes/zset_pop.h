// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/sorted_set_access.h"

namespace datatypes {

// What the handlers that take the lowest or highest members share, whether they wait for them or
// not.

enum class ZEnd : uint8_t { kMin, kMax };

enum class ZPopForm : uint8_t {
  kFlat,       // An array of members and scores in turn.
  kPairs,      // An array of pairs.
  kNamedFlat,  // An array of the key's name, then members and scores in turn.
};
// Replies the elements at that end, `count` of them or all, removes them and announces it.
Result<void> PopFromSortedSet(CommandContext& ctx, SortedSet& set, std::string_view key, ZEnd end,
                              uint64_t count, ZPopForm form);

// ZMPOP's arguments, from its number of keys on.
struct ZMultiPop {
  Args keys;
  ZEnd end = ZEnd::kMin;
  uint64_t count = 1;
};
Result<ZMultiPop> ParseZMultiPop(Args args);
// ZMPOP: pops from the first of the keys that is there, and replies with its name and the elements.
// True if done (or suspended for a load); false: there is none, nothing is replied.
Result<bool> PopFromFirstSortedSet(CommandContext& ctx, const ZMultiPop& pop);

}  // namespace datatypes
