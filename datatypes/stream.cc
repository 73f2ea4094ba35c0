// SPDX-License-Identifier: BSD-3-Clause
// How a stream lies in rows (FORMAT.md has examples):
//
//   e · id                value: fields and values
//   R · id of the first   value: what a block of entries in Redis would be like
//
// and rows of consumer groups (stream_group.cc). An entry is a row of its own, so that XADD writes
// one row and XDEL erases one. The last run, which grows with every entry, is in the payload.
#include "datatypes/stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "datatypes/errors.h"
#include "datatypes/stream_rows.h"
#include "datatypes/stream_runs.h"
#include "datatypes/types.h"

namespace datatypes {

Result<Stream> Stream::Open(Keyspace keyspace, std::string_view key, const Settings& settings) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.GetTyped(key, kStream));
  return Of(keyspace, key, entry, settings);
}

Result<Stream> Stream::Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                          const Settings& settings) {
  Stream stream(keyspace, key, entry, settings);
  if (entry != nullptr) {
    std::optional<StreamHead> head = DecodeStreamHead(entry->payload());
    if (!head || !entry->has_collection()) return DamagedStream("a stream's meta is damaged");
    stream.head_ = std::move(*head);
  }
  return stream;
}

// ---- Residency.

void Stream::PrefetchAppend(lsm::LoadWaiter& waiter) const {
  store().PrefetchRow(*entry_, StreamKey(StreamTag::kEntry, head_.last).view(), waiter);
  if (head_.open) {
    store().PrefetchRow(*entry_, StreamKey(StreamTag::kRun, head_.open->start).view(), waiter);
  }
}

bool Stream::TailResident() const {
  return AllResident() || !rows().Check(StreamKey(StreamTag::kEntry, head_.last).view());
}

void Stream::PrefetchEntry(const StreamId& id, lsm::LoadWaiter& waiter) const {
  store().PrefetchRow(*entry_, StreamKey(StreamTag::kEntry, id).view(), waiter);
}

Stream::Span Stream::SpanOf(const StreamId& from, const StreamId& to) const {
  return {std::string(StreamKey(StreamTag::kEntry, std::max(from, head_.first)).view()),
          AfterStreamKey(StreamTag::kEntry, std::min(to, head_.top))};
}

void Stream::PrefetchRange(const StreamId& from, const StreamId& to, uint64_t count,
                           Direction direction, lsm::LoadWaiter& waiter) const {
  count = std::min(count, head_.length);
  // What is resident already may end the range; the load does not know of its end.
  if (AllResident() || RangeResident(from, to, count, direction)) return;
  const Span span = SpanOf(from, to);
  if (from == to) {
    PrefetchRow(span.begin, waiter);
  } else if (direction == Direction::kForward) {
    store().PrefetchScan(*entry_, span.begin, count, lsm::Collection::Direction::kForward, waiter);
  } else {
    store().PrefetchScan(*entry_, span.end, count, lsm::Collection::Direction::kBackward, waiter);
  }
}

bool Stream::RangeResident(const StreamId& from, const StreamId& to, uint64_t count,
                           Direction direction) const {
  if (AllResident()) return true;
  count = std::min(count, head_.length);
  const Span span = SpanOf(from, to);
  if (span.begin >= span.end) return true;
  if (direction == Direction::kForward) {
    return !rows().CheckScan(span.begin, count, lsm::Collection::Direction::kForward, span.end);
  }
  return !rows().CheckScan(span.end, count, lsm::Collection::Direction::kBackward, span.begin);
}

bool Stream::PrefetchCount(const StreamId& from, const StreamId& to,
                           lsm::LoadWaiter& waiter) const {
  if (AllResident() || head_.length == 0) return true;
  if (from <= head_.first && to >= head_.top) return true;
  const Span span = SpanOf(from, to);
  const bool begin = lsm::PrefetchRank(store(), *entry_, span.begin, waiter);
  const bool end = lsm::PrefetchRank(store(), *entry_, span.end, waiter);
  return begin && end;
}

void Stream::PrefetchErase(const StreamId& id, lsm::LoadWaiter& waiter) const {
  if (head_.length == 0 || id < head_.first || id > head_.top) return;
  // Also the next, or the one before: it may become the first or the last.
  const Direction direction = id == head_.top ? Direction::kBackward : Direction::kForward;
  PrefetchRange(direction == Direction::kForward ? id : StreamId(), StreamId::Max(), 2, direction,
                waiter);
  if (head_.open && id >= head_.open->start) return;
  store().PrefetchScan(*entry_, AfterStreamKey(StreamTag::kRun, id), 1,
                       lsm::Collection::Direction::kBackward, waiter);
}

void Stream::PrefetchSweep(uint64_t most, lsm::LoadWaiter& waiter) const {
  if (AllResident() || head_.dead == 0) return;
  store().PrefetchScan(*entry_, TagOnly(StreamTag::kEntry), std::min(most, head_.dead),
                       lsm::Collection::Direction::kForward, waiter);
}

void Stream::PrefetchTrim(const StreamTrim& trim, lsm::LoadWaiter& waiter) const {
  uint64_t count = kMaxErasedAtOnce;
  if (trim.strategy == StreamTrim::Strategy::kNone || AllResident()) return;
  if (trim.strategy == StreamTrim::Strategy::kMaxLen) {
    if (head_.length <= trim.max_length) return;
    count = std::min(count, head_.length - trim.max_length);
  } else {
    if (head_.first >= trim.min_id) return;
    count = std::min<uint64_t>(count, 64);
  }
  const std::string run(StreamKey(StreamTag::kRun, head_.first).view());
  if (count == kMaxErasedAtOnce) {
    // Many go: their runs are all looked at.
    const uint64_t runs = std::min(head_.closed_runs, kMaxLoadedRuns);
    store().PrefetchScan(*entry_, run, runs, lsm::Collection::Direction::kForward, waiter);
  } else {
    PrefetchRow(run, waiter);
  }
  // Also the one that will be the first.
  PrefetchRange(head_.first, head_.last, count + 1, Direction::kForward, waiter);
}

// ---- Reading.

Result<uint64_t> Stream::Count(const StreamId& from, const StreamId& to) const {
  if (!exists() || head_.length == 0) return uint64_t{0};
  if (from <= head_.first && to >= head_.top) return head_.length;
  const Span span = SpanOf(from, to);
  if (span.begin >= span.end) return uint64_t{0};
  ASSIGN_OR_RETURN(const uint64_t begin, OrError(rows().Rank(span.begin)));
  ASSIGN_OR_RETURN(const uint64_t end, OrError(rows().Rank(span.end)));
  return end - begin;
}

lsm::RowWalk Stream::RowsOf(const StreamId& from, const StreamId& to, Direction direction) const {
  const Span span = SpanOf(from, to);
  return {span.begin, span.end,
          direction == Direction::kForward ? lsm::Collection::Direction::kForward
                                           : lsm::Collection::Direction::kBackward};
}

Result<void> Stream::Visit(const StreamId& from, const StreamId& to, Direction direction,
                           Visitor visit) const {
  // `first` is above all rows that do not count any more.
  const StreamId begin = std::max(from, head_.first);
  const StreamId end = std::min(to, head_.top);
  if (!exists() || head_.length == 0 || begin > end) return {};
  const bool forward = direction == Direction::kForward;
  lsm::CollectionCursor row = forward ? rows().Seek(StreamKey(StreamTag::kEntry, begin).view())
                                      : rows().SeekBefore(AfterStreamKey(StreamTag::kEntry, end));
  while (row.valid()) {
    const std::optional<StreamId> id = DecodeStreamKey(StreamTag::kEntry, row.subkey());
    // Before the first entry there are rows of other kinds.
    if (!id && !forward) return {};
    if (!id) return DamagedStream("a row of a stream has no ID");
    if (forward ? *id > end : *id < begin) return {};
    const std::optional<StreamFields> fields = StreamFields::Decode(row.value());
    if (!fields) return DamagedStream("an entry of a stream is damaged");
    if (!visit(*id, *fields)) return {};
    // The next row may be on a page that nobody needs.
    if (*id == (forward ? end : begin)) return {};
    forward ? row.Next() : row.Prev();
  }
  if (!row.status().ok()) return Failure(Error(row.status()));
  return {};
}

Result<std::optional<StreamFields>> Stream::Find(const StreamId& id) const {
  if (!exists() || head_.length == 0 || id < head_.first || id > head_.top) {
    return std::optional<StreamFields>();
  }
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value,
                   OrError(rows().Find(StreamKey(StreamTag::kEntry, id).view())));
  if (!value) return std::optional<StreamFields>();
  std::optional<StreamFields> fields = StreamFields::Decode(*value);
  if (!fields) return DamagedStream("an entry of a stream is damaged");
  return fields;
}

Result<StreamId> Stream::FirstFrom(const StreamId& from) const {
  lsm::CollectionCursor row = rows().Seek(StreamKey(StreamTag::kEntry, from).view());
  if (!row.status().ok()) return Failure(Error(row.status()));
  if (!row.valid()) return DamagedStream("a stream has fewer entries than it says");
  const std::optional<StreamId> id = DecodeStreamKey(StreamTag::kEntry, row.subkey());
  if (!id) return DamagedStream("a row of a stream has no ID");
  return *id;
}

Result<StreamId> Stream::LastBefore(const StreamId& id) const {
  const lsm::CollectionCursor row = rows().SeekBefore(StreamKey(StreamTag::kEntry, id).view());
  if (!row.status().ok()) return Failure(Error(row.status()));
  const std::optional<StreamId> last =
      row.valid() ? DecodeStreamKey(StreamTag::kEntry, row.subkey()) : std::nullopt;
  if (!last) return DamagedStream("a stream has fewer entries than it says");
  return *last;
}

// ---- Changing.

void Stream::Create() {
  entry_ = store().AttachCollection(
      store().Create(keyspace_.db(), key_, kStream, 0, EncodeStreamHead(head_)));
}

void Stream::Save() {
  StreamHeadBuffer buffer;
  entry_ = store().SetPayload(entry_, EncodeStreamHead(head_, buffer));
}

Result<void> Stream::SetLast(const StreamId& id) {
  // Of an empty stream it may go back to below what was trimmed: those rows must not come back to
  // life, nor may new ones be taken for them.
  if (needs_sweep() && id < std::max(head_.base, head_.run_base)) {
    RETURN_IF_ERROR(Sweep(std::numeric_limits<uint64_t>::max()));
  }
  head_.last = id;
  return {};
}

Result<void> Stream::Append(const StreamId& id, std::span<const std::string_view> fields) {
  const bool another = !head_.open || StartsAnotherRun(*head_.open, fields, *settings_);
  const bool closes = another && head_.open;
  // What is to be written is loaded before the first change.
  if (closes) {
    RETURN_IF_ERROR(
        OnlyError(rows().Contains(StreamKey(StreamTag::kRun, head_.open->start).view())));
  }
  const EncodedStreamFields value(fields);
  RETURN_IF_ERROR(OnlyError(rows().Put(StreamKey(StreamTag::kEntry, id).view(), value.view())));
  if (closes) {
    Ensured(rows().Put(StreamKey(StreamTag::kRun, head_.open->start).view(),
                       EncodeStreamRun(*head_.open)));
    ++head_.closed_runs;
  }
  if (another) {
    head_.open = BeginRun(id, fields);
  } else {
    AddToRun(*head_.open, id, fields);
  }
  if (head_.length++ == 0) head_.first = id;
  head_.last = head_.top = id;
  ++head_.added;
  if (needs_sweep()) SweepIfPossible(kSweptByAppend);
  return {};
}

// The run, other than the last, that the entry belongs to.
Result<StreamRun> Stream::ClosedRunOf(const StreamId& id) const {
  const lsm::CollectionCursor row = rows().SeekBefore(AfterStreamKey(StreamTag::kRun, id));
  if (!row.status().ok()) return Failure(Error(row.status()));
  const std::optional<StreamId> start =
      row.valid() ? DecodeStreamKey(StreamTag::kRun, row.subkey()) : std::nullopt;
  const std::optional<StreamRun> run = start ? DecodeStreamRun(*start, row.value()) : std::nullopt;
  if (!run || run->live == 0) return DamagedStream("an entry of a stream belongs to no run");
  return *run;
}

// The last run is gone: the one before it becomes the last.
Result<void> Stream::ReopenLastRun() {
  head_.open.reset();
  if (head_.closed_runs == 0) return {};
  const lsm::CollectionCursor row = rows().SeekBefore(AfterTag(StreamTag::kRun));
  if (!row.status().ok()) return Failure(Error(row.status()));
  const std::optional<StreamId> start =
      row.valid() ? DecodeStreamKey(StreamTag::kRun, row.subkey()) : std::nullopt;
  std::optional<StreamRun> run = start ? DecodeStreamRun(*start, row.value()) : std::nullopt;
  if (!run) return DamagedStream("a stream has fewer runs than it says");
  Ensured(rows().Erase(StreamKey(StreamTag::kRun, run->start).view()));
  head_.open = run;
  --head_.closed_runs;
  return {};
}

Result<void> Stream::EraseFromRun(const StreamId& id) {
  if (head_.open && (id >= head_.open->start || head_.closed_runs == 0)) {
    if (head_.open->live == 1) return ReopenLastRun();
    --head_.open->live;
    ++head_.open->deleted;
    return {};
  }
  ASSIGN_OR_RETURN(StreamRun run, ClosedRunOf(id));
  const StreamKey key(StreamTag::kRun, run.start);
  if (run.live == 1) {
    --head_.closed_runs;
    Ensured(rows().Erase(key.view()));
    return {};
  }
  --run.live;
  ++run.deleted;
  Ensured(rows().Put(key.view(), EncodeStreamRun(run)));
  return {};
}

Result<bool> Stream::Erase(const StreamId& id) {
  ASSIGN_OR_RETURN(const std::optional<StreamFields> fields, Find(id));
  if (!fields) return false;
  StreamId first = head_.first;
  StreamId top = head_.top;
  if (head_.length == 1) {
    first = top = {};
  } else if (id == first) {
    ASSIGN_OR_RETURN(first, FirstFrom(*id.Next()));
  } else if (id == top) {
    ASSIGN_OR_RETURN(top, LastBefore(id));
  }
  RETURN_IF_ERROR(EraseFromRun(id));
  Ensured(rows().Erase(StreamKey(StreamTag::kEntry, id).view()));
  --head_.length;
  head_.first = first;
  head_.top = top;
  head_.max_deleted = std::max(head_.max_deleted, id);
  return true;
}

}  // namespace datatypes
