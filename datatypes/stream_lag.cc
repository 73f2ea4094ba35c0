// SPDX-License-Identifier: BSD-3-Clause
// How far a consumer group has come, as Redis 7 counts it: by how many entries the stream had been
// given up to an ID. Deletions make that unknowable for IDs before the last deleted one.
#include "datatypes/stream_group.h"

namespace datatypes {
namespace {

// Whether an entry at or after `from` was deleted (not trimmed) and leaves a gap: one before the
// first entry that is there does not.
bool DeletedSince(const StreamHead& head, const StreamId& from) {
  return head.length > 0 && head.max_deleted >= head.first && from <= head.max_deleted;
}

// How many entries the stream had been given when it was given this one; none: not known.
std::optional<uint64_t> AddedUpTo(const StreamHead& head, const StreamId& id) {
  if (head.added == 0) return 0;
  if (head.length == 0 && id <= head.last) return head.added;
  if (id == head.last) return head.added;
  if (id > head.last) return std::nullopt;
  if (head.max_deleted.zero() || head.max_deleted < head.first) {
    // What is there has no gaps.
    if (id < head.first) return head.added - head.length;
    if (id == head.first) return head.added - head.length + 1;
  }
  return std::nullopt;
}

}  // namespace

void StreamGroup::Advance(const StreamId& id) {
  if (id <= row_.last) return;
  const StreamHead& head = stream_->head();
  if (row_.read && !DeletedSince(head, id)) {
    ++*row_.read;
  } else if (head.added > 0) {
    row_.read = AddedUpTo(head, id);
  }
  row_.last = id;
  changed_ = true;
}

std::optional<int64_t> StreamGroup::Lag() const {
  const StreamHead& head = stream_->head();
  if (head.added == 0) return 0;
  const bool known = row_.read && !DeletedSince(head, row_.last);
  const std::optional<uint64_t> read = known ? row_.read : AddedUpTo(head, row_.last);
  if (!read) return std::nullopt;
  // Less than nothing if somebody said that more was read than there is.
  return static_cast<int64_t>(head.added - *read);
}

}  // namespace datatypes
