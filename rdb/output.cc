// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/output.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include <liblzf/lzf.h>

#include "rdb/crc64.h"

namespace rdb {
namespace {

constexpr size_t kBufferBytes = size_t{64} * 1024;
constexpr size_t kMaxNumberChars = 11;
// Shorter strings are not worth packing.
constexpr size_t kMinCompressed = 21;
constexpr size_t kMinSaved = 4;

template <typename T>
void AppendLittleEndian(std::string* out, T value) {
  for (size_t i = 0; i < sizeof value; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

template <typename T>
void AppendBigEndian(std::string* out, T value) {
  for (size_t i = sizeof value; i-- > 0;) out->push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

void Output::Hand() {
  Checksum();
  if (!error_) {
    Result<void> written = sink_.Write(buffer_);
    if (!written) error_ = std::move(written.error());
  }
  flushed_ += buffer_.size();
  buffer_.clear();
  crc_pos_ = 0;
}

Result<void> Output::Flush() {
  if (!buffer_.empty()) Hand();
  if (error_) return tl::unexpected(*error_);
  return {};
}

uint64_t Output::Checksum() {
  crc_ = Crc64(crc_, std::string_view(buffer_).substr(crc_pos_));
  crc_pos_ = buffer_.size();
  return crc_;
}

void Output::Raw(std::string_view bytes) {
  while (buffer_.size() + bytes.size() > kBufferBytes) {
    const std::string_view part =
        bytes.substr(0, kBufferBytes - std::min(kBufferBytes, buffer_.size()));
    buffer_.append(part);
    bytes.remove_prefix(part.size());
    Hand();
  }
  buffer_.append(bytes);
}

void Output::Length(uint64_t length) {
  if (length < 1U << 6) {
    Byte(static_cast<uint8_t>(length));
  } else if (length < 1U << 14) {
    Byte(static_cast<uint8_t>(0x40 | length >> 8));
    Byte(static_cast<uint8_t>(length));
  } else if (length <= std::numeric_limits<uint32_t>::max()) {
    Byte(0x80);
    AppendBigEndian(&buffer_, static_cast<uint32_t>(length));
  } else {
    Byte(0x81);
    AppendBigEndian(&buffer_, length);
  }
}

void Output::Uint16(uint16_t value) {
  AppendLittleEndian(&buffer_, value);
}

void Output::Uint64(uint64_t value) {
  AppendLittleEndian(&buffer_, value);
}

void Output::Double(double value) {
  Uint64(std::bit_cast<uint64_t>(value));
}

void Output::String(std::string_view bytes) {
  if (buffer_.size() >= kBufferBytes) Hand();
  if (bytes.size() <= kMaxNumberChars && NumberString(bytes)) return;
  if (compress_ && bytes.size() >= kMinCompressed && CompressedString(bytes)) return;
  Length(bytes.size());
  Raw(bytes);
}

bool Output::NumberString(std::string_view bytes) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
  if (error != std::errc() || end != bytes.data() + bytes.size()) return false;
  // Only what a number is written like again: no "007", no "-0".
  char text[kMaxNumberChars + 1];
  const auto written = std::to_chars(text, text + sizeof text, value);
  if (std::string_view(text, static_cast<size_t>(written.ptr - text)) != bytes) return false;
  if (value >= INT8_MIN && value <= INT8_MAX) {
    Byte(0xc0);
    Byte(static_cast<uint8_t>(value));
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    Byte(0xc1);
    Uint16(static_cast<uint16_t>(value));
  } else {
    Byte(0xc2);
    AppendLittleEndian(&buffer_, static_cast<uint32_t>(value));
  }
  return true;
}

bool Output::CompressedString(std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<unsigned int>::max()) return false;
  const size_t room = bytes.size() - kMinSaved;
  packed_.resize(room);
  const unsigned int size = lzf_compress(bytes.data(), static_cast<unsigned int>(bytes.size()),
                                         packed_.data(), static_cast<unsigned int>(room));
  if (size == 0) return false;
  Byte(0xc3);
  Length(size);
  Length(bytes.size());
  Raw(std::string_view(packed_).substr(0, size));
  return true;
}

}  // namespace rdb
