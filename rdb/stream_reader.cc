// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/stream_reader.h"

#include <algorithm>
#include <limits>

namespace rdb {
namespace {

constexpr size_t kIdBytes = 16;
constexpr uint64_t kUnknownRead = std::numeric_limits<uint64_t>::max();

enum EntryFlags : int64_t { kDeleted = 1, kSameFields = 2 };

int VersionOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kStream1:
      return 1;
    case Encoding::kStream2:
      return 2;
    case Encoding::kStream3:
      return 3;
    default:
      return 4;
  }
}

// As a tree's key: big-endian.
StreamId DecodeId(std::string_view bytes) {
  const auto number = [](std::string_view half) {
    uint64_t value = 0;
    for (const char byte : half) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  };
  return {number(bytes.substr(0, 8)), number(bytes.substr(8, 8))};
}

}  // namespace

StreamReader::StreamReader(ValueReader& values, Encoding encoding)
    : values_(values), in_(values.in_), events_(values.events_), version_(VersionOf(encoding)) {}

Result<void> StreamReader::Read() {
  RDB_RETURN_IF_ERROR(values_.Announce());
  RDB_ASSIGN_OR_RETURN(uint64_t nodes, in_.ReadLength());
  for (; nodes > 0; --nodes) RDB_RETURN_IF_ERROR(ReadNode());
  RDB_RETURN_IF_ERROR(ReadMeta());
  RDB_ASSIGN_OR_RETURN(uint64_t groups, in_.ReadLength());
  for (; groups > 0; --groups) RDB_RETURN_IF_ERROR(ReadGroup());
  if (version_ >= 4) RDB_RETURN_IF_ERROR(ReadProducers());
  return {};
}

Result<int64_t> StreamReader::NextNumber(ListpackReader& reader) {
  PackedElement element;
  RDB_ASSIGN_OR_RETURN(const bool more, reader.Next(&element));
  if (!more || !element.is_number()) return Damaged(start_, "a stream's node lacks a number");
  return element.number();
}

Result<std::string_view> StreamReader::NextText(ListpackReader& reader) {
  PackedElement element;
  RDB_ASSIGN_OR_RETURN(const bool more, reader.Next(&element));
  if (!more) return Damaged(start_, "a stream's node lacks a field");
  if (!element.is_number()) return element.text();
  return std::string_view(numbers_.emplace_back(element.text()));
}

// A listpack of: entries, deleted ones, number of fields n, n fields, 0; then the entries.
Result<void> StreamReader::ReadNode() {
  start_ = in_.offset();
  RDB_ASSIGN_OR_RETURN(const std::string_view key, in_.ReadString(&scratch_));
  if (key.size() != kIdBytes) return Damaged(start_, "a stream's node without an id");
  const StreamId first = DecodeId(key);
  start_ = in_.offset();
  RDB_ASSIGN_OR_RETURN(const std::string_view packed, in_.ReadString(&values_.blob_));
  ListpackReader reader(packed, start_);
  RDB_ASSIGN_OR_RETURN(const int64_t count, NextNumber(reader));
  RDB_ASSIGN_OR_RETURN(const int64_t deleted, NextNumber(reader));
  RDB_ASSIGN_OR_RETURN(int64_t fields, NextNumber(reader));
  node_fields_.clear();
  for (; fields > 0; --fields) {
    RDB_ASSIGN_OR_RETURN(const std::string_view field, NextText(reader));
    node_fields_.emplace_back(field);
  }
  numbers_.clear();
  RDB_ASSIGN_OR_RETURN(const int64_t terminator, NextNumber(reader));
  if (terminator != 0) return Damaged(start_, "a stream's node with a damaged head");
  const uint64_t before = entries_;
  int64_t all = 0;
  for (PackedElement flags;; ++all) {
    RDB_ASSIGN_OR_RETURN(const bool more, reader.Next(&flags));
    if (!more) break;
    if (!flags.is_number()) return Damaged(start_, "a stream's entry without flags");
    RDB_RETURN_IF_ERROR(ReadNodeEntry(reader, first, flags.number()));
  }
  if (count < 0 || static_cast<uint64_t>(count) != entries_ - before || all - count != deleted) {
    return Damaged(start_, "a stream's node with a wrong count");
  }
  return {};
}

Result<void> StreamReader::ReadNodeEntry(ListpackReader& reader, StreamId first, int64_t flags) {
  RDB_ASSIGN_OR_RETURN(const int64_t ms, NextNumber(reader));
  RDB_ASSIGN_OR_RETURN(const int64_t seq, NextNumber(reader));
  const StreamId id = {first.ms + static_cast<uint64_t>(ms),
                       first.seq + static_cast<uint64_t>(seq)};
  const bool same = (flags & kSameFields) != 0;
  auto count = static_cast<int64_t>(node_fields_.size());
  if (!same) {
    RDB_ASSIGN_OR_RETURN(count, NextNumber(reader));
  }
  fields_.clear();
  numbers_.clear();
  for (int64_t i = 0; i < count; ++i) {
    FieldValue pair;
    if (same) {
      pair.field = node_fields_[static_cast<size_t>(i)];
    } else {
      RDB_ASSIGN_OR_RETURN(pair.field, NextText(reader));
    }
    RDB_ASSIGN_OR_RETURN(pair.value, NextText(reader));
    fields_.push_back(pair);
  }
  RDB_RETURN_IF_ERROR(NextNumber(reader));  // How many elements back the entry begins.
  if ((flags & kDeleted) != 0) return {};
  if (entries_ > 0 && id <= last_) return Damaged(start_, "a stream's entries are out of order");
  if (entries_ == 0) first_ = id;
  last_ = id;
  ++entries_;
  return values_.Check(events_.OnStreamEntry(id, fields_));
}

Result<StreamId> StreamReader::ReadId() {
  StreamId id;
  RDB_ASSIGN_OR_RETURN(id.ms, in_.ReadLength());
  RDB_ASSIGN_OR_RETURN(id.seq, in_.ReadLength());
  return id;
}

Result<StreamId> StreamReader::ReadRawId() {
  RDB_ASSIGN_OR_RETURN(const std::string_view bytes, in_.ReadBytes(kIdBytes, &scratch_));
  return DecodeId(bytes);
}

Result<void> StreamReader::ReadMeta() {
  const uint64_t start = in_.offset();
  RDB_ASSIGN_OR_RETURN(meta_.length, in_.ReadLength());
  if (meta_.length != entries_) {
    return Damaged(start, "a stream of " + std::to_string(entries_) + " entries says it has " +
                              std::to_string(meta_.length));
  }
  RDB_ASSIGN_OR_RETURN(meta_.last_id, ReadId());
  if (entries_ > 0 && meta_.last_id < last_) {
    return Damaged(start, "a stream's last id is less than that of an entry");
  }
  if (version_ >= 2) {
    RDB_ASSIGN_OR_RETURN(meta_.first_id, ReadId());
    RDB_ASSIGN_OR_RETURN(meta_.max_deleted_id, ReadId());
    RDB_ASSIGN_OR_RETURN(meta_.entries_added, in_.ReadLength());
  } else {
    meta_.first_id = first_;
    meta_.entries_added = entries_;
  }
  return values_.Check(events_.OnStreamMeta(meta_));
}

std::optional<uint64_t> StreamReader::EstimateRead(StreamId id) const {
  if (meta_.entries_added == 0) return 0;
  if (meta_.length == 0 && id <= meta_.last_id) return meta_.entries_added;
  if (id == meta_.last_id) return meta_.entries_added;
  if (id > meta_.last_id) return std::nullopt;
  if (id < meta_.first_id) return meta_.entries_added - meta_.length;
  if (id == meta_.first_id) return meta_.entries_added - meta_.length + 1;
  return std::nullopt;
}

Result<void> StreamReader::ReadGroup() {
  const uint64_t start = in_.offset();
  StreamGroup group;
  RDB_ASSIGN_OR_RETURN(const std::string_view name, in_.ReadString(&values_.first_));
  if (name.data() != values_.first_.data()) values_.first_.assign(name);
  group.name = values_.first_;
  RDB_ASSIGN_OR_RETURN(group.last_id, ReadId());
  if (version_ >= 2) {
    RDB_ASSIGN_OR_RETURN(const uint64_t read, in_.ReadLength());
    if (read != kUnknownRead) group.entries_read = read;
  } else {
    group.entries_read = EstimateRead(group.last_id);
  }
  RDB_RETURN_IF_ERROR(values_.Check(events_.OnStreamGroup(group)));
  RDB_RETURN_IF_ERROR(ReadGroupPending());
  RDB_ASSIGN_OR_RETURN(uint64_t consumers, in_.ReadLength());
  for (; consumers > 0; --consumers) RDB_RETURN_IF_ERROR(ReadConsumer());
  if (!std::all_of(pending_.begin(), pending_.end(), [](const Pending& p) { return p.owned; })) {
    return Damaged(start, "a pending entry of a stream's group belongs to no consumer");
  }
  return {};
}

Result<void> StreamReader::ReadGroupPending() {
  pending_.clear();
  RDB_ASSIGN_OR_RETURN(uint64_t count, in_.ReadLength());
  for (; count > 0; --count) {
    const uint64_t start = in_.offset();
    Pending pending;
    RDB_ASSIGN_OR_RETURN(pending.entry.id, ReadRawId());
    RDB_ASSIGN_OR_RETURN(const uint64_t delivered, in_.ReadUint64());
    pending.entry.delivered_ms = static_cast<int64_t>(delivered);
    RDB_ASSIGN_OR_RETURN(pending.entry.deliveries, in_.ReadLength());
    if (!pending_.empty() && pending.entry.id <= pending_.back().entry.id) {
      return Damaged(start, "pending entries of a stream's group are out of order");
    }
    pending_.push_back(pending);
  }
  return {};
}

Result<void> StreamReader::ReadConsumer() {
  StreamConsumer consumer;
  RDB_ASSIGN_OR_RETURN(const std::string_view name, in_.ReadString(&values_.first_));
  if (name.data() != values_.first_.data()) values_.first_.assign(name);
  consumer.name = values_.first_;
  RDB_ASSIGN_OR_RETURN(const uint64_t seen, in_.ReadUint64());
  consumer.seen_ms = consumer.active_ms = static_cast<int64_t>(seen);
  if (version_ >= 3) {
    RDB_ASSIGN_OR_RETURN(const uint64_t active, in_.ReadUint64());
    consumer.active_ms = static_cast<int64_t>(active);
  }
  RDB_RETURN_IF_ERROR(values_.Check(events_.OnStreamConsumer(consumer)));
  RDB_ASSIGN_OR_RETURN(uint64_t count, in_.ReadLength());
  for (; count > 0; --count) {
    const uint64_t start = in_.offset();
    RDB_ASSIGN_OR_RETURN(const StreamId id, ReadRawId());
    const auto found =
        std::lower_bound(pending_.begin(), pending_.end(), id,
                         [](const Pending& p, StreamId wanted) { return p.entry.id < wanted; });
    if (found == pending_.end() || found->entry.id != id || found->owned) {
      return Damaged(start, "a consumer has a pending entry that its group has not");
    }
    found->owned = true;
    RDB_RETURN_IF_ERROR(values_.Check(events_.OnStreamPending(found->entry)));
  }
  return {};
}

// Redis 8.6: what producers sent lately, so that they do not send it twice. Not kept.
Result<void> StreamReader::ReadProducers() {
  const uint64_t start = in_.offset();
  RDB_RETURN_IF_ERROR(in_.ReadLength());  // Duration.
  RDB_RETURN_IF_ERROR(in_.ReadLength());  // Greatest number.
  RDB_ASSIGN_OR_RETURN(uint64_t producers, in_.ReadLength());
  const bool any = producers > 0;
  for (; producers > 0; --producers) {
    RDB_RETURN_IF_ERROR(in_.ReadString(&scratch_));
    RDB_ASSIGN_OR_RETURN(uint64_t sent, in_.ReadLength());
    for (; sent > 0; --sent) {
      RDB_RETURN_IF_ERROR(in_.ReadString(&scratch_));
      RDB_RETURN_IF_ERROR(ReadId());
    }
  }
  RDB_RETURN_IF_ERROR(in_.ReadLength());  // Counters.
  RDB_RETURN_IF_ERROR(in_.ReadLength());
  if (!any) return {};
  return values_.Check(
      events_.OnWarning(start, "a stream's memory of idempotent producers is not kept"));
}

}  // namespace rdb
