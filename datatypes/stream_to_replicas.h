// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/stream.h"
#include "datatypes/stream_group.h"
#include "datatypes/stream_group_format.h"

namespace datatypes {

// What replicas are told of commands on streams that would do something else on each of them. All
// of it does nothing while nobody listens.

// XADD or XTRIM in words that leave nothing open: the ID that was chosen, and of an approximate
// trimming what it has come to. `options_end` is where its options end.
void TellStreamChange(const CommandContext& ctx, const Stream& stream, const StreamTrim& trim,
                      size_t options_end, std::optional<StreamId> added);

// SeeConsumer() for a command that replicas are told of by its effects: the consumer itself, if it
// was made.
Result<StreamGroup::Consumer*> SeeConsumerAndTell(CommandContext& ctx, StreamGroup& group,
                                                  std::string_view name);
// The entry is pending with the consumer, as `pending` has it.
void TellClaim(const CommandContext& ctx, const StreamGroup& group, std::string_view consumer,
               const StreamId& id, const PendingRow& pending);
// The group's last ID, and how many entries it has read.
void TellGroupId(const CommandContext& ctx, const StreamGroup& group);

}  // namespace datatypes
