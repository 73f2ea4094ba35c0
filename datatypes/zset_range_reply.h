// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "datatypes/command_context.h"
#include "datatypes/zset_range.h"

namespace datatypes {

// Answers ZRANGE and its older kin, whose forms differ in what the command's name settles.
Result<void> ReplyZRange(CommandContext& ctx, const ZRangeForm& form);

}  // namespace datatypes
