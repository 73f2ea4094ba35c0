// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/result.h"
#include "resp/writer.h"

namespace datatypes {

// What HSCAN, SSCAN and ZSCAN have in common.

struct WalkOptions {
  uint64_t count = 10;
  std::string_view pattern = "*";
  bool no_values = false;

  bool Matches(std::string_view name) const;
};

// MATCH pattern, COUNT count and NOVALUES, from argument 3 on. `may_hide_values`: the command knows
// NOVALUES.
Result<WalkOptions> ParseWalkOptions(Args args, bool may_hide_values);

// The reply's first part: an array of two and the cursor. The elements follow as an array.
void ReplyCursor(resp::Writer& reply, uint64_t cursor);
// The reply of a walk over a key that is absent.
void ReplyEmptyWalk(resp::Writer& reply);

// HRANDFIELD's, SRANDMEMBER's and ZRANDMEMBER's count.
struct RandomCount {
  uint64_t count = 0;
  bool repeating = false;  // The count was negative: the same may come again.
};
Result<RandomCount> ParseRandomCount(std::string_view text, bool with_values);

}  // namespace datatypes
