// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/row_loads.h"
#include "datatypes/stream_access.h"
#include "datatypes/stream_group.h"

namespace datatypes {

// What the handlers of consumer group commands share.

// The group, if the stream exists and has it.
Result<std::optional<StreamGroup>> FindGroup(Stream& stream, std::string_view name);
// The consumer, made (and announced) if there is none; it is seen now.
Result<StreamGroup::Consumer*> SeeConsumer(CommandContext& ctx, StreamGroup& group,
                                           std::string_view name);
// Joins to the load of what is needed to find the group, or an entry that is pending with it.
// False: it waits.
bool PrefetchGroup(RowLoads& loads, const Stream& stream, std::string_view name);
void PrefetchPending(RowLoads& loads, const StreamGroup& group, const StreamId& id);

}  // namespace datatypes
