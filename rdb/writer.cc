// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/writer.h"

#include <algorithm>
#include <cassert>

#include "rdb/crc64.h"
#include "rdb/types.h"

namespace rdb {
namespace {

constexpr int kFirstWithFunctions = 10;
constexpr int kFirstWithStream2 = 10;
constexpr int kFirstWithStream3 = 11;

}  // namespace

uint8_t ValueWriter::TypeNumber(ValueType type, bool field_expiry) const {
  switch (type) {
    case ValueType::kString:
      return kWrittenString;
    case ValueType::kList:
      return kWrittenList;
    case ValueType::kSet:
      return kWrittenSet;
    case ValueType::kSortedSet:
      return kWrittenSortedSet;
    case ValueType::kHash:
      assert(!field_expiry || version_ >= kFirstVersionWithFieldExpiry);
      return field_expiry ? kWrittenHashMetadata : kWrittenHash;
    case ValueType::kStream:
      if (version_ >= kFirstWithStream3) return kWrittenStream3;
      return version_ >= kFirstWithStream2 ? kWrittenStream2 : kWrittenStream1;
  }
  return kWrittenString;
}

void ValueWriter::SortedSetMember(std::string_view member, double score) {
  out_.String(member);
  out_.Double(score);
}

void ValueWriter::HashField(std::string_view field, std::string_view value) {
  out_.String(field);
  out_.String(value);
}

void ValueWriter::BeginHashWithExpiry(uint64_t fields, int64_t earliest_ms) {
  earliest_ms_ = earliest_ms;
  out_.Uint64(static_cast<uint64_t>(earliest_ms));
  out_.Length(fields);
}

void ValueWriter::HashFieldWithExpiry(std::string_view field, std::string_view value,
                                      std::optional<int64_t> expire_at_ms) {
  // Counted from the earliest one, which is 1; 0: none.
  out_.Length(expire_at_ms ? static_cast<uint64_t>(*expire_at_ms - earliest_ms_ + 1) : 0);
  HashField(field, value);
}

Writer::Writer(Sink& sink, const WriteOptions& options)
    : options_(options), out_(sink, options.compress), values_(out_, options.version) {
  assert(options.version >= kMinWrittenVersion && options.version <= kMaxWrittenVersion);
}

void Writer::Header() {
  std::string version = std::to_string(options_.version);
  version.insert(0, 4 - version.size(), '0');
  out_.Raw("REDIS" + version);
}

void Writer::Aux(std::string_view name, std::string_view value) {
  out_.Byte(kAux);
  out_.String(name);
  out_.String(value);
}

bool Writer::Function(std::string_view code) {
  if (options_.version < kFirstWithFunctions) return false;
  out_.Byte(kFunction);
  out_.String(code);
  return true;
}

void Writer::Database(uint64_t db, uint64_t keys, uint64_t expiring) {
  out_.Byte(kSelectDb);
  out_.Length(db);
  out_.Byte(kResizeDb);
  out_.Length(keys);
  out_.Length(expiring);
}

void Writer::Key(const KeyHead& head, bool field_expiry) {
  if (head.expire_at_ms) {
    out_.Byte(kExpireMs);
    out_.Uint64(static_cast<uint64_t>(*head.expire_at_ms));
  }
  if (head.idle_s) {
    out_.Byte(kIdle);
    out_.Length(*head.idle_s);
  }
  if (head.freq) {
    out_.Byte(kFreq);
    out_.Byte(*head.freq);
  }
  out_.Byte(values_.TypeNumber(head.type, field_expiry));
  out_.String(head.key);
}

Result<void> Writer::Finish() {
  out_.Byte(kEof);
  out_.Uint64(options_.checksum ? out_.Checksum() : 0);
  return out_.Flush();
}

void AppendDumpFooter(int version, std::string* payload) {
  StringSink sink(payload);
  Output out(sink, false);
  out.Uint16(static_cast<uint16_t>(version));
  (void)out.Flush();  // A string takes everything.
  Output checksum(sink, false);
  checksum.Uint64(Crc64(0, *payload));
  (void)checksum.Flush();
}

}  // namespace rdb
