// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/entry_stream.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "datatypes/stream_access.h"
#include "datatypes/stream_rows.h"

namespace datatypes {
namespace {

class EntryStream final : public RangeStream {
 public:
  explicit EntryStream(const StreamRange& range) : range_(range) {}

 protected:
  Result<Planned> Plan(CommandContext& ctx, bool may_wait, Range& range) override {
    ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, ctx.args[1]));
    if (may_wait && stream.exists() && !stream.PrefetchCount(range_.from, range_.to, *this)) {
      return Planned::kWaits;
    }
    ASSIGN_OR_RETURN(const uint64_t entries, stream.Count(range_.from, range_.to));
    range.rows = std::min(entries, range_.count);
    if (range.rows == 0) {  // What was there is gone by now.
      ctx.reply.Array(0);
      return Planned::kAnswered;
    }
    range.entry = stream.entry();
    range.walk = stream.RowsOf(range_.from, range_.to, range_.direction);
    return Planned::kStream;
  }
  void WriteHeader(resp::Writer& reply, uint64_t rows) override { reply.Array(rows); }
  Result<bool> WriteRow(resp::Writer& reply, std::string_view subkey,
                        std::string_view value) override {
    const std::optional<StreamId> id = DecodeStreamKey(StreamTag::kEntry, subkey);
    const std::optional<StreamFields> fields = StreamFields::Decode(value);
    if (!id || !fields) return DamagedStream("an entry of a stream is damaged");
    ReplyStreamEntry(reply, *id, *fields);
    return true;
  }

 private:
  const StreamRange range_;
};

}  // namespace

std::unique_ptr<RangeStream> StreamEntries(const StreamRange& range) {
  return std::make_unique<EntryStream>(range);
}

}  // namespace datatypes
