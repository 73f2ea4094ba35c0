// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/value_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "rdb/stream_reader.h"

namespace rdb {
namespace {

// Strings that are larger come in pieces of at most that.
constexpr uint64_t kPieceBytes = uint64_t{64} * 1024;

enum QuicklistNode : uint64_t { kPlain = 1, kPackedNode = 2 };

}  // namespace

std::optional<double> ParseScore(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double score = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
  if (end != text.data() + text.size() || std::isnan(score)) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too large or too small for a double: as Redis' strtod takes it.
    return std::strtod(std::string(text).c_str(), nullptr);
  }
  if (error != std::errc()) return std::nullopt;
  return score;
}

Result<void> ValueReader::Check(bool go_on) {
  if (!go_on) return Stopped(in_.offset());
  return {};
}

Result<void> ValueReader::Announce() {
  if (announced_) [[likely]]
    return {};
  announced_ = true;
  return Check(events_.OnKey(*head_));
}

Result<bool> ValueReader::Read(Encoding encoding, const KeyHead& head) {
  head_ = &head;
  announced_ = false;
  RDB_RETURN_IF_ERROR(ReadAny(encoding));
  if (!announced_) return false;
  RDB_RETURN_IF_ERROR(Check(events_.OnKeyEnd()));
  return true;
}

Result<void> ValueReader::ReadAny(Encoding encoding) {
  using enum Encoding;
  switch (encoding) {
    case kString:
      return ReadStringValue();
    case kList:
    case kSet:
      return ReadElements(TypeOf(encoding));
    case kSortedSetText:
      return ReadSortedSet(true);
    case kSortedSet:
      return ReadSortedSet(false);
    case kHash:
      return ReadHash(FieldExpiry::kNone);
    case kHashMetadataPreGa:
      return ReadHash(FieldExpiry::kBefore);
    case kHashMetadata:
      return ReadHash(FieldExpiry::kBeforeRelative);
    case kValkeyHash2:
      return ReadHash(FieldExpiry::kAfter);
    case kHashZipmap:
      return ReadPacked(Packing::kZipmap, ValueType::kHash);
    case kListZiplist:
    case kSortedSetZiplist:
    case kHashZiplist:
      return ReadPacked(Packing::kZiplist, TypeOf(encoding));
    case kSetIntset:
      return ReadPacked(Packing::kIntset, ValueType::kSet);
    case kHashListpack:
    case kSortedSetListpack:
    case kSetListpack:
      return ReadPacked(Packing::kListpack, TypeOf(encoding));
    case kHashListpackEx:
      // The earliest expiry, which the fields tell themselves.
      RDB_RETURN_IF_ERROR(in_.ReadUint64());
      return ReadPacked(Packing::kListpack, ValueType::kHash, true);
    case kHashListpackExPreGa:
      return ReadPacked(Packing::kListpack, ValueType::kHash, true);
    case kListQuicklist:
      return ReadQuicklist(false);
    case kListQuicklist2:
      return ReadQuicklist(true);
    case kStream1:
    case kStream2:
    case kStream3:
    case kStream4:
      return StreamReader(*this, encoding).Read();
  }
  return {};
}

Result<void> ValueReader::ReadStringValue() {
  RDB_RETURN_IF_ERROR(Announce());
  RDB_ASSIGN_OR_RETURN(const Input::Length head, in_.ReadLengthOrEncoding());
  if (head.encoding || head.value <= kPieceBytes) {
    RDB_ASSIGN_OR_RETURN(const std::string_view value, in_.ReadString(head, &first_));
    return Check(events_.OnStringPiece(value));
  }
  for (uint64_t left = head.value; left > 0;) {
    RDB_ASSIGN_OR_RETURN(const std::string_view piece, in_.ReadPiece(std::min(left, kPieceBytes)));
    RDB_RETURN_IF_ERROR(Check(events_.OnStringPiece(piece)));
    left -= piece.size();
  }
  return {};
}

Result<void> ValueReader::EmitElement(ValueType type, std::string_view element) {
  RDB_RETURN_IF_ERROR(Announce());
  return Check(type == ValueType::kList ? events_.OnListElement(element)
                                        : events_.OnSetMember(element));
}

Result<void> ValueReader::ReadElements(ValueType type) {
  RDB_ASSIGN_OR_RETURN(uint64_t count, in_.ReadLength());
  for (; count > 0; --count) {
    RDB_ASSIGN_OR_RETURN(const std::string_view element, in_.ReadString(&first_));
    RDB_RETURN_IF_ERROR(EmitElement(type, element));
  }
  return {};
}

Result<double> ValueReader::ReadTextScore() {
  constexpr uint8_t kNan = 253;
  constexpr uint8_t kInfinity = 254;
  constexpr uint8_t kMinusInfinity = 255;
  const uint64_t start = in_.offset();
  RDB_ASSIGN_OR_RETURN(const uint8_t size, in_.ReadByte());
  if (size == kInfinity) return std::numeric_limits<double>::infinity();
  if (size == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  if (size == kNan) return std::numeric_limits<double>::quiet_NaN();
  RDB_ASSIGN_OR_RETURN(const std::string_view text, in_.ReadBytes(size, &second_));
  const std::optional<double> score = ParseScore(text);
  if (!score) return Damaged(start, "a score that is no number");
  return *score;
}

Result<void> ValueReader::ReadSortedSet(bool text_scores) {
  RDB_ASSIGN_OR_RETURN(uint64_t count, in_.ReadLength());
  for (; count > 0; --count) {
    RDB_ASSIGN_OR_RETURN(const std::string_view member, in_.ReadString(&first_));
    if (member.data() != first_.data()) first_.assign(member);
    const uint64_t start = in_.offset();
    RDB_ASSIGN_OR_RETURN(const double score, text_scores ? ReadTextScore() : in_.ReadDouble());
    if (std::isnan(score)) return Damaged(start, "a score that is not a number");
    RDB_RETURN_IF_ERROR(Announce());
    RDB_RETURN_IF_ERROR(Check(events_.OnSortedSetMember(first_, score)));
  }
  return {};
}

// 0: does not expire.
Result<void> ValueReader::EmitField(std::string_view field, std::string_view value,
                                    uint64_t expire_at_ms) {
  if (expire_at_ms > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Damaged(in_.offset(), "a field's expiry that is out of range");
  }
  RDB_RETURN_IF_ERROR(Announce());
  std::optional<int64_t> expiry;
  if (expire_at_ms != 0) expiry = static_cast<int64_t>(expire_at_ms);
  return Check(events_.OnHashField(field, value, expiry));
}

Result<void> ValueReader::ReadHash(FieldExpiry expiry) {
  uint64_t earliest = 1;
  if (expiry == FieldExpiry::kBeforeRelative) {
    RDB_ASSIGN_OR_RETURN(earliest, in_.ReadUint64());
  }
  RDB_ASSIGN_OR_RETURN(uint64_t count, in_.ReadLength());
  for (; count > 0; --count) {
    uint64_t expire_at_ms = 0;
    if (expiry == FieldExpiry::kBefore || expiry == FieldExpiry::kBeforeRelative) {
      RDB_ASSIGN_OR_RETURN(expire_at_ms, in_.ReadLength());
      // Counted from the earliest one, which is 1.
      if (expire_at_ms != 0) expire_at_ms += earliest - 1;
    }
    RDB_ASSIGN_OR_RETURN(const std::string_view field, in_.ReadString(&first_));
    if (field.data() != first_.data()) first_.assign(field);
    RDB_ASSIGN_OR_RETURN(std::string_view value, in_.ReadString(&second_));
    if (expiry == FieldExpiry::kAfter) {
      if (value.data() != second_.data()) second_.assign(value);
      value = second_;
      RDB_ASSIGN_OR_RETURN(expire_at_ms, in_.ReadUint64());
      // Here 0 is a time (long ago), and -1 is none.
      if (expire_at_ms == ~uint64_t{0}) {
        expire_at_ms = 0;
      } else {
        expire_at_ms = std::max<uint64_t>(expire_at_ms, 1);
      }
    }
    RDB_RETURN_IF_ERROR(EmitField(first_, value, expire_at_ms));
  }
  return {};
}

Result<void> ValueReader::ReadQuicklist(bool listpacks) {
  RDB_ASSIGN_OR_RETURN(uint64_t nodes, in_.ReadLength());
  for (; nodes > 0; --nodes) {
    uint64_t node = kPackedNode;
    const uint64_t start = in_.offset();
    if (listpacks) {
      RDB_ASSIGN_OR_RETURN(node, in_.ReadLength());
    }
    if (node == kPackedNode) {
      RDB_RETURN_IF_ERROR(
          ReadPacked(listpacks ? Packing::kListpack : Packing::kZiplist, ValueType::kList));
    } else if (node == kPlain) {
      RDB_ASSIGN_OR_RETURN(const std::string_view element, in_.ReadString(&blob_));
      RDB_RETURN_IF_ERROR(EmitElement(ValueType::kList, element));
    } else {
      return Damaged(start, "a list's node of the unknown kind " + std::to_string(node));
    }
  }
  return {};
}

Result<void> ValueReader::ReadPacked(Packing packing, ValueType type, bool field_expiry) {
  const uint64_t start = in_.offset();
  RDB_ASSIGN_OR_RETURN(const std::string_view blob, in_.ReadString(&blob_));
  switch (packing) {
    case Packing::kListpack: {
      ListpackReader reader(blob, start);
      return EmitPacked(reader, type, field_expiry);
    }
    case Packing::kZiplist: {
      ZiplistReader reader(blob, start);
      return EmitPacked(reader, type, field_expiry);
    }
    case Packing::kIntset: {
      IntsetReader reader(blob, start);
      return EmitPacked(reader, type, field_expiry);
    }
    case Packing::kZipmap: {
      ZipmapReader reader(blob, start);
      return EmitPacked(reader, type, field_expiry);
    }
  }
  return {};
}

Result<void> ValueReader::EmitPacked(PackedReader& reader, ValueType type, bool field_expiry) {
  if (type == ValueType::kHash) return EmitPackedHash(reader, field_expiry);
  if (type == ValueType::kSortedSet) return EmitPackedSortedSet(reader);
  PackedElement element;
  for (;;) {
    RDB_ASSIGN_OR_RETURN(const bool more, reader.Next(&element));
    if (!more) return {};
    RDB_RETURN_IF_ERROR(EmitElement(type, element.text()));
  }
}

Result<void> ValueReader::EmitPackedSortedSet(PackedReader& reader) {
  PackedElement member;
  PackedElement score;
  for (;;) {
    RDB_ASSIGN_OR_RETURN(const bool more, reader.Next(&member));
    if (!more) return {};
    RDB_ASSIGN_OR_RETURN(const bool whole, reader.Next(&score));
    if (!whole) return Damaged(in_.offset(), "a member without a score");
    std::optional<double> value = static_cast<double>(score.number());
    if (!score.is_number()) value = ParseScore(score.text());
    if (!value) return Damaged(in_.offset(), "a score that is not a number");
    RDB_RETURN_IF_ERROR(Announce());
    RDB_RETURN_IF_ERROR(Check(events_.OnSortedSetMember(member.text(), *value)));
  }
}

Result<void> ValueReader::EmitPackedHash(PackedReader& reader, bool field_expiry) {
  PackedElement field;
  PackedElement value;
  PackedElement expiry;
  for (;;) {
    RDB_ASSIGN_OR_RETURN(const bool more, reader.Next(&field));
    if (!more) return {};
    RDB_ASSIGN_OR_RETURN(bool whole, reader.Next(&value));
    uint64_t expire_at_ms = 0;
    if (whole && field_expiry) {
      RDB_ASSIGN_OR_RETURN(whole, reader.Next(&expiry));
      if (!expiry.is_number()) return Damaged(in_.offset(), "a field's expiry that is no number");
      expire_at_ms = static_cast<uint64_t>(expiry.number());
    }
    if (!whole) return Damaged(in_.offset(), "a field without a value");
    RDB_RETURN_IF_ERROR(EmitField(field.text(), value.text(), expire_at_ms));
  }
}

}  // namespace rdb
