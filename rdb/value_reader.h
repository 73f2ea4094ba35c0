// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/events.h"
#include "rdb/input.h"
#include "rdb/packed.h"

namespace rdb {

// Reads values, each in whatever encoding, and tells of them. One for a whole file.
class ValueReader {
 public:
  ValueReader(Input& in, EventHandler& events) : in_(in), events_(events) {}

  // Reads one value. Answers false if it has no elements (and is no stream or string): then nobody
  // was told of the key, since Redis has no empty collections.
  Result<bool> Read(Encoding encoding, const KeyHead& head);

 private:
  friend class StreamReader;

  Result<void> ReadAny(Encoding encoding);
  Result<void> ReadStringValue();
  Result<void> ReadElements(ValueType type);
  Result<void> ReadSortedSet(bool text_scores);
  Result<double> ReadTextScore();
  enum class FieldExpiry : uint8_t { kNone, kBefore, kBeforeRelative, kAfter };
  Result<void> ReadHash(FieldExpiry expiry);
  Result<void> ReadQuicklist(bool listpacks);
  enum class Packing : uint8_t { kListpack, kZiplist, kIntset, kZipmap };
  Result<void> ReadPacked(Packing packing, ValueType type, bool field_expiry = false);
  Result<void> EmitPacked(PackedReader& reader, ValueType type, bool field_expiry);
  Result<void> EmitPackedHash(PackedReader& reader, bool field_expiry);
  Result<void> EmitPackedSortedSet(PackedReader& reader);
  Result<void> EmitElement(ValueType type, std::string_view element);
  Result<void> EmitField(std::string_view field, std::string_view value, uint64_t expire_at_ms);

  // Tells of the key when its first element is at hand.
  Result<void> Announce();
  Result<void> Check(bool go_on);

  Input& in_;
  EventHandler& events_;
  const KeyHead* head_ = nullptr;
  bool announced_ = false;
  std::string first_;
  std::string second_;
  std::string blob_;
};

// "-inf", "3", "1.5e10" …: a score as text. nullopt: none, or not a number.
std::optional<double> ParseScore(std::string_view text);

}  // namespace rdb
