// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/stream_format.h"
#include "datatypes/stream_id.h"

namespace datatypes {

// The bytes of the rows of a stream's consumer groups; FORMAT.md has them drawn. Groups have
// numbers within their stream, consumers within their group; none is given twice. Decoders take any
// bytes.

// The first byte of each such subkey. All come before the entries' and the runs'.
enum class GroupTag : char {
  kGroup = 'G',         // A group, by name.
  kConsumerName = 'M',  // A consumer's number, by group and name.
  kConsumer = 'N',      // A consumer, by group and number.
  kPending = 'P',       // A pending entry, by group and ID.
  kPendingOf = 'Q',     // That a consumer has it, by group, consumer and ID.
  kDestroyed = 'X',     // A group that was destroyed, by number, whose rows are not all erased.
};

struct GroupRow {
  uint64_t number = 0;
  StreamId last;  // Delivered.
  // How many entries the stream had been given up to there, if that is known.
  std::optional<uint64_t> read;
  uint64_t pending = 0;
  uint64_t consumers = 0;
  uint64_t consumer_number = 0;  // The last given.

  friend bool operator==(const GroupRow&, const GroupRow&) = default;
};
std::string EncodeGroup(const GroupRow& row);
std::optional<GroupRow> DecodeGroup(std::string_view value);

struct ConsumerRow {
  int64_t seen_ms = 0;     // When it last tried.
  int64_t active_ms = -1;  // When it last was given an entry; -1: never.
  uint64_t pending = 0;
  std::string name;

  friend bool operator==(const ConsumerRow&, const ConsumerRow&) = default;
};
std::string EncodeConsumer(const ConsumerRow& row);
std::optional<ConsumerRow> DecodeConsumer(std::string_view value);

// Of a consumer's number.
std::string EncodeConsumerNumber(uint64_t number);
std::optional<uint64_t> DecodeConsumerNumber(std::string_view value);

struct PendingRow {
  uint64_t consumer = 0;
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;

  friend bool operator==(const PendingRow&, const PendingRow&) = default;
};
std::string EncodePending(const PendingRow& row);
std::optional<PendingRow> DecodePending(std::string_view value);

// Subkeys.
std::string GroupKey(std::string_view name);
// All rows with this tag of a group begin with it; with a further number, of a consumer.
std::string GroupPrefix(GroupTag tag, uint64_t group);
std::string ConsumerPrefix(GroupTag tag, uint64_t group, uint64_t consumer);
std::string WithId(std::string prefix, const StreamId& id);
// The ID that follows a prefix; none if that is not all.
std::optional<StreamId> IdAfter(std::string_view prefix, std::string_view subkey);
// Above all subkeys that begin with `prefix`, which is not empty nor all ff.
std::string AfterPrefix(std::string prefix);

}  // namespace datatypes
