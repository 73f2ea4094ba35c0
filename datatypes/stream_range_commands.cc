// SPDX-License-Identifier: BSD-3-Clause
// Ranges of streams: XRANGE, XREVRANGE.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/stream_access.h"
#include "datatypes/stream_families.h"
#include "datatypes/stream_walk.h"

namespace datatypes {
namespace {

Result<void> ReplyRange(CommandContext& ctx, std::string_view start, std::string_view end,
                        Stream::Direction direction) {
  StreamRange range;
  range.key = ctx.args[1];
  range.direction = direction;
  ASSIGN_OR_RETURN(range.from, ParseRangeStart(start));
  ASSIGN_OR_RETURN(range.to, ParseRangeEnd(end));
  for (OptionReader options(ctx.args, 4); !options.done();) {
    if (!options.Take("COUNT", 1)) return Fail(kSyntaxError);
    ASSIGN_OR_RETURN(const int64_t count, ParseInteger(options.operand()));
    range.count = static_cast<uint64_t>(std::max<int64_t>(count, 0));
  }
  ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, range.key));
  if (!stream.exists()) {
    ctx.reply.Array(0);
  } else if (range.count == 0) {
    ctx.reply.NullArray();
  } else {
    return ReplyStreamRanges(ctx, {range}, StreamReply::kOneRange);
  }
  return {};
}

// XRANGE key start end [COUNT count]
Result<void> XRange(CommandContext& ctx) {
  return ReplyRange(ctx, ctx.args[2], ctx.args[3], Stream::Direction::kForward);
}

// XREVRANGE key end start [COUNT count]
Result<void> XRevRange(CommandContext& ctx) {
  return ReplyRange(ctx, ctx.args[3], ctx.args[2], Stream::Direction::kBackward);
}

constexpr CommandSpec kRangeCommands[] = {
    {.name = "xrange",
     .handler = XRange,
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = OneKey(1, kRO | kAccess),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Lists the entries of a stream within a range of IDs.",
     .complexity = "O(log(N)+M) for M entries listed of N.",
     .syntax = "key start{:string} end{:string} [COUNT count]",
     .history = "6.2.0\tAdded exclusive ranges."},
    {.name = "xrevrange",
     .handler = XRevRange,
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = OneKey(1, kRO | kAccess),
     .group = "stream",
     .since = "5.0.0",
     .summary = "Lists the entries of a stream within a range of IDs, the last first.",
     .complexity = "O(log(N)+M) for M entries listed of N.",
     .syntax = "key end{:string} start{:string} [COUNT count]",
     .history = "6.2.0\tAdded exclusive ranges."},
};

}  // namespace

std::span<const CommandSpec> StreamRangeCommands() {
  return kRangeCommands;
}

}  // namespace datatypes
