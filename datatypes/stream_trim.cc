// SPDX-License-Identifier: BSD-3-Clause
// Trimming. It goes by runs, as Redis goes by its blocks, so that the same entries are left; and
// since the runs say how many entries they have, entries that go are not looked at. Their rows
// cease to count at once, and are erased in slices.
#include <algorithm>
#include <utility>

#include "datatypes/stream.h"
#include "datatypes/stream_group_format.h"
#include "datatypes/stream_rows.h"

namespace datatypes {

struct Stream::TrimPlan {
  uint64_t entries = 0;      // That go.
  uint64_t closed_runs = 0;  // That go whole.
  StreamId last_closed_run;  // The last of those.
  bool open_run = false;     // It goes whole, too.
  // The run in which the first entry stays, if some before it go.
  std::optional<StreamRun> partial;
  StreamId kept;               // At or before the first entry that stays, if any does.
  bool kept_is_entry = false;  // It is that one.
};

// `left` entries are left before `plan.partial` loses any.
Result<void> Stream::PlanWithinRun(const StreamTrim& trim, TrimPlan& plan, uint64_t left) const {
  uint64_t gone = 0;
  const auto goes = [&](const StreamId& id) {
    return trim.strategy == StreamTrim::Strategy::kMaxLen ? left - gone > trim.max_length
                                                          : id < trim.min_id;
  };
  StreamRun& run = *plan.partial;
  RETURN_IF_ERROR(
      Visit(run.start, run.last, Direction::kForward, [&](const StreamId& id, StreamFields) {
        plan.kept = id;
        plan.kept_is_entry = !goes(id);
        if (plan.kept_is_entry) return false;
        ++gone;
        return true;
      }));
  if (gone == run.live && run.last < StreamId::Max()) plan.kept = *run.last.Next();
  plan.entries += gone;
  run.live -= std::min(gone, run.live);
  run.deleted += gone;
  if (gone == 0) plan.partial.reset();
  return {};
}

Result<Stream::TrimPlan> Stream::PlanTrim(const StreamTrim& trim) const {
  const bool by_length = trim.strategy == StreamTrim::Strategy::kMaxLen;
  TrimPlan plan;
  uint64_t left = head_.length;
  Result<void> within;
  // False: the search is over.
  const auto consider = [&](const StreamRun& run) {
    plan.kept = run.start;
    if (by_length && left <= trim.max_length) return false;
    if (trim.limit != 0 && plan.entries + run.live > trim.limit) return false;
    const bool whole =
        by_length ? left - std::min(left, run.live) >= trim.max_length : run.last < trim.min_id;
    if (whole) {
      plan.entries += run.live;
      left -= std::min(left, run.live);
      return true;
    }
    if (!trim.approximate) {
      plan.partial = run;
      within = PlanWithinRun(trim, plan, left);
    }
    return false;
  };
  std::string from(TagOnly(StreamTag::kRun));
  if (head_.dead_runs > 0) from = AfterStreamKey(StreamTag::kRun, head_.run_base);
  bool on = true;
  lsm::CollectionCursor row = rows().Seek(from);
  for (uint64_t i = 0; on && i < head_.closed_runs; ++i, row.Next()) {
    if (!row.status().ok()) return Failure(Error(row.status()));
    const std::optional<StreamId> start =
        row.valid() ? DecodeStreamKey(StreamTag::kRun, row.subkey()) : std::nullopt;
    const std::optional<StreamRun> run =
        start ? DecodeStreamRun(*start, row.value()) : std::nullopt;
    if (!run) return DamagedStream("a run of a stream is damaged");
    on = consider(*run);
    if (!on) break;
    ++plan.closed_runs;
    plan.last_closed_run = run->start;
  }
  if (on && head_.open) plan.open_run = consider(*head_.open);
  RETURN_IF_ERROR(within);
  return plan;
}

Result<void> Stream::ApplyTrim(const TrimPlan& plan) {
  StreamId first;
  if (plan.entries < head_.length) {
    first = plan.kept;
    if (!plan.kept_is_entry) {
      ASSIGN_OR_RETURN(first, FirstFrom(std::max(plan.kept, head_.first)));
    }
  }
  if (plan.partial) {
    const StreamRun& run = *plan.partial;
    if (head_.open && run.start == head_.open->start) {
      head_.open = run;
    } else {  // Its row was read for the plan.
      Ensured(rows().Put(StreamKey(StreamTag::kRun, run.start).view(), EncodeStreamRun(run)));
    }
  }
  const StreamKey oldest(StreamTag::kEntry, head_.first);
  head_.length -= plan.entries;
  head_.first = first;
  if (head_.length == 0) head_.top = {};
  if (plan.open_run) head_.open.reset();
  head_.closed_runs -= plan.closed_runs;
  if (head_.length == 0 && runs() == 0 && head_.group_number == 0) {
    // Nothing is left: all rows go at once.
    head_.dead = head_.dead_runs = 0;
    entry_ = store().AttachCollection(store().DetachCollection(entry_));
    return {};
  }
  if (plan.closed_runs > 0) {
    head_.dead_runs += plan.closed_runs;
    head_.run_base = plan.last_closed_run;
  }
  // The usual case of exact trimming.
  if (plan.entries == 1 && head_.dead == 0 && rows().Erase(oldest.view())) return {};
  head_.dead += plan.entries;
  head_.base = head_.length == 0 ? head_.last : *first.Previous();
  return {};
}

Result<uint64_t> Stream::Trim(const StreamTrim& trim) {
  if (!exists() || trim.strategy == StreamTrim::Strategy::kNone) return uint64_t{0};
  ASSIGN_OR_RETURN(const TrimPlan plan, PlanTrim(trim));
  if (plan.entries == 0 && plan.closed_runs == 0 && !plan.open_run) return uint64_t{0};
  RETURN_IF_ERROR(ApplyTrim(plan));
  if (needs_sweep()) SweepIfPossible(kMaxErasedAtOnce);
  return plan.entries;
}

// Erases up to `most` rows in [from, end).
Result<uint64_t> Stream::SweepRows(std::string_view from, std::string end, uint64_t most) {
  lsm::CollectionCursor row = rows().Seek(from);
  for (uint64_t i = 0; i < most && row.valid() && row.subkey() < end; ++i) row.Next();
  if (!row.status().ok()) return Failure(Error(row.status()));
  if (row.valid() && row.subkey() < end) end = row.subkey();
  return OrError(rows().EraseRange(from, end));
}

// Of the first destroyed group.
Result<uint64_t> Stream::SweepDestroyedGroup(uint64_t most) {
  const lsm::CollectionCursor row =
      rows().Seek(std::string(1, static_cast<char>(GroupTag::kDestroyed)));
  if (!row.status().ok()) return Failure(Error(row.status()));
  std::string_view number = row.valid() ? row.subkey().substr(1) : std::string_view();
  uint64_t group = 0;
  if (!DecodeOrdered(&number, &group)) return DamagedStream("a destroyed group has no number");
  uint64_t erased = 0;
  for (const GroupTag tag : {GroupTag::kPending, GroupTag::kPendingOf, GroupTag::kConsumer,
                             GroupTag::kConsumerName, GroupTag::kDestroyed}) {
    if (erased == most) return erased;
    const std::string prefix = GroupPrefix(tag, group);
    ASSIGN_OR_RETURN(const uint64_t here, SweepRows(prefix, AfterPrefix(prefix), most - erased));
    erased += here;
    if (tag == GroupTag::kDestroyed && here > 0) --head_.destroyed_groups;
  }
  return erased;
}

// Erases up to `most` of the `dead` rows of this tag, which are the first, up to `last`.
Result<uint64_t> Stream::SweepTag(StreamTag tag, const StreamId& last, uint64_t dead,
                                  uint64_t most) {
  std::string end = AfterStreamKey(tag, last);
  if (dead > most) return SweepRows(TagOnly(tag), std::move(end), most);
  return OrError(rows().EraseRange(TagOnly(tag), end));
}

Result<void> Stream::Sweep(uint64_t most) {
  if (head_.dead > 0) {
    ASSIGN_OR_RETURN(const uint64_t erased,
                     SweepTag(StreamTag::kEntry, head_.base, head_.dead, most));
    head_.dead -= std::min(erased, head_.dead);
    most -= std::min(erased, most);
  }
  if (head_.dead_runs > 0 && most > 0) {
    ASSIGN_OR_RETURN(const uint64_t erased,
                     SweepTag(StreamTag::kRun, head_.run_base, head_.dead_runs, most));
    head_.dead_runs -= std::min(erased, head_.dead_runs);
    most -= std::min(erased, most);
  }
  while (head_.destroyed_groups > 0 && most > 0) {
    ASSIGN_OR_RETURN(const uint64_t erased, SweepDestroyedGroup(most));
    most -= std::min(erased, most);
  }
  return {};
}

void Stream::SweepIfPossible(uint64_t most) {
  // What cannot be read now is swept another time.
  [[maybe_unused]] const Result<void> swept = Sweep(most);
}

}  // namespace datatypes
