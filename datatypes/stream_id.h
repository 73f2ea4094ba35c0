// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "datatypes/result.h"
#include "resp/number_format.h"

namespace datatypes {

// The name of a stream's entry: a time in milliseconds, and a number within it.
struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
  bool zero() const { return ms == 0 && seq == 0; }

  static constexpr StreamId Max() {
    return {std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max()};
  }
  // The neighbours; none after Max(), or before 0-0.
  std::optional<StreamId> Next() const;
  std::optional<StreamId> Previous() const;
};

// "1526919030474-55". Returns the end of what it wrote.
inline constexpr size_t kMaxStreamIdChars = 2 * resp::kMaxInt64Chars + 1;
char* FormatStreamId(char* out, const StreamId& id);

// How clients write IDs. A missing second half is `missing_seq`.
// Only "ms" or "ms-seq".
Result<StreamId> ParseStreamId(std::string_view text, uint64_t missing_seq = 0);
// Also "-" and "+": the least and the greatest there are.
Result<StreamId> ParseStreamIdOrEnd(std::string_view text, uint64_t missing_seq);
// XADD's, other than "*": also "ms-*", of which `seq_given` is false.
struct NewStreamId {
  StreamId id;
  bool seq_given = true;
};
Result<NewStreamId> ParseNewStreamId(std::string_view text);
// One end of a range: also "(" before it, for what is beyond it.
Result<StreamId> ParseRangeStart(std::string_view text);
Result<StreamId> ParseRangeEnd(std::string_view text);

}  // namespace datatypes
