// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/value_dump.h"

#include <algorithm>
#include <string>

#include "datatypes/hash.h"
#include "datatypes/hash_format.h"
#include "datatypes/ordered_integer.h"
#include "datatypes/packed_integers.h"
#include "datatypes/set.h"
#include "datatypes/sorted_set.h"
#include "datatypes/sorted_set_format.h"
#include "datatypes/stream_dump.h"
#include "datatypes/string_format.h"
#include "datatypes/string_value.h"
#include "lsm/varint.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

// Larger strings are not compressed.
constexpr uint64_t kMaxAssembled = uint64_t{1} << 20;

// Gives the pieces of a chunked string to `sink`, zeros where nothing is stored.
template <typename Sink>
lsm::Status ReadChunks(RowSource& rows, uint64_t size, const Sink& sink) {
  static constexpr char kZeros[String::kChunkBytes] = {};
  uint64_t at = 0;
  const auto fill = [&](uint64_t to) {
    while (at < to) {
      const uint64_t part = std::min<uint64_t>(to - at, sizeof kZeros);
      sink(std::string_view(kZeros, part));
      at += part;
    }
  };
  LSM_RETURN_IF_ERROR(rows.ForEach({}, [&](auto subkey, auto value) -> lsm::Status {
    const std::optional<uint64_t> chunk = DecodeChunkKey(subkey);
    if (!chunk) return lsm::Status::Corruption("a string's row is no chunk");
    const uint64_t begin = *chunk * String::kChunkBytes;
    if (begin < at || begin + value.size() > size || value.size() > String::kChunkBytes) {
      return lsm::Status::Corruption("a string's chunk that does not fit");
    }
    fill(begin);
    sink(value);
    at += value.size();
    return {};
  }));
  fill(size);
  return {};
}

lsm::Status WriteString(const StoredValue& value, RowSource& rows, rdb::ValueWriter& out) {
  if (!value.has_rows) {
    out.String(value.payload);
    return {};
  }
  const std::optional<uint64_t> size = DecodeChunkedSize(value.payload);
  if (!size) return lsm::Status::Corruption("the meta of a chunked string has no length");
  if (*size > kMaxAssembled) {
    out.BeginString(*size);
    return ReadChunks(rows, *size, [&](std::string_view piece) { out.StringPiece(piece); });
  }
  std::string whole;
  whole.reserve(*size);
  LSM_RETURN_IF_ERROR(ReadChunks(rows, *size, [&](std::string_view piece) { whole += piece; }));
  out.String(whole);
  return {};
}

// Of rows that are as many as the meta says.
lsm::Status Counted(uint64_t count, uint64_t written) {
  if (count == written) return {};
  return lsm::Status::Corruption("a value of " + std::to_string(count) + " elements has " +
                                 std::to_string(written));
}

lsm::Status WriteList(const StoredValue& value, RowSource& rows, rdb::ValueWriter& out) {
  uint64_t written = 0;
  out.BeginCollection(value.count);
  LSM_RETURN_IF_ERROR(rows.ForEach({}, [&](auto, auto element) -> lsm::Status {
    out.Element(element);
    ++written;
    return {};
  }));
  return Counted(value.count, written);
}

lsm::Status WriteSortedSet(const StoredValue& value, RowSource& rows, rdb::ValueWriter& out) {
  const bool indexed = (value.type_flags & SortedSet::kIndexed) != 0;
  const std::string_view prefix = indexed ? kScoreRowTag : std::string_view();
  const uint64_t count = indexed ? value.count / 2 : value.count;
  uint64_t written = 0;
  out.BeginCollection(count);
  LSM_RETURN_IF_ERROR(rows.ForEach(prefix, [&](auto subkey, auto) -> lsm::Status {
    const std::string_view key = subkey.substr(prefix.size());
    const std::optional<DecodedScore> decoded = DecodeScore(key);
    if (!decoded) return lsm::Status::Corruption("a row of a sorted set has no score");
    out.SortedSetMember(key.substr(decoded->bytes), decoded->score);
    ++written;
    return {};
  }));
  return Counted(count, written);
}

lsm::Status WriteSet(const StoredValue& value, RowSource& rows, rdb::ValueWriter& out) {
  char text[resp::kMaxInt64Chars];
  const auto write = [&](int64_t integer) {
    char* const end = resp::FormatInt64(text, integer);
    out.Element({text, static_cast<size_t>(end - text)});
  };
  if (!value.has_rows) {
    const std::optional<PackedIntegers> integers = PackedIntegers::Of(value.payload);
    if (!integers) return lsm::Status::Corruption("a set's integers are damaged");
    out.BeginCollection(integers->count());
    for (size_t i = 0; i < integers->count(); ++i) write(integers->At(i));
    return {};
  }
  const bool codes = (value.type_flags & Set::kCodes) != 0;
  uint64_t written = 0;
  out.BeginCollection(value.count);
  LSM_RETURN_IF_ERROR(rows.ForEach({}, [&](auto subkey, auto) -> lsm::Status {
    ++written;
    if (!codes || subkey.starts_with('\xff')) {
      out.Element(codes ? subkey.substr(1) : subkey);
      return {};
    }
    const std::optional<DecodedInteger> integer = DecodeOrderedInteger(subkey);
    if (!integer || integer->bytes != subkey.size()) {
      return lsm::Status::Corruption("a set's row is no member");
    }
    write(integer->value);
    return {};
  }));
  return Counted(value.count, written);
}

// How many of a hash's fields expire: each has a second row.
lsm::Result<uint64_t> TimedFields(const StoredValue& value) {
  if ((value.type_flags & Hash::kTimed) == 0 || value.payload.size() <= sizeof(uint32_t))
    return uint64_t{0};
  if (value.payload.size() != sizeof(uint32_t) + sizeof(uint64_t)) {
    return lsm::Status::Corruption("the meta of a hash is damaged");
  }
  return lsm::DecodeBigEndian(value.payload.substr(sizeof(uint32_t)), sizeof(uint64_t));
}

lsm::Status WriteHash(const StoredValue& value, bool field_expiry, RowSource& rows,
                      rdb::ValueWriter& out) {
  LSM_ASSIGN_OR_RETURN(const uint64_t timed, TimedFields(value));
  const uint64_t fields = value.count - timed;
  uint64_t written = 0;
  if (field_expiry) {
    out.BeginHashWithExpiry(fields, 1);  // Before all of them: they are written as they are.
  } else {
    out.BeginCollection(fields);
  }
  LSM_RETURN_IF_ERROR(rows.ForEach({}, [&](auto subkey, auto stored) -> lsm::Status {
    if (subkey >= kTimesBegin && subkey < kTimesEnd) return {};
    const std::optional<std::string_view> field = DecodeFieldKey(subkey);
    const std::optional<DecodedValue> text = DecodeFieldValue(stored);
    if (!field || !text) return lsm::Status::Corruption("a row of a hash is no field");
    ++written;
    if (!field_expiry) {
      out.HashField(*field, text->value);
      return {};
    }
    std::optional<int64_t> expire_at_ms;
    if (text->expire_at_ms != lsm::kNoExpiry) {
      expire_at_ms = std::max<int64_t>(text->expire_at_ms, 1);
    }
    out.HashFieldWithExpiry(*field, text->value, expire_at_ms);
    return {};
  }));
  return Counted(fields, written);
}

}  // namespace

lsm::Result<DumpPlan> PlanDump(const StoredValue& value) {
  DumpPlan plan = {DumpType(value.type), false};
  if (value.type == kHash) {
    LSM_ASSIGN_OR_RETURN(const uint64_t timed, TimedFields(value));
    plan.field_expiry = timed > 0;
  }
  return plan;
}

lsm::Status WriteDump(const StoredValue& value, const DumpPlan& plan, RowSource& rows,
                      rdb::ValueWriter& out) {
  switch (value.type) {
    case kString:
      return WriteString(value, rows, out);
    case kList:
      return WriteList(value, rows, out);
    case kSet:
      return WriteSet(value, rows, out);
    case kSortedSet:
      return WriteSortedSet(value, rows, out);
    case kHash:
      return WriteHash(value, plan.field_expiry, rows, out);
    case kStream:
      return WriteStream(value, rows, out);
    default:
      return lsm::Status::NotSupported("values of this type cannot be dumped yet");
  }
}

}  // namespace datatypes
