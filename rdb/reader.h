// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/events.h"
#include "rdb/input.h"
#include "rdb/value_reader.h"

namespace rdb {

// Reads an RDB file: every version of Redis from 1 to 13, and Valkey's 80 and 81. Streaming: of a
// collection, one element is in memory, or, where Redis packed small collections or a list's or a
// stream's stretch into one string, that string.
//
// What is damaged, cut off or unknown ends in an Error that has the offset. Memory stays in
// proportion to the bytes that have arrived.
class Reader {
 public:
  Reader(Source& source, EventHandler& events)
      : in_(source), events_(events), values_(in_, events) {}

  // From the magic to the checksum. Errors of the receiver come as kStopped.
  Result<void> Read();

  // Bytes read so far.
  uint64_t offset() const { return in_.offset(); }
  // After Read(): what the source gave out and is not of the file. On a replication link, that is
  // the beginning of what follows. Valid until the source is asked again.
  std::string_view rest() const { return in_.rest(); }

 private:
  Result<void> ReadMagic();
  Result<void> ReadEntries();
  // True: it was an opcode, and is dealt with.
  Result<bool> ReadOpcode(uint8_t opcode);
  Result<void> ReadKey(uint8_t type, uint64_t start);
  Failure Refuse(uint8_t type, uint64_t start);
  Result<void> ReadAux();
  Result<void> ReadFunction(bool pre_ga);
  Result<void> ReadModuleAux();
  Result<void> ReadOwn243();
  Result<void> SkipModuleValue();
  Result<void> SkipLengths(uint64_t count);
  Result<void> CheckFooter();
  Result<void> Check(bool go_on);

  Input in_;
  EventHandler& events_;
  ValueReader values_;
  Dialect dialect_ = Dialect::kRedis;
  int version_ = 0;
  uint64_t db_ = 0;
  KeyHead head_;  // Of the next key: what was said of it in advance.
  std::string name_;
  std::string text_;
};

// ---- DUMP payloads: type u8, value, version u16, checksum u64.

// The payload's version, if it is one that is read here and the checksum is right; nullopt
// otherwise. (A checksum of 0 is not looked at, as in Redis.)
std::optional<int> DumpPayloadVersion(std::string_view payload);
// Reads the value of a payload whose version was found so. Its key's name is empty. Damaged also if
// anything follows the value, or if it is a collection without elements.
Result<void> ReadDumpPayload(std::string_view payload, int version, EventHandler& events);
// What kind of value it is; nullopt: none that is read here.
std::optional<ValueType> DumpPayloadType(std::string_view payload, int version);

}  // namespace rdb
