// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/stream.h"

namespace datatypes {

// A range of a stream's entries that a client wants to see.
struct StreamRange {
  std::string_view key;  // An argument of the command.
  StreamId from;
  StreamId to = StreamId::Max();
  Stream::Direction direction = Stream::Direction::kForward;
  uint64_t count = std::numeric_limits<uint64_t>::max();
};

// Replies with entries: of one range (XRANGE), or of several streams with their names (XREAD), of
// which at least one must have any. Where there are many, or pages have to be loaded, the command
// is suspended, and others run in between; of each stream the client gets what it was at one
// moment. Of one range a long reply is streamed (range_stream.h). Must be the last thing the
// handler does.
enum class StreamReply : uint8_t { kOneRange, kByName };
Result<void> ReplyStreamRanges(CommandContext& ctx, std::vector<StreamRange> ranges,
                               StreamReply form);

}  // namespace datatypes
