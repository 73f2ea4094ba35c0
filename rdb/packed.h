// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/error.h"

// The forms in which small collections lie in a dump: one string each, taken apart element by
// element. All lengths are checked against the string. `offset` is where the string begins in the
// source, for errors.
namespace rdb {

// An element: a number or a string, as it was packed. Valid until the next.
class PackedElement {
 public:
  bool is_number() const { return is_number_; }
  int64_t number() const { return number_; }
  // Numbers in decimal.
  std::string_view text() const { return text_; }

  void SetNumber(int64_t number);
  void SetText(std::string_view text) {
    is_number_ = false;
    text_ = text;
  }

 private:
  bool is_number_ = false;
  int64_t number_ = 0;
  std::string_view text_;
  char digits_[24] = {};
};

// What the four have in common: false at the end, after all that had to be checked was.
class PackedReader {
 public:
  virtual ~PackedReader() = default;
  virtual Result<bool> Next(PackedElement* element) = 0;

 protected:
  PackedReader(std::string_view bytes, uint64_t offset) : bytes_(bytes), offset_(offset) {}
  Failure Bad(const char* what) const;
  size_t left() const { return bytes_.size() - pos_; }
  uint8_t ByteAt(size_t pos) const { return static_cast<uint8_t>(bytes_[pos]); }

  const std::string_view bytes_;
  const uint64_t offset_;
  size_t pos_ = 0;
};

// Redis 7.0 and later; streams since 5.0.
class ListpackReader : public PackedReader {
 public:
  ListpackReader(std::string_view bytes, uint64_t offset) : PackedReader(bytes, offset) {}
  Result<bool> Next(PackedElement* element) override;

 private:
  Result<bool> AtEnd();

  uint64_t elements_ = 0;
  bool open_ = false;
};

// Redis 2.2 to 6.2.
class ZiplistReader : public PackedReader {
 public:
  ZiplistReader(std::string_view bytes, uint64_t offset) : PackedReader(bytes, offset) {}
  Result<bool> Next(PackedElement* element) override;

 private:
  Result<bool> AtEnd();
  Result<void> ReadValue(PackedElement* element);

  uint64_t elements_ = 0;
  size_t last_ = 0;
  size_t before_bytes_ = 0;
  bool open_ = false;
};

class IntsetReader : public PackedReader {
 public:
  IntsetReader(std::string_view bytes, uint64_t offset) : PackedReader(bytes, offset) {}
  Result<bool> Next(PackedElement* element) override;

 private:
  size_t width_ = 0;
  int64_t last_ = 0;
};

// Hashes of Redis 2.0 to 2.4.
class ZipmapReader : public PackedReader {
 public:
  ZipmapReader(std::string_view bytes, uint64_t offset) : PackedReader(bytes, offset) {}
  Result<bool> Next(PackedElement* element) override;

 private:
  uint64_t elements_ = 0;
  bool open_ = false;
};

}  // namespace rdb
