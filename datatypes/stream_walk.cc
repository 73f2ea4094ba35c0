// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_walk.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "datatypes/entry_stream.h"
#include "datatypes/stream_access.h"
#include "resp/output_buffer.h"

namespace datatypes {
namespace {

// So many entries are answered at once.
constexpr uint64_t kMaxAtOnce = 4096;

// Entries as they will be sent, in pieces that the reply then shares: nothing is held twice.
class GatheredEntries {
 public:
  void Add(const StreamId& id, StreamFields fields) {
    if (pieces_.empty() || pieces_.back()->size() >= kPieceBytes) {
      pieces_.push_back(std::make_shared<std::string>());
    }
    std::string& piece = *pieces_.back();
    char text[kMaxStreamIdChars];
    Header(piece, '*', 2);
    Bulk(piece, {text, static_cast<size_t>(FormatStreamId(text, id) - text)});
    Header(piece, '*', fields.size());
    while (fields.size() > 0) Bulk(piece, fields.Take());
    ++count_;
  }
  uint64_t count() const { return count_; }
  void Clear() {
    pieces_.clear();
    count_ = 0;
  }
  void WriteArray(resp::Writer& reply) {
    reply.Array(count_);
    for (std::shared_ptr<std::string>& piece : pieces_) {
      reply.out().AppendShared(std::move(piece));
    }
    Clear();
  }

 private:
  static constexpr size_t kPieceBytes = size_t{64} * 1024;

  static void Header(std::string& piece, char type, uint64_t number) {
    char digits[resp::kMaxInt64Chars];
    piece += type;
    piece.append(digits, resp::FormatUint64(digits, number));
    piece += "\r\n";
  }
  static void Bulk(std::string& piece, std::string_view text) {
    Header(piece, '$', text.size());
    piece += text;
    piece += "\r\n";
  }

  std::vector<std::shared_ptr<std::string>> pieces_;
  uint64_t count_ = 0;
};

// Gathers the entries of one range, a part at a time. Entries that are added meanwhile are beyond
// its end; if some are deleted, it begins anew, and after some such disappointments it is done at
// one go.
class RangeWalk {
 public:
  explicit RangeWalk(const StreamRange& range) : range_(range), rest_(range) {}

  // True: all is gathered. False: it waits for `waiter`, or if that waits for nothing, for the next
  // chance to go on.
  Result<bool> Step(CommandContext& ctx, lsm::LoadWaiter& waiter) {
    if (done_) return true;
    ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, range_.key));
    if (!Unchanged(stream)) Begin(stream);
    const bool last_try = tries_ >= kMaxTries;
    const uint64_t left = range_.count - std::min(range_.count, gathered_.count());
    const uint64_t most = last_try ? left : std::min(left, step_entries_);
    if (!stream.exists() || left == 0) return done_ = true;
    // Once for each step: what was evicted again meanwhile is loaded on the spot.
    if (!last_try && !std::exchange(waited_, false) && !stream.rows().small()) {
      stream.PrefetchRange(rest_.from, rest_.to, most, range_.direction, waiter);
      waited_ = waiter.pending() > 0;
      if (waited_) return false;
    }
    RETURN_IF_ERROR(Gather(stream, most));
    step_entries_ = std::min(4 * step_entries_, kMaxStepEntries);
    return done_;
  }
  const StreamRange& range() const { return range_; }
  void SetKey(std::string_view key) { range_.key = key; }
  GatheredEntries& gathered() { return gathered_; }

 private:
  // The first load is small: the range may end soon.
  static constexpr uint64_t kFirstStepEntries = 64;
  static constexpr uint64_t kMaxStepEntries = 1024;
  static constexpr int kMaxTries = 3;

  bool Unchanged(const Stream& stream) const {
    return tries_ > 0 && stream.exists() && stream.rows().id() == rows_ &&
           stream.head().added - stream.length() == gone_;
  }

  void Begin(const Stream& stream) {
    ++tries_;
    gathered_.Clear();
    waited_ = false;
    rest_ = range_;
    if (!stream.exists()) return;
    rows_ = stream.rows().id();
    gone_ = stream.head().added - stream.length();
    rest_.to = std::min(rest_.to, stream.head().top);
  }

  Result<void> Gather(const Stream& stream, uint64_t most) {
    const bool forward = range_.direction == Stream::Direction::kForward;
    std::optional<StreamId> last;
    uint64_t taken = 0;
    RETURN_IF_ERROR(stream.Visit(rest_.from, rest_.to, range_.direction,
                                 [&](const StreamId& id, const StreamFields& fields) {
                                   gathered_.Add(id, fields);
                                   last = id;
                                   return ++taken < most;
                                 }));
    done_ = taken < most;
    if (done_ || !last) return {};
    const std::optional<StreamId> next = forward ? last->Next() : last->Previous();
    if (!next) {
      done_ = true;
    } else {
      (forward ? rest_.from : rest_.to) = *next;
    }
    return {};
  }

  StreamRange range_;
  StreamRange rest_;
  GatheredEntries gathered_;
  uint64_t step_entries_ = kFirstStepEntries;
  int tries_ = 0;
  bool done_ = false;
  bool waited_ = false;
  lsm::CollectionId rows_ = 0;
  uint64_t gone_ = 0;  // How many entries had been deleted.
};

void WriteByName(resp::Writer& reply, std::vector<RangeWalk>& walks) {
  const auto streams = static_cast<size_t>(std::count_if(
      walks.begin(), walks.end(), [](RangeWalk& walk) { return walk.gathered().count() > 0; }));
  if (streams == 0) return reply.NullArray();
  reply.resp3() ? reply.Map(streams) : reply.Array(streams);
  for (RangeWalk& walk : walks) {
    if (walk.gathered().count() == 0) continue;
    if (!reply.resp3()) reply.Array(2);
    reply.Bulk(walk.range().key);
    walk.gathered().WriteArray(reply);
  }
}

// As the suspension's, or the handler's, last call.
Result<bool> GoOnAsStream(CommandContext& ctx, const StreamRange& range) {
  std::unique_ptr<RangeStream> stream = StreamEntries(range);
  ASSIGN_OR_RETURN(const bool done, stream->Resume(ctx));
  if (!done) ctx.Suspend(std::move(stream));
  return done;
}

class WalkRanges final : public Suspension {
 public:
  WalkRanges(const std::vector<StreamRange>& ranges, CommandContext& ctx, StreamReply form)
      : form_(form) {
    for (const StreamRange& range : ranges) {
      walks_.emplace_back(range);
      // Arguments are elsewhere when this is resumed.
      places_.push_back(static_cast<size_t>(
          std::find_if(ctx.args.begin(), ctx.args.end(),
                       [&](std::string_view arg) { return arg.data() == range.key.data(); }) -
          ctx.args.begin()));
    }
  }

  Result<bool> Resume(CommandContext& ctx) override {
    for (int step = 0; step < kStepsAtOnce && at_ < walks_.size(); ++step) {
      walks_[at_].SetKey(ctx.args[places_[at_]]);
      ASSIGN_OR_RETURN(const bool done, walks_[at_].Step(ctx, *this));
      if (done) ++at_;
      if (pending() > 0) return false;
    }
    if (form_ == StreamReply::kOneRange && at_ == 0 && walks_[0].gathered().count() > kMaxAtOnce) {
      return GoOnAsStream(ctx, walks_[0].range());
    }
    if (at_ < walks_.size()) {
      ctx.yield = true;
      return false;
    }
    for (size_t i = 0; i < walks_.size(); ++i) walks_[i].SetKey(ctx.args[places_[i]]);
    if (form_ == StreamReply::kByName) {
      WriteByName(ctx.reply, walks_);
    } else {
      walks_[0].gathered().WriteArray(ctx.reply);
    }
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr int kStepsAtOnce = 4;

  const StreamReply form_;
  std::vector<RangeWalk> walks_;
  std::vector<size_t> places_;
  size_t at_ = 0;
};

// Writes the entries of a range. False: there are more than `most` of them.
Result<bool> WriteRange(CommandContext& ctx, const StreamRange& range, uint64_t most,
                        uint64_t* written) {
  ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, range.key));
  const resp::Writer::Deferred array = ctx.reply.Defer();
  uint64_t entries = 0;
  bool all = true;
  RETURN_IF_ERROR(stream.Visit(range.from, range.to, range.direction,
                               [&](const StreamId& id, const StreamFields& fields) {
                                 all = entries < most;
                                 if (!all) return false;
                                 ReplyStreamEntry(ctx.reply, id, fields);
                                 return ++entries < range.count;
                               }));
  ctx.reply.SetArrayLength(array, entries);
  *written = entries;
  return all;
}

// Whether nothing has to be loaded first, or the command must not wait.
Result<bool> AllResident(CommandContext& ctx, const std::vector<StreamRange>& ranges) {
  if (!ctx.may_suspend) return true;
  for (const StreamRange& range : ranges) {
    ASSIGN_OR_RETURN(const Stream stream, OpenStream(ctx, range.key));
    if (!stream.exists() || stream.rows().small()) continue;
    const uint64_t count = std::min(range.count, kMaxAtOnce);
    if (!stream.RangeResident(range.from, range.to, count, range.direction)) return false;
  }
  return true;
}

// False: it is too much to be done at once; what was written is to be taken back.
Result<bool> WriteAtOnce(CommandContext& ctx, const std::vector<StreamRange>& ranges,
                         StreamReply form) {
  uint64_t most = ctx.may_suspend ? kMaxAtOnce : std::numeric_limits<uint64_t>::max();
  uint64_t written = 0;
  if (form == StreamReply::kOneRange) return WriteRange(ctx, ranges.front(), most, &written);
  const resp::Writer::Deferred streams = ctx.reply.Defer();
  bool all = true;
  for (const StreamRange& range : ranges) {
    if (!ctx.reply.resp3()) ctx.reply.Array(2);
    ctx.reply.Bulk(range.key);
    ASSIGN_OR_RETURN(all, WriteRange(ctx, range, most, &written));
    if (!all) break;
    most -= std::min(written, most);
  }
  if (ctx.reply.resp3()) {
    ctx.reply.SetMapLength(streams, ranges.size());
  } else {
    ctx.reply.SetArrayLength(streams, ranges.size());
  }
  return all;
}

}  // namespace

Result<void> ReplyStreamRanges(CommandContext& ctx, std::vector<StreamRange> ranges,
                               StreamReply form) {
  ASSIGN_OR_RETURN(const bool resident, AllResident(ctx, ranges));
  if (resident) {
    const size_t mark = ctx.reply.out().Mark();
    ASSIGN_OR_RETURN(const bool all, WriteAtOnce(ctx, ranges, form));
    if (all) return {};
    ctx.reply.out().TruncateTo(mark);
    if (form == StreamReply::kOneRange) {
      ASSIGN_OR_RETURN([[maybe_unused]] const bool done, GoOnAsStream(ctx, ranges.front()));
      return {};
    }
  }
  ctx.Suspend(std::make_unique<WalkRanges>(ranges, ctx, form));
  ctx.yield = true;
  return {};
}

}  // namespace datatypes
