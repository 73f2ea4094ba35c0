// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/events.h"
#include "rdb/output.h"

namespace rdb {

struct WriteOptions {
  int version = 10;  // kMinWrittenVersion … kMaxWrittenVersion.
  bool compress = true;
  bool checksum = true;
};

// Writes values: a count, then as many elements. Nobody checks that they are as many.
class ValueWriter {
 public:
  // Packs that many entries of a stream together.
  static constexpr uint64_t kStreamNodeEntries = 100;

  ValueWriter(Output& out, int version) : out_(out), version_(version) {}

  // The number that stands for such a value. Fields with expiry need version 12; before, nobody
  // could read them.
  uint8_t TypeNumber(ValueType type, bool field_expiry = false) const;

  void String(std::string_view value) { out_.String(value); }
  // A large one, not compressed: then its bytes in pieces.
  void BeginString(uint64_t size) { out_.Length(size); }
  void StringPiece(std::string_view piece) { out_.Raw(piece); }

  // List, set, sorted set, hash without field expiry.
  void BeginCollection(uint64_t elements) { out_.Length(elements); }
  void Element(std::string_view element) { out_.String(element); }
  void SortedSetMember(std::string_view member, double score);
  void HashField(std::string_view field, std::string_view value);
  // No expiry of the hash may be before `earliest_ms`.
  void BeginHashWithExpiry(uint64_t fields, int64_t earliest_ms);
  void HashFieldWithExpiry(std::string_view field, std::string_view value,
                           std::optional<int64_t> expire_at_ms);

  // A stream, in this order: BeginStream, its entries in order of ids, EndStreamEntries, each
  // group: BeginStreamGroup, its pending entries in order of ids, BeginStreamConsumers, each
  // consumer with its pending entries' ids.
  void BeginStream(uint64_t entries);
  void StreamEntry(StreamId id, std::span<const FieldValue> fields);
  void EndStreamEntries(const StreamMeta& meta, uint64_t groups);
  void BeginStreamGroup(const StreamGroup& group, uint64_t pending);
  void StreamGroupPending(const StreamPending& pending);
  void BeginStreamConsumers(uint64_t consumers) { out_.Length(consumers); }
  void BeginStreamConsumer(const StreamConsumer& consumer, uint64_t pending);
  void StreamConsumerPending(StreamId id) { RawId(id); }

 private:
  void RawId(StreamId id);
  void EndNode();

  Output& out_;
  const int version_;
  int64_t earliest_ms_ = 0;
  // The stream's node that is being filled: its entries, packed.
  std::string node_;
  uint64_t node_entries_ = 0;
  uint64_t node_elements_ = 0;
  StreamId node_id_;
  std::vector<std::string> node_fields_;
};

// Writes an RDB file: header, databases, keys, footer. The values of its keys are written with
// values(), right after Key().
class Writer {
 public:
  Writer(Sink& sink, const WriteOptions& options);

  ValueWriter& values() { return values_; }
  bool failed() const { return out_.failed(); }
  uint64_t offset() const { return out_.offset(); }

  void Header();
  void Aux(std::string_view name, std::string_view value);
  // False: the version has no functions (before 10), nothing was written.
  bool Function(std::string_view code);
  void Database(uint64_t db, uint64_t keys, uint64_t expiring);
  void Key(const KeyHead& head, bool field_expiry = false);
  // The footer. The only call that tells of a failure.
  Result<void> Finish();

 private:
  const WriteOptions options_;
  Output out_;
  ValueWriter values_;
};

// What a DUMP payload ends with: version and checksum. `payload` has the type's number and the
// value.
void AppendDumpFooter(int version, std::string* payload);

}  // namespace rdb
