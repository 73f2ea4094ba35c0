// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rdb/error.h"
#include "rdb/sink.h"

namespace rdb {

// Writes what dumps are made of. The counterpart of Input. A failure of the sink is kept, what
// comes after it is dropped: ask Flush() at the end, or failed() now and then.
class Output {
 public:
  // `compress`: longer strings are packed with LZF where it pays.
  Output(Sink& sink, bool compress) : sink_(sink), compress_(compress) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  uint64_t offset() const { return flushed_ + buffer_.size(); }
  bool failed() const { return error_.has_value(); }
  // Hands all to the sink.
  Result<void> Flush();
  // Of all bytes so far.
  uint64_t Checksum();

  void Byte(uint8_t byte) { buffer_.push_back(static_cast<char>(byte)); }
  void Raw(std::string_view bytes);
  void Length(uint64_t length);
  void Uint16(uint16_t value);  // These three little-endian.
  void Uint64(uint64_t value);
  void Double(double value);
  // In the shortest encoding: decimal numbers of up to 32 bits as such.
  void String(std::string_view bytes);

 private:
  void Hand();
  bool NumberString(std::string_view bytes);
  bool CompressedString(std::string_view bytes);

  Sink& sink_;
  const bool compress_;
  std::string buffer_;
  std::string packed_;
  uint64_t flushed_ = 0;
  uint64_t crc_ = 0;
  size_t crc_pos_ = 0;
  std::optional<Error> error_;
};

}  // namespace rdb
