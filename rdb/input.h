// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/error.h"
#include "rdb/source.h"

namespace rdb {

// Takes a Source apart into what dumps are made of: numbers, lengths and strings. Counts the offset
// and keeps the checksum. Memory is taken for bytes that have arrived, never for a length that is
// only claimed.
//
// Views that are given out point into the source's bytes or into the caller's scratch, and are
// valid until the next call that reads.
class Input {
 public:
  explicit Input(Source& source) : source_(source) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Of the next byte.
  uint64_t offset() const { return chunk_offset_ + pos_; }
  // Of all bytes read so far.
  uint64_t Checksum();

  // What the source gave out and is not read yet.
  std::string_view rest() const { return chunk_.substr(pos_); }

  Result<bool> AtEnd();
  Result<uint8_t> ReadByte();
  Result<std::string_view> ReadBytes(uint64_t size, std::string* scratch);
  // At most `size` bytes, at least one: a piece of something large.
  Result<std::string_view> ReadPiece(uint64_t size);
  Result<uint32_t> ReadUint32();  // Both little-endian.
  Result<uint64_t> ReadUint64();
  Result<double> ReadDouble();

  // A length as dumps have it, or the number of a string's special encoding in its place.
  struct Length {
    uint64_t value = 0;
    bool encoding = false;
  };
  Result<Length> ReadLengthOrEncoding();
  // Damaged if it is an encoding.
  Result<uint64_t> ReadLength();

  // A string in any encoding.
  Result<std::string_view> ReadString(std::string* scratch);
  // The rest of a string, whose length or encoding has been read.
  Result<std::string_view> ReadString(Length head, std::string* scratch);

 private:
  Result<void> Fill();
  Result<std::string_view> ReadCompressed(std::string* scratch);
  Failure TooShort(uint64_t size) const;

  Source& source_;
  std::string_view chunk_;
  size_t pos_ = 0;
  uint64_t chunk_offset_ = 0;
  uint64_t crc_ = 0;
  size_t crc_pos_ = 0;  // Up to there the chunk is in crc_.
  bool ended_ = false;
  std::string number_;
  std::string compressed_;
};

}  // namespace rdb
