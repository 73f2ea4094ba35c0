// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/walk_options.h"

#include <limits>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/glob.h"
#include "resp/number_format.h"

namespace datatypes {

bool WalkOptions::Matches(std::string_view name) const {
  return pattern == "*" || GlobMatch(pattern, name);
}

Result<WalkOptions> ParseWalkOptions(Args args, bool may_hide_values) {
  WalkOptions parsed;
  for (OptionReader options(args, 3); !options.done();) {
    if (options.Take("COUNT", 1)) {
      ASSIGN_OR_RETURN(const int64_t count, ParseIntegerFrom(options.operand(), 1, kSyntaxError));
      parsed.count = static_cast<uint64_t>(count);
    } else if (options.Take("MATCH", 1)) {
      parsed.pattern = options.operand();
    } else if (options.Take("NOVALUES")) {
      if (!may_hide_values) return Fail(kNoValuesOnlyInHScan);
      parsed.no_values = true;
    } else {
      return Fail(kSyntaxError);
    }
  }
  return parsed;
}

void ReplyCursor(resp::Writer& reply, uint64_t cursor) {
  char text[resp::kMaxInt64Chars];
  const char* const end = resp::FormatUint64(text, cursor);
  reply.Array(2);
  reply.Bulk({text, static_cast<size_t>(end - text)});
}

void ReplyEmptyWalk(resp::Writer& reply) {
  ReplyCursor(reply, 0);
  reply.Array(0);
}

Result<RandomCount> ParseRandomCount(std::string_view text, bool with_values) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  ASSIGN_OR_RETURN(const int64_t count, ParseIntegerIn(text, -kMax, kMax));
  if (with_values && (count < -(kMax / 2) || count > kMax / 2)) return Fail(kOutOfRange);
  RandomCount parsed;
  parsed.repeating = count < 0;
  parsed.count = static_cast<uint64_t>(count < 0 ? -count : count);
  return parsed;
}

}  // namespace datatypes
