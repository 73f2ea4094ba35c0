// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/list.h"
#include "datatypes/result.h"

namespace datatypes {

// What the handlers of list commands share: changes with the events that belong to them, in Redis'
// order.

Result<List> OpenList(CommandContext& ctx, std::string_view key);

// "LEFT" or "RIGHT"; anything else is a syntax error.
Result<List::End> ParseEnd(std::string_view text);

// The key goes, or has gone, with its last element ("del" if so).
void NotifyIfGone(const CommandContext& ctx, const List& list);

// LPUSH, RPUSH and all that do the same: "new" if the key is created, "lpush" or "rpush".
Result<void> PushElements(CommandContext& ctx, List& list, List::End end, Args elements);

// LPOP, RPOP without a count: the element as a bulk string, "lpop" or "rpop", "del".
Result<void> PopOne(CommandContext& ctx, List& list, List::End end);
// With a count, as an array. Requires 0 < count.
Result<void> PopMany(CommandContext& ctx, List& list, List::End end, uint64_t count);

struct MovePlan {
  std::string_view source;
  std::string_view destination;
  List::End from = List::End::kTail;
  List::End to = List::End::kHead;
};
// LMOVE: takes an element off `source`, which is a list, and puts it to `destination`; replies with
// it. True if done (or suspended for a load), false if `source` is absent: nothing is replied then.
Result<bool> MoveElement(CommandContext& ctx, const MovePlan& plan);

// LMPOP's arguments, from its number of keys on.
struct MultiPop {
  Args keys;
  List::End end = List::End::kHead;
  uint64_t count = 1;
};
Result<MultiPop> ParseMultiPop(Args args);
// LMPOP: pops from the first of the keys that is there, and replies with its name and the elements.
// True if done (or suspended for a load); false: there is none, nothing is replied.
Result<bool> PopFromFirst(CommandContext& ctx, const MultiPop& pop);

}  // namespace datatypes
