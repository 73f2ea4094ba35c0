// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/events.h"

// Writes down what it is told: a line for each event, binary bytes as \xNN.
class Recorder : public rdb::EventHandler {
 public:
  std::vector<std::string> lines;
  // After so many events it wants no more.
  size_t limit = static_cast<size_t>(-1);
  // Elements besides what is in `lines`, when `count_only`.
  bool count_only = false;
  size_t elements = 0;

  std::string All() const {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }

  bool OnVersion(rdb::Dialect dialect, int version) override {
    return Line((dialect == rdb::Dialect::kRedis ? "redis " : "valkey ") + std::to_string(version));
  }
  bool OnAux(std::string_view name, std::string_view value) override {
    return Line("aux " + Quote(name) + " " + Quote(value));
  }
  bool OnFunction(std::string_view code) override { return Line("function " + Quote(code)); }
  bool OnSizes(uint64_t db, uint64_t keys, uint64_t expiring) override {
    return Line("sizes " + std::to_string(db) + " " + std::to_string(keys) + " " +
                std::to_string(expiring));
  }
  bool OnWarning(uint64_t, std::string_view text) override {
    return Line("warning " + std::string(text));
  }
  bool OnKey(const rdb::KeyHead& head) override {
    std::string line = "key " + std::to_string(head.db) + " " + Quote(head.key) + " " +
                       std::string(rdb::ValueTypeName(head.type));
    if (head.expire_at_ms) line += " expire " + std::to_string(*head.expire_at_ms);
    if (head.idle_s) line += " idle " + std::to_string(*head.idle_s);
    if (head.freq) line += " freq " + std::to_string(*head.freq);
    return Line(line);
  }
  bool OnKeyEnd() override { return Line("end"); }
  bool OnStringPiece(std::string_view piece) override { return Element(Quote(piece)); }
  bool OnListElement(std::string_view element) override { return Element(Quote(element)); }
  bool OnSetMember(std::string_view member) override { return Element(Quote(member)); }
  bool OnSortedSetMember(std::string_view member, double score) override {
    char text[64];
    std::snprintf(text, sizeof text, " %.17g", score);
    return Element(Quote(member) + text);
  }
  bool OnHashField(std::string_view field, std::string_view value,
                   std::optional<int64_t> expire_at_ms) override {
    std::string line = Quote(field) + " = " + Quote(value);
    if (expire_at_ms) line += " expire " + std::to_string(*expire_at_ms);
    return Element(line);
  }
  bool OnStreamEntry(rdb::StreamId id, std::span<const rdb::FieldValue> fields) override {
    std::string line = Id(id);
    for (const rdb::FieldValue& pair : fields) {
      line += " " + Quote(pair.field) + "=" + Quote(pair.value);
    }
    return Element(line);
  }
  bool OnStreamMeta(const rdb::StreamMeta& meta) override {
    return Line("meta " + std::to_string(meta.length) + " last " + Id(meta.last_id) + " first " +
                Id(meta.first_id) + " deleted " + Id(meta.max_deleted_id) + " added " +
                std::to_string(meta.entries_added));
  }
  bool OnStreamGroup(const rdb::StreamGroup& group) override {
    return Line("group " + Quote(group.name) + " last " + Id(group.last_id) + " read " +
                (group.entries_read ? std::to_string(*group.entries_read) : "?"));
  }
  bool OnStreamConsumer(const rdb::StreamConsumer& consumer) override {
    return Line("consumer " + Quote(consumer.name) + " seen " + std::to_string(consumer.seen_ms) +
                " active " + std::to_string(consumer.active_ms));
  }
  bool OnStreamPending(const rdb::StreamPending& pending) override {
    return Line("pending " + Id(pending.id) + " at " + std::to_string(pending.delivered_ms) +
                " times " + std::to_string(pending.deliveries));
  }

 private:
  static std::string Quote(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) {
      if (byte > ' ' && byte < 0x7f && byte != '\\') {
        out += byte;
        continue;
      }
      char text[8];
      std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned char>(byte));
      out += text;
    }
    return out;
  }
  static std::string Id(rdb::StreamId id) {
    return std::to_string(id.ms) + "-" + std::to_string(id.seq);
  }
  bool Element(const std::string& line) {
    ++elements;
    return count_only || Line(line);
  }
  bool Line(std::string line) {
    lines.push_back(std::move(line));
    return lines.size() < limit;
  }
};

inline std::string FromHex(std::string_view hex) {
  std::string out;
  int high = -1;
  for (const char letter : hex) {
    if (letter == ' ' || letter == '\n') continue;
    const int digit = letter <= '9' ? letter - '0' : (letter | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<char>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

inline std::string ToHex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    char text[4];
    std::snprintf(text, sizeof text, "%02x", static_cast<unsigned char>(byte));
    out += text;
  }
  return out;
}
