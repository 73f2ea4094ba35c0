// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/range_stream.h"

#include <utility>

namespace datatypes {
namespace {

// While more than this waits for the client, nothing is read for it.
constexpr size_t kMaxUnsentBytes = size_t{256} << 10;
// What was evicted again is loaded again so often; then on the spot.
constexpr int kMaxLoadRounds = 8;

}  // namespace

Result<bool> RangeStream::Start(CommandContext& ctx) {
  lsm::Store& store = ctx.keyspace.store();
  const bool may_wait = load_rounds_++ < kMaxLoadRounds;
  for (int tries = 0; tries < 2 && rows_ == nullptr; ++tries) {
    // What the open turn has done to the rows becomes a record of its own: a snapshot is of whole
    // records. (At the end of the turn others may have changed them again, and again.)
    if (tries > 0 && !store.CommitTurn().ok()) break;
    Range range;
    ASSIGN_OR_RETURN(const Planned planned, Plan(ctx, may_wait, range));
    if (planned == Planned::kWaits) return false;
    if (planned == Planned::kAnswered) return true;
    left_ = range.rows;
    all_rows_ = range.rows == kAllRows;
    rows_ = lsm::StreamRows(store, *range.entry, std::move(range.walk));
  }
  if (rows_ == nullptr) {
    ctx.yield = true;  // The log takes nothing: as soon as it does.
    return false;
  }
  fetching_ = true;
  rows_->Fetch(*this);
  return false;
}

Result<bool> RangeStream::WriteSlice(resp::Writer& reply) {
  if (!std::exchange(begun_, true)) WriteHeader(reply, left_);
  Result<bool> written = true;
  rows_->slice().ForEach([&](std::string_view subkey, std::string_view value) {
    if (left_ == 0) return false;
    written = WriteRow(reply, subkey, value);
    if (written && *written) --left_;
    return written.has_value();
  });
  if (!written) return tl::unexpected(written.error());
  const bool last = rows_->slice().last();
  const bool complete = all_rows_ ? last : left_ == 0;
  if (complete) {
    WriteEnd(reply);
  } else if (last) {
    return tl::unexpected(
        Error(lsm::Status::Corruption("a collection has fewer rows than its key says")));
  }
  return complete;
}

Result<bool> RangeStream::Resume(CommandContext& ctx) {
  if (rows_ == nullptr) return Start(ctx);
  if (std::exchange(fetching_, false)) {
    ASSIGN_OR_RETURN(const bool complete, WriteSlice(ctx.reply));
    if (complete) return true;
  }
  // It is woken when the output has drained.
  if (ctx.session.pending_output_bytes() > kMaxUnsentBytes) return false;
  fetching_ = true;
  rows_->Fetch(*this);
  return false;
}

Result<void> ReplyByStream(CommandContext& ctx, std::unique_ptr<RangeStream> stream) {
  ASSIGN_OR_RETURN(const bool done, stream->Resume(ctx));
  if (!done) ctx.Suspend(std::move(stream));
  return {};
}

}  // namespace datatypes
