// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "rdb/types.h"

namespace rdb {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;
  auto operator<=>(const StreamId&) const = default;
};

struct FieldValue {
  std::string_view field;
  std::string_view value;
};

// A key as it is announced, before its value.
struct KeyHead {
  uint64_t db = 0;
  std::string_view key;  // Valid until the call returns.
  ValueType type = ValueType::kString;
  std::optional<int64_t> expire_at_ms;
  std::optional<uint64_t> idle_s;
  std::optional<uint8_t> freq;
  uint64_t offset = 0;  // Of the entry in the source.
};

// What a stream has besides its entries. What the older forms lack is filled in as Redis does.
struct StreamMeta {
  uint64_t length = 0;
  StreamId last_id;
  StreamId first_id;
  StreamId max_deleted_id;
  uint64_t entries_added = 0;
};

struct StreamGroup {
  std::string_view name;
  StreamId last_id;
  // nullopt: not known.
  std::optional<uint64_t> entries_read;
};

struct StreamConsumer {
  std::string_view name;
  int64_t seen_ms = 0;
  int64_t active_ms = 0;  // -1: never. The same as seen_ms in forms that do not have it.
};

struct StreamPending {
  StreamId id;
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;
};

// Is told what a dump contains, in its order. Each call answers whether to go on; after false no
// other call comes, and the reader returns Error::Code::kStopped. All views are valid until the
// call returns.
//
// A value is OnKey, its elements one by one, OnKeyEnd. After a damaged element comes an error, and
// no OnKeyEnd: what was taken in of that key is not to be used.
class EventHandler {
 public:
  virtual ~EventHandler() = default;

  // The file itself. By default ignored.
  virtual bool OnVersion(Dialect, int) { return true; }
  virtual bool OnAux(std::string_view, std::string_view) { return true; }
  // A library's code.
  virtual bool OnFunction(std::string_view) { return true; }
  // How many keys the database is going to have, and with expiry. A hint that may lie.
  virtual bool OnSizes(uint64_t /*db*/, uint64_t /*keys*/, uint64_t /*expiring*/) { return true; }
  // Something was passed over that is not needed, or cannot be kept.
  virtual bool OnWarning(uint64_t /*offset*/, std::string_view) { return true; }

  virtual bool OnKey(const KeyHead& head) = 0;
  virtual bool OnKeyEnd() = 0;

  // A string comes in pieces, at least one.
  virtual bool OnStringPiece(std::string_view piece) = 0;
  virtual bool OnListElement(std::string_view element) = 0;
  virtual bool OnSetMember(std::string_view member) = 0;
  virtual bool OnSortedSetMember(std::string_view member, double score) = 0;
  virtual bool OnHashField(std::string_view field, std::string_view value,
                           std::optional<int64_t> expire_at_ms) = 0;
  // Entries in ascending order of ids; then the meta, then each group with, for each of its
  // consumers, what is pending.
  virtual bool OnStreamEntry(StreamId id, std::span<const FieldValue> fields) = 0;
  virtual bool OnStreamMeta(const StreamMeta& meta) = 0;
  virtual bool OnStreamGroup(const StreamGroup& group) = 0;
  virtual bool OnStreamConsumer(const StreamConsumer& consumer) = 0;
  virtual bool OnStreamPending(const StreamPending& pending) = 0;
};

}  // namespace rdb
