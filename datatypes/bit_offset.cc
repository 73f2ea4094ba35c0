// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/bit_offset.h"

#include <optional>

#include "datatypes/errors.h"
#include "resp/number_parse.h"

namespace datatypes {

Result<uint64_t> ParseBitOffset(const CommandContext& ctx, std::string_view text,
                                unsigned field_bits) {
  const bool counts_fields = field_bits != 0 && text.starts_with('#');
  if (counts_fields) text.remove_prefix(1);
  const std::optional<int64_t> number = resp::ParseInt64(text);
  if (!number) return Fail(kBitOffsetOutOfRange);
  int64_t offset = *number;
  if (counts_fields && __builtin_mul_overflow(offset, static_cast<int64_t>(field_bits), &offset)) {
    return Fail(kBitOffsetOutOfRange);
  }
  if (offset < 0 || offset >> 3 >= ctx.settings.proto_max_bulk_len)
    return Fail(kBitOffsetOutOfRange);
  return static_cast<uint64_t>(offset);
}

}  // namespace datatypes
