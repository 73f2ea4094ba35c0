// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/hash.h"
#include "datatypes/result.h"

namespace datatypes {

// What the commands about fields' expiry have in common.

enum class TimeUnit : uint8_t { kSeconds, kMilliseconds };
enum class TimeBase : uint8_t { kNow, kEpoch };

// The time at which a field expires, in ms; it may have passed.
Result<int64_t> ParseFieldExpiry(const CommandContext& ctx, std::string_view text, TimeUnit unit,
                                 TimeBase base);

// Takes EX seconds, PX milliseconds, EXAT time or PXAT time; nullopt: none of them comes next.
Result<std::optional<int64_t>> TakeFieldExpiry(const CommandContext& ctx, OptionReader& options);

// "FIELDS numfields field [field …]", which must come next and be the rest of the arguments.
Result<Args> ParseFields(OptionReader& options, Args args, std::string_view not_positive);

// False: pages of these fields have to be loaded first; the command is suspended, and the handler
// must return, before its first change and before it replies anything.
[[nodiscard]] bool FieldsLoadedOrSuspended(CommandContext& ctx, const Hash& hash, Args fields,
                                           size_t step = 1);

}  // namespace datatypes
