// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_dump.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datatypes/stream_format.h"
#include "datatypes/stream_group_format.h"

namespace datatypes {
namespace {

using lsm::Status;

rdb::StreamId Raw(const StreamId& id) {
  return {id.ms, id.seq};
}

Status Damaged(const char* what) {
  return Status::Corruption(what);
}

Status WriteEntries(const StreamHead& head, RowSource& rows, rdb::ValueWriter& out) {
  uint64_t written = 0;
  std::vector<rdb::FieldValue> fields;
  out.BeginStream(head.length);
  const char tag = static_cast<char>(StreamTag::kEntry);
  LSM_RETURN_IF_ERROR(rows.ForEach({&tag, 1}, [&](auto subkey, auto value) -> Status {
    const std::optional<StreamId> id = DecodeStreamKey(StreamTag::kEntry, subkey);
    std::optional<StreamFields> texts = StreamFields::Decode(value);
    if (!id || !texts) return Damaged("an entry of a stream is damaged");
    if (*id < head.first) return {};  // Trimmed, and not erased yet.
    fields.clear();
    while (texts->size() > 0) {
      const std::string_view field = texts->Take();
      fields.push_back({field, texts->size() > 0 ? texts->Take() : std::string_view()});
    }
    out.StreamEntry(Raw(*id), fields);
    ++written;
    return {};
  }));
  if (written != head.length) return Damaged("a stream has another number of entries than it says");
  return {};
}

Status WriteConsumer(uint64_t group, uint64_t number, const ConsumerRow& consumer, RowSource& rows,
                     rdb::ValueWriter& out) {
  uint64_t written = 0;
  out.BeginStreamConsumer({consumer.name, consumer.seen_ms, consumer.active_ms}, consumer.pending);
  const std::string prefix = ConsumerPrefix(GroupTag::kPendingOf, group, number);
  LSM_RETURN_IF_ERROR(rows.ForEach(prefix, [&](auto subkey, auto) -> Status {
    const std::optional<StreamId> id = IdAfter(prefix, subkey);
    if (!id) return Damaged("a pending entry of a stream has no ID");
    out.StreamConsumerPending(Raw(*id));
    ++written;
    return {};
  }));
  return written == consumer.pending ? Status() : Damaged("a consumer's pending entries");
}

Status WriteGroup(std::string_view name, const GroupRow& group, RowSource& rows,
                  rdb::ValueWriter& out) {
  uint64_t written = 0;
  out.BeginStreamGroup({name, Raw(group.last), group.read}, group.pending);
  const std::string pending = GroupPrefix(GroupTag::kPending, group.number);
  LSM_RETURN_IF_ERROR(rows.ForEach(pending, [&](auto subkey, auto value) -> Status {
    const std::optional<StreamId> id = IdAfter(pending, subkey);
    const std::optional<PendingRow> row = DecodePending(value);
    if (!id || !row) return Damaged("a pending entry of a stream is damaged");
    out.StreamGroupPending({Raw(*id), row->delivered_ms, row->deliveries});
    ++written;
    return {};
  }));
  if (written != group.pending) return Damaged("a group's pending entries");
  const std::string prefix = GroupPrefix(GroupTag::kConsumer, group.number);
  std::vector<std::pair<uint64_t, ConsumerRow>> consumers;
  LSM_RETURN_IF_ERROR(rows.ForEach(prefix, [&](auto subkey, auto value) -> Status {
    std::string_view rest = subkey.substr(prefix.size());
    uint64_t number = 0;
    std::optional<ConsumerRow> row = DecodeConsumer(value);
    if (!DecodeOrdered(&rest, &number) || !rest.empty() || !row) {
      return Damaged("a consumer of a stream's group is damaged");
    }
    consumers.emplace_back(number, *std::move(row));
    return {};
  }));
  if (consumers.size() != group.consumers) return Damaged("a group's consumers");
  out.BeginStreamConsumers(consumers.size());
  for (const auto& [number, consumer] : consumers) {
    LSM_RETURN_IF_ERROR(WriteConsumer(group.number, number, consumer, rows, out));
  }
  return {};
}

}  // namespace

Status WriteStream(const StoredValue& value, RowSource& rows, rdb::ValueWriter& out) {
  const std::optional<StreamHead> head = DecodeStreamHead(value.payload);
  if (!head) return Damaged("the meta of a stream is damaged");
  LSM_RETURN_IF_ERROR(WriteEntries(*head, rows, out));
  const char tag = static_cast<char>(GroupTag::kGroup);
  std::vector<std::pair<std::string, GroupRow>> groups;
  LSM_RETURN_IF_ERROR(rows.ForEach({&tag, 1}, [&](auto subkey, auto row) -> Status {
    const std::optional<GroupRow> group = DecodeGroup(row);
    if (!group) return Damaged("a group of a stream is damaged");
    groups.emplace_back(std::string(subkey.substr(1)), *group);
    return {};
  }));
  const rdb::StreamMeta meta = {head->length, Raw(head->last), Raw(head->first),
                                Raw(head->max_deleted), head->added};
  out.EndStreamEntries(meta, groups.size());
  for (const auto& [name, group] : groups) {
    LSM_RETURN_IF_ERROR(WriteGroup(name, group, rows, out));
  }
  return {};
}

}  // namespace datatypes
