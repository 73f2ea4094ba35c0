// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "datatypes/stream.h"

namespace datatypes {

// What the handlers of stream commands share.

Result<Stream> OpenStream(const CommandContext& ctx, std::string_view key);

void ReplyStreamId(resp::Writer& reply, const StreamId& id);
// An array of the ID and an array of fields and values.
void ReplyStreamEntry(resp::Writer& reply, const StreamId& id, StreamFields fields);

// MAXLEN, MINID and LIMIT, which may come among other options.
class StreamTrimOptions {
 public:
  // Takes one of them, with its arguments, that begins at args[at]. 0: it is something else; else
  // how many arguments it took.
  Result<size_t> Take(Args args, size_t at);
  // When all are read.
  Result<StreamTrim> Finish(const Settings& settings) const;

 private:
  StreamTrim trim_;
  bool limit_given_ = false;
};

}  // namespace datatypes
