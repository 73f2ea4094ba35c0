// SPDX-License-Identifier: BSD-3-Clause
//
// How a stream is laid out: nodes of up to kStreamNodeEntries entries, each a listpack behind the
// first entry's id. It begins with the number of entries, of deleted ones (none here), the first
// entry's fields' names, and 0. An entry: flags, its id less the first one's, names and values (or
// values alone, where the names are the first entry's), and how many elements all that was.
#include <limits>

#include "rdb/listpack_builder.h"
#include "rdb/writer.h"

namespace rdb {
namespace {

constexpr int64_t kSameFields = 2;
constexpr int kFirstWithStream2 = 10;
constexpr int kFirstWithStream3 = 11;

std::string Encode(StreamId id) {
  std::string bytes;
  for (const uint64_t half : {id.ms, id.seq}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(half >> shift));
  }
  return bytes;
}

}  // namespace

void ValueWriter::RawId(StreamId id) {
  out_.Raw(Encode(id));
}

void ValueWriter::BeginStream(uint64_t entries) {
  out_.Length((entries + kStreamNodeEntries - 1) / kStreamNodeEntries);
  node_entries_ = 0;
}

void ValueWriter::StreamEntry(StreamId id, std::span<const FieldValue> fields) {
  if (node_entries_ == 0) {
    node_.clear();
    node_elements_ = 0;
    node_id_ = id;
    node_fields_.clear();
    for (const FieldValue& pair : fields) node_fields_.emplace_back(pair.field);
  }
  bool same = fields.size() == node_fields_.size();
  for (size_t i = 0; same && i < fields.size(); ++i) same = fields[i].field == node_fields_[i];
  ListpackBuilder entry(&node_);
  entry.Number(same ? kSameFields : 0);
  entry.Number(static_cast<int64_t>(id.ms - node_id_.ms));
  entry.Number(static_cast<int64_t>(id.seq - node_id_.seq));
  if (!same) entry.Number(static_cast<int64_t>(fields.size()));
  for (const FieldValue& pair : fields) {
    if (!same) entry.Text(pair.field);
    entry.Text(pair.value);
  }
  entry.Number(static_cast<int64_t>(entry.elements()));
  node_elements_ += entry.elements();
  if (++node_entries_ == kStreamNodeEntries) EndNode();
}

void ValueWriter::EndNode() {
  std::string head;
  ListpackBuilder builder(&head);
  builder.Number(static_cast<int64_t>(node_entries_));
  builder.Number(0);
  builder.Number(static_cast<int64_t>(node_fields_.size()));
  for (const std::string& field : node_fields_) builder.Text(field);
  builder.Number(0);
  out_.String(Encode(node_id_));
  out_.String(FinishListpack(head + node_, builder.elements() + node_elements_));
  node_entries_ = 0;
}

void ValueWriter::EndStreamEntries(const StreamMeta& meta, uint64_t groups) {
  if (node_entries_ > 0) EndNode();
  out_.Length(meta.length);
  out_.Length(meta.last_id.ms);
  out_.Length(meta.last_id.seq);
  if (version_ >= kFirstWithStream2) {
    out_.Length(meta.first_id.ms);
    out_.Length(meta.first_id.seq);
    out_.Length(meta.max_deleted_id.ms);
    out_.Length(meta.max_deleted_id.seq);
    out_.Length(meta.entries_added);
  }
  out_.Length(groups);
}

void ValueWriter::BeginStreamGroup(const StreamGroup& group, uint64_t pending) {
  out_.String(group.name);
  out_.Length(group.last_id.ms);
  out_.Length(group.last_id.seq);
  if (version_ >= kFirstWithStream2) {
    out_.Length(group.entries_read.value_or(std::numeric_limits<uint64_t>::max()));
  }
  out_.Length(pending);
}

void ValueWriter::StreamGroupPending(const StreamPending& pending) {
  RawId(pending.id);
  out_.Uint64(static_cast<uint64_t>(pending.delivered_ms));
  out_.Length(pending.deliveries);
}

void ValueWriter::BeginStreamConsumer(const StreamConsumer& consumer, uint64_t pending) {
  out_.String(consumer.name);
  out_.Uint64(static_cast<uint64_t>(consumer.seen_ms));
  if (version_ >= kFirstWithStream3) out_.Uint64(static_cast<uint64_t>(consumer.active_ms));
  out_.Length(pending);
}

}  // namespace rdb
