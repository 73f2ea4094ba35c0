// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/events.h"
#include "tools/import_handler.h"

namespace tools {

// What is in a dump: `tiercel-import --dry-run`. Bytes are those of keys and elements, not packed
// and not compressed. Bounded memory.
class Inventory final : public rdb::EventHandler {
 public:
  explicit Inventory(const KeyFilter& filter) : filter_(filter) {}

  std::string Text() const;
  std::string Json() const;
  uint64_t keys() const { return keys_; }

  bool OnVersion(rdb::Dialect dialect, int version) override;
  bool OnFunction(std::string_view) override {
    ++functions_;
    return true;
  }
  bool OnWarning(uint64_t, std::string_view) override {
    ++warnings_;
    return true;
  }
  bool OnKey(const rdb::KeyHead& head) override;
  bool OnKeyEnd() override;
  bool OnStringPiece(std::string_view piece) override { return Count(0, piece.size()); }
  bool OnListElement(std::string_view element) override { return Count(1, element.size()); }
  bool OnSetMember(std::string_view member) override { return Count(1, member.size()); }
  bool OnSortedSetMember(std::string_view member, double) override {
    return Count(1, member.size() + sizeof(double));
  }
  bool OnHashField(std::string_view field, std::string_view value,
                   std::optional<int64_t>) override {
    return Count(1, field.size() + value.size());
  }
  bool OnStreamEntry(rdb::StreamId, std::span<const rdb::FieldValue> fields) override;
  bool OnStreamMeta(const rdb::StreamMeta&) override { return true; }
  bool OnStreamGroup(const rdb::StreamGroup&) override { return true; }
  bool OnStreamConsumer(const rdb::StreamConsumer&) override { return true; }
  bool OnStreamPending(const rdb::StreamPending&) override {
    return Count(0, sizeof(rdb::StreamPending));
  }

 private:
  static constexpr size_t kTypes = 6;
  struct Totals {
    uint64_t keys = 0;
    uint64_t bytes = 0;
    uint64_t expiring = 0;
    uint64_t elements = 0;
  };
  struct Key {
    uint64_t bytes = 0;
    uint64_t elements = 0;
    uint64_t db = 0;
    size_t type = 0;
    std::string name;
  };

  bool Count(uint64_t elements, uint64_t bytes) {
    key_.elements += elements;
    key_.bytes += bytes;
    return true;
  }
  std::vector<std::pair<std::string, Totals>> Prefixes() const;

  const KeyFilter& filter_;
  std::string version_;
  uint64_t keys_ = 0;
  uint64_t functions_ = 0;
  uint64_t warnings_ = 0;
  std::array<Totals, kTypes> types_;
  std::map<uint64_t, Totals> databases_;
  std::map<std::string, Totals, std::less<>> prefixes_;
  std::vector<Key> largest_;  // A heap, the smallest of them in front.
  bool wanted_ = false;
  bool expires_ = false;
  Key key_;
};

}  // namespace tools
