// SPDX-License-Identifier: BSD-3-Clause
#include "server/arguments.h"

#include <limits>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"

namespace server {

using datatypes::Fail;
using datatypes::Result;

Result<int64_t> ParseDeadlineMs(std::string_view text, int64_t now_ms) {
  ASSIGN_OR_RETURN(const int64_t timeout_ms,
                   datatypes::ParseInteger(text, "ERR timeout is not an integer or out of range"));
  if (timeout_ms < 0) return Fail(datatypes::kTimeoutNegative);
  if (timeout_ms == 0) return 0;
  if (timeout_ms > std::numeric_limits<int64_t>::max() - now_ms) {
    return Fail(datatypes::kTimeoutOutOfRange);
  }
  return now_ms + timeout_ms;
}

Result<bool> ParseOnOff(std::string_view text) {
  if (datatypes::EqualsIgnoreCase(text, "on")) return true;
  if (datatypes::EqualsIgnoreCase(text, "off")) return false;
  return Fail(datatypes::kSyntaxError);
}

}  // namespace server
