// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/value_reader.h"

namespace rdb {

// Reads one stream: its entries, which lie in listpacks relative to a first one, then its numbers,
// then its groups. A group's pending entries are listed twice, by id and by consumer: they are put
// together here, in memory.
class StreamReader {
 public:
  StreamReader(ValueReader& values, Encoding encoding);
  Result<void> Read();

 private:
  struct Pending {
    StreamPending entry;
    bool owned = false;
  };

  Result<void> ReadNode();
  Result<void> ReadNodeEntry(ListpackReader& reader, StreamId first, int64_t flags);
  Result<void> ReadMeta();
  Result<void> ReadGroup();
  Result<void> ReadGroupPending();
  Result<void> ReadConsumer();
  Result<void> ReadProducers();
  Result<StreamId> ReadRawId();
  Result<StreamId> ReadId();
  // What Redis takes for the number of entries a group has read, if the dump does not tell.
  std::optional<uint64_t> EstimateRead(StreamId id) const;

  // The next element, which must be there.
  Result<int64_t> NextNumber(ListpackReader& reader);
  Result<std::string_view> NextText(ListpackReader& reader);

  ValueReader& values_;
  Input& in_;
  EventHandler& events_;
  const int version_;
  uint64_t start_ = 0;  // Of the node at hand.
  uint64_t entries_ = 0;
  StreamId first_;
  StreamId last_;
  StreamMeta meta_;
  std::string scratch_;
  std::vector<std::string> node_fields_;
  std::vector<FieldValue> fields_;
  std::deque<std::string> numbers_;  // Texts of those elements that were packed as numbers.
  std::vector<Pending> pending_;
};

}  // namespace rdb
