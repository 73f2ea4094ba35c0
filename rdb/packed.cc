// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/packed.h"

#include <bit>
#include <charconv>
#include <cstring>

namespace rdb {
namespace {

constexpr uint8_t kEnd = 0xff;
// In a header's count: more than it can hold.
constexpr uint16_t kUncounted = 0xffff;

// A number of `width` bytes, little-endian, with its sign.
int64_t Signed(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  const auto shift = static_cast<int>(64 - 8 * bytes.size());
  return static_cast<int64_t>(value << shift) >> shift;
}

uint64_t Unsigned(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// How an entry of a listpack begins.
struct ListpackHead {
  enum Kind : uint8_t { kSmallNumber, kNumber, kText, kBad } kind = kBad;
  size_t header = 0;  // Bytes before the number or the text.
  uint64_t size = 0;  // Bytes of those.
  int64_t number = 0;
};

ListpackHead HeadOfListpackEntry(std::string_view bytes) {
  using Head = ListpackHead;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto at = [&](size_t i) { return uint64_t{static_cast<uint8_t>(bytes[i])}; };
  if ((first & 0x80) == 0) return {Head::kSmallNumber, 1, 0, first};
  if ((first & 0xc0) == 0x80) return {Head::kText, 1, first & 0x3fU, 0};
  if ((first & 0xe0) == 0xc0) {
    if (bytes.size() < 2) return {};
    const auto value = static_cast<int64_t>((first & 0x1fU) << 8 | at(1));
    return {Head::kSmallNumber, 2, 0, value >= 4096 ? value - 8192 : value};
  }
  if ((first & 0xf0) == 0xe0) {
    if (bytes.size() < 2) return {};
    return {Head::kText, 2, (first & 0x0fU) << 8 | at(1), 0};
  }
  switch (first) {
    case 0xf0:
      if (bytes.size() < 5) return {};
      return {Head::kText, 5, Unsigned(bytes.substr(1, 4)), 0};
    case 0xf1:
      return {Head::kNumber, 1, 2, 0};
    case 0xf2:
      return {Head::kNumber, 1, 3, 0};
    case 0xf3:
      return {Head::kNumber, 1, 4, 0};
    case 0xf4:
      return {Head::kNumber, 1, 8, 0};
    default:
      return {};
  }
}

// An entry is followed by its size, in groups of seven bits, such that it can be read backwards.
size_t BackwardBytes(uint64_t size) {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  if (size < 268435455) return 4;
  return 5;
}

bool IsBackwardSize(std::string_view bytes, uint64_t size) {
  for (size_t i = bytes.size(); i-- > 0; size >>= 7) {
    const uint8_t more = i == 0 ? 0 : 0x80;
    // The first of them has the highest bits, and no mark; the others have one.
    if (static_cast<uint8_t>(bytes[i]) != ((size & 0x7f) | more)) return false;
  }
  return size == 0;
}

}  // namespace

void PackedElement::SetNumber(int64_t number) {
  is_number_ = true;
  number_ = number;
  const auto end = std::to_chars(digits_, digits_ + sizeof digits_, number);
  text_ = {digits_, static_cast<size_t>(end.ptr - digits_)};
}

Failure PackedReader::Bad(const char* what) const {
  return Damaged(offset_, std::string(what) + ", at byte " + std::to_string(pos_) + " of " +
                              std::to_string(bytes_.size()));
}

// ---- Listpack: size u32, count u16, entries, FF.

Result<bool> ListpackReader::AtEnd() {
  if (!open_) {
    if (bytes_.size() < 7 || Unsigned(bytes_.substr(0, 4)) != bytes_.size() ||
        ByteAt(bytes_.size() - 1) != kEnd) {
      return Bad("a listpack with a wrong size");
    }
    pos_ = 6;
    open_ = true;
  }
  if (left() > 1) return false;
  const uint64_t counted = Unsigned(bytes_.substr(4, 2));
  if (counted != kUncounted && counted != elements_) return Bad("a listpack with a wrong count");
  return true;
}

Result<bool> ListpackReader::Next(PackedElement* element) {
  RDB_ASSIGN_OR_RETURN(const bool at_end, AtEnd());
  if (at_end) return false;
  const std::string_view rest = bytes_.substr(pos_, left() - 1);
  const ListpackHead head = HeadOfListpackEntry(rest);
  if (head.kind == ListpackHead::kBad || head.size > rest.size() - head.header) {
    return Bad("a listpack with a damaged entry");
  }
  const uint64_t size = head.header + head.size;
  const size_t backward = BackwardBytes(size);
  if (backward > rest.size() - size || !IsBackwardSize(rest.substr(size, backward), size)) {
    return Bad("a listpack with an entry of doubtful length");
  }
  const std::string_view body = rest.substr(head.header, head.size);
  switch (head.kind) {
    case ListpackHead::kSmallNumber:
      element->SetNumber(head.number);
      break;
    case ListpackHead::kNumber:
      element->SetNumber(Signed(body));
      break;
    default:
      element->SetText(body);
      break;
  }
  pos_ += size + backward;
  ++elements_;
  return true;
}

// ---- Ziplist: size u32, offset of the last entry u32, count u16, entries, FF.

Result<bool> ZiplistReader::AtEnd() {
  constexpr size_t kHeader = 10;
  if (!open_) {
    if (bytes_.size() < kHeader + 1 || Unsigned(bytes_.substr(0, 4)) != bytes_.size() ||
        ByteAt(bytes_.size() - 1) != kEnd) {
      return Bad("a ziplist with a wrong size");
    }
    pos_ = last_ = kHeader;
    open_ = true;
  }
  if (left() > 1) return false;
  const uint64_t counted = Unsigned(bytes_.substr(8, 2));
  if (counted != kUncounted && counted != elements_) return Bad("a ziplist with a wrong count");
  if (Unsigned(bytes_.substr(4, 4)) != last_)
    return Bad("a ziplist that does not end where it says");
  return true;
}

Result<bool> ZiplistReader::Next(PackedElement* element) {
  RDB_ASSIGN_OR_RETURN(const bool at_end, AtEnd());
  if (at_end) return false;
  constexpr uint8_t kLongSize = 0xfe;
  const size_t start = pos_;
  uint64_t before = ByteAt(pos_++);
  if (before == kLongSize) {
    if (left() - 1 < 4) return Bad("a ziplist with a damaged entry");
    before = Unsigned(bytes_.substr(pos_, 4));
    pos_ += 4;
  }
  if (before != before_bytes_) return Bad("a ziplist with an entry of doubtful length");
  RDB_RETURN_IF_ERROR(ReadValue(element));
  last_ = start;
  before_bytes_ = pos_ - start;
  ++elements_;
  return true;
}

Result<void> ZiplistReader::ReadValue(PackedElement* element) {
  const std::string_view rest = bytes_.substr(pos_, left() - 1);
  if (rest.empty()) return Bad("a ziplist with a damaged entry");
  const auto first = static_cast<uint8_t>(rest[0]);
  size_t header = 1;
  uint64_t size = 0;
  bool number = true;
  // 11110001 to 11111101: the numbers 0 to 12.
  if (first >= 0xf1 && first <= 0xfd) {
    element->SetNumber(first - 0xf1);
    ++pos_;
    return {};
  }
  switch (first >> 6) {
    case 0:
      number = false;
      size = first;
      break;
    case 1:
      number = false;
      header = 2;
      if (rest.size() >= header) size = (first & 0x3fU) << 8 | ByteAt(pos_ + 1);
      break;
    case 2:
      number = false;
      header = 5;
      if (first != 0x80) return Bad("a ziplist with an unknown entry");
      for (size_t i = 1; i < header && rest.size() >= header; ++i)
        size = size << 8 | ByteAt(pos_ + i);
      break;
    default:
      size = first == 0xc0 ? 2 : first == 0xd0 ? 4 : first == 0xe0 ? 8 : first == 0xf0 ? 3 : 1;
      if (size == 1 && first != 0xfe) return Bad("a ziplist with an unknown entry");
      break;
  }
  if (rest.size() < header || size > rest.size() - header) {
    return Bad("a ziplist with a damaged entry");
  }
  const std::string_view body = rest.substr(header, size);
  number ? element->SetNumber(Signed(body)) : element->SetText(body);
  pos_ += header + size;
  return {};
}

// ---- Intset: width u32, count u32, numbers in ascending order.

Result<bool> IntsetReader::Next(PackedElement* element) {
  constexpr size_t kHeader = 8;
  if (width_ == 0) {
    if (bytes_.size() < kHeader) return Bad("an intset that is too short");
    const uint64_t width = Unsigned(bytes_.substr(0, 4));
    if (width != 2 && width != 4 && width != 8) return Bad("an intset of unknown width");
    if (Unsigned(bytes_.substr(4, 4)) * width != bytes_.size() - kHeader) {
      return Bad("an intset with a wrong size");
    }
    width_ = width;
    pos_ = kHeader;
  }
  if (left() == 0) return false;
  const int64_t number = Signed(bytes_.substr(pos_, width_));
  if (pos_ > kHeader && number <= last_) return Bad("an intset out of order");
  last_ = number;
  element->SetNumber(number);
  pos_ += width_;
  return true;
}

// ---- Zipmap: count u8, then size, field, size, unused bytes u8, value, unused; FF.

Result<bool> ZipmapReader::Next(PackedElement* element) {
  constexpr uint8_t kLongSize = 254;
  if (!open_) {
    if (bytes_.size() < 2 || ByteAt(bytes_.size() - 1) != kEnd)
      return Bad("a zipmap without an end");
    open_ = true;
    pos_ = 1;
  }
  const bool value = elements_ % 2 == 1;
  if (left() == 1) {
    const uint8_t counted = ByteAt(0);
    if (value) return Bad("a zipmap with a field without a value");
    if (counted < kLongSize && counted != elements_ / 2) return Bad("a zipmap with a wrong count");
    return false;
  }
  uint64_t size = ByteAt(pos_++);
  if (size > kLongSize) return Bad("a zipmap that ends in the middle");
  if (size == kLongSize) {
    if (left() - 1 < 4) return Bad("a zipmap with a damaged entry");
    size = Unsigned(bytes_.substr(pos_, 4));
    pos_ += 4;
  }
  uint64_t unused = 0;
  if (value) {
    if (left() < 2) return Bad("a zipmap with a damaged entry");
    unused = ByteAt(pos_++);
  }
  if (size + unused > left() - 1) return Bad("a zipmap with a damaged entry");
  element->SetText(bytes_.substr(pos_, size));
  pos_ += size + unused;
  ++elements_;
  return true;
}

}  // namespace rdb
