// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/input.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include <liblzf/lzf.h>

#include "rdb/crc64.h"

namespace rdb {
namespace {

enum StringEncoding : uint64_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

// The most that one byte of LZF stands for: three bytes say «the same 264 bytes again».
constexpr uint64_t kMaxLzfExpansion = 88;

// For claimed sizes: what is reserved before the bytes are there.
constexpr uint64_t kTrustedBytes = uint64_t{64} * 1024;

template <typename T>
T FromLittleEndian(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <typename T>
T FromBigEndian(std::string_view bytes) {
  T value = 0;
  for (const char byte : bytes) value = static_cast<T>(value << 8 | static_cast<uint8_t>(byte));
  return value;
}

std::string_view Decimal(int64_t value, std::string* scratch) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value);
  scratch->assign(text, end.ptr);
  return *scratch;
}

}  // namespace

uint64_t Input::Checksum() {
  crc_ = Crc64(crc_, chunk_.substr(crc_pos_, pos_ - crc_pos_));
  crc_pos_ = pos_;
  return crc_;
}

Failure Input::TooShort(uint64_t size) const {
  return Damaged(offset(), "ends too soon: " + std::to_string(size) + " bytes were to follow");
}

// Requires all of the chunk to be read. Afterwards there is at least one byte, unless ended_.
Result<void> Input::Fill() {
  Checksum();
  chunk_offset_ += chunk_.size();
  chunk_ = {};
  pos_ = crc_pos_ = 0;
  if (ended_) return {};
  RDB_ASSIGN_OR_RETURN(chunk_, source_.Next());
  ended_ = chunk_.empty();
  return {};
}

Result<bool> Input::AtEnd() {
  if (pos_ == chunk_.size()) RDB_RETURN_IF_ERROR(Fill());
  return pos_ == chunk_.size();
}

Result<uint8_t> Input::ReadByte() {
  if (pos_ == chunk_.size()) [[unlikely]] {
    RDB_RETURN_IF_ERROR(Fill());
    if (ended_) return TooShort(1);
  }
  return static_cast<uint8_t>(chunk_[pos_++]);
}

Result<std::string_view> Input::ReadBytes(uint64_t size, std::string* scratch) {
  if (size <= chunk_.size() - pos_) [[likely]] {
    const std::string_view bytes = chunk_.substr(pos_, size);
    pos_ += size;
    return bytes;
  }
  const uint64_t start = offset();
  scratch->clear();
  scratch->reserve(std::min(size, kTrustedBytes));
  while (scratch->size() < size) {
    if (pos_ == chunk_.size()) {
      RDB_RETURN_IF_ERROR(Fill());
      if (ended_) {
        return Damaged(start, "ends too soon: " + std::to_string(size) + " bytes were to follow, " +
                                  std::to_string(scratch->size()) + " did");
      }
    }
    const size_t part = std::min<uint64_t>(chunk_.size() - pos_, size - scratch->size());
    scratch->append(chunk_.substr(pos_, part));
    pos_ += part;
  }
  return std::string_view(*scratch);
}

Result<std::string_view> Input::ReadPiece(uint64_t size) {
  if (pos_ == chunk_.size()) {
    RDB_RETURN_IF_ERROR(Fill());
    if (ended_) return TooShort(size);
  }
  const std::string_view piece = chunk_.substr(pos_, size);
  pos_ += piece.size();
  return piece;
}

Result<uint32_t> Input::ReadUint32() {
  RDB_ASSIGN_OR_RETURN(const std::string_view bytes, ReadBytes(sizeof(uint32_t), &number_));
  return FromLittleEndian<uint32_t>(bytes);
}

Result<uint64_t> Input::ReadUint64() {
  RDB_ASSIGN_OR_RETURN(const std::string_view bytes, ReadBytes(sizeof(uint64_t), &number_));
  return FromLittleEndian<uint64_t>(bytes);
}

Result<double> Input::ReadDouble() {
  RDB_ASSIGN_OR_RETURN(const uint64_t bits, ReadUint64());
  return std::bit_cast<double>(bits);
}

Result<Input::Length> Input::ReadLengthOrEncoding() {
  const uint64_t start = offset();
  RDB_ASSIGN_OR_RETURN(const uint8_t first, ReadByte());
  switch (first >> 6) {
    case 0:
      return Length{first, false};
    case 1: {
      RDB_ASSIGN_OR_RETURN(const uint8_t second, ReadByte());
      return Length{uint64_t{first & 0x3fU} << 8 | second, false};
    }
    case 3:
      return Length{first & 0x3fU, true};
    default:
      break;
  }
  if (first == 0x80) {
    RDB_ASSIGN_OR_RETURN(const std::string_view bytes, ReadBytes(sizeof(uint32_t), &number_));
    return Length{FromBigEndian<uint32_t>(bytes), false};
  }
  if (first == 0x81) {
    RDB_ASSIGN_OR_RETURN(const std::string_view bytes, ReadBytes(sizeof(uint64_t), &number_));
    return Length{FromBigEndian<uint64_t>(bytes), false};
  }
  return Damaged(start, "a length begins with the byte " + std::to_string(first));
}

Result<uint64_t> Input::ReadLength() {
  const uint64_t start = offset();
  RDB_ASSIGN_OR_RETURN(const Length length, ReadLengthOrEncoding());
  if (length.encoding) return Damaged(start, "a string where a length was expected");
  return length.value;
}

Result<std::string_view> Input::ReadString(std::string* scratch) {
  RDB_ASSIGN_OR_RETURN(const Length head, ReadLengthOrEncoding());
  return ReadString(head, scratch);
}

Result<std::string_view> Input::ReadString(Length head, std::string* scratch) {
  if (!head.encoding) [[likely]]
    return ReadBytes(head.value, scratch);
  switch (head.value) {
    case kInt8: {
      RDB_ASSIGN_OR_RETURN(const uint8_t value, ReadByte());
      return Decimal(static_cast<int8_t>(value), scratch);
    }
    case kInt16: {
      RDB_ASSIGN_OR_RETURN(const std::string_view bytes, ReadBytes(sizeof(int16_t), &number_));
      return Decimal(FromLittleEndian<int16_t>(bytes), scratch);
    }
    case kInt32: {
      RDB_ASSIGN_OR_RETURN(const uint32_t value, ReadUint32());
      return Decimal(static_cast<int32_t>(value), scratch);
    }
    case kLzf:
      return ReadCompressed(scratch);
    default:
      return Damaged(offset() - 1,
                     "a string has the unknown encoding " + std::to_string(head.value));
  }
}

Result<std::string_view> Input::ReadCompressed(std::string* scratch) {
  const uint64_t start = offset();
  RDB_ASSIGN_OR_RETURN(const uint64_t packed_size, ReadLength());
  RDB_ASSIGN_OR_RETURN(const uint64_t size, ReadLength());
  constexpr uint64_t kMax = std::numeric_limits<unsigned int>::max();
  if (packed_size > kMax || size > kMax || size / kMaxLzfExpansion > packed_size) {
    return Damaged(start, "a compressed string of " + std::to_string(packed_size) +
                              " bytes cannot stand for " + std::to_string(size));
  }
  RDB_ASSIGN_OR_RETURN(const std::string_view packed, ReadBytes(packed_size, &compressed_));
  scratch->resize(size);
  const unsigned int got =
      packed.empty() ? 0
                     : lzf_decompress(packed.data(), static_cast<unsigned int>(packed.size()),
                                      scratch->data(), static_cast<unsigned int>(size));
  if (got != size) return Damaged(start, "a compressed string that does not unpack");
  return std::string_view(*scratch);
}

}  // namespace rdb
