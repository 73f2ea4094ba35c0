// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/set.h"

namespace datatypes {

// What the handlers of set commands share.

// What is read whole is loaded before, and answered at once, up to this many members.
inline constexpr uint64_t kMaxSetMembersAtOnce = 8192;

Result<Set> OpenSet(const CommandContext& ctx, std::string_view key);

// Sees to it that the rows of these members are in RAM. False: they have to be loaded first; the
// command is suspended, and the handler must return, before its first change and before it replies
// anything. Afterwards no change of them can fail.
Result<bool> MembersLoadedOrSuspended(CommandContext& ctx, const Set& set, Args members);

// Announces that members were added, and `new` before it if that created the key.
void NotifyMembersAdded(const CommandContext& ctx, std::string_view key, bool created);
// Announces that members were removed, and `del` after it if the last one was.
void NotifyMembersRemoved(const CommandContext& ctx, const Set& set, std::string_view event);

}  // namespace datatypes
