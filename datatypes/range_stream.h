// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "lsm/entry.h"
#include "lsm/row_stream.h"

namespace datatypes {

// A range of more rows is not answered at once but streamed.
inline constexpr uint64_t kMaxRowsAtOnce = 8192;

// A long reply, rows of one collection, that is written as fast as the client reads it: LRANGE,
// ZRANGE, HGETALL and the like of large collections.
//
// It first finds out what there is to send, in one turn, waiting for loads if need be (Plan). From
// that moment on it reads the rows from a snapshot of the LSM, a slice at a time: the reply is what
// the collection was then, whatever others do to it, and whether or not the key is still there. It
// holds a slice or two in RAM, and stops reading while the client does not take what it has.
//
// Turned down: to walk the pages in RAM, with writers of the key made to wait until the reply has
// been sent. That needs a way to hold back every command, EXEC and script that might write the key,
// and a client that does not read would hold them back for long; or copies of what they change.
// What this way costs is that also rows that are in RAM are read from disk, or its cache, and that
// the applier has to catch up first.
class RangeStream : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) final;
  void TimeOut(CommandContext&) final {}  // There is no deadline.

 protected:
  // The rows that will be sent.
  struct Range {
    lsm::Entry* entry = nullptr;
    lsm::RowWalk walk;
    uint64_t rows = 0;  // That will be written; at least one.
  };
  // For Range::rows: all of the walk, which need not be counted, and may be none.
  static constexpr uint64_t kAllRows = UINT64_MAX;
  enum class Planned : uint8_t {
    kStream,    // `range` is set.
    kAnswered,  // The reply is written, since it is short.
    kWaits,     // For loads that were joined.
  };
  // Finds the rows as they are now. It may join this object to loads only if `may_wait`, and then
  // answers kWaits at once.
  virtual Result<Planned> Plan(CommandContext& ctx, bool may_wait, Range& range) = 0;
  // What comes before the rows, and each of them.
  virtual void WriteHeader(resp::Writer& reply, uint64_t rows) = 0;
  // False: it is none of those that count, and nothing was written.
  virtual Result<bool> WriteRow(resp::Writer& reply, std::string_view subkey,
                                std::string_view value) = 0;
  virtual void WriteEnd(resp::Writer&) {}

 private:
  Result<bool> Start(CommandContext& ctx);
  // True: it was the last one.
  Result<bool> WriteSlice(resp::Writer& reply);

  std::unique_ptr<lsm::RowStream> rows_;
  uint64_t left_ = 0;
  bool all_rows_ = false;
  int load_rounds_ = 0;
  bool fetching_ = false;
  bool begun_ = false;
};

// Has the reply of this command written by `stream`: the handler's last call.
Result<void> ReplyByStream(CommandContext& ctx, std::unique_ptr<RangeStream> stream);

}  // namespace datatypes
