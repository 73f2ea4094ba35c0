// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "lsm/status.h"

namespace lsm {

struct RowOperation {
  enum class Kind : uint8_t { kPut = 1, kDelete = 2 };  // Stored: see FORMAT.md.

  Kind kind = Kind::kPut;
  std::string_view key;
  std::string_view value;  // Empty for kDelete.
};

// The row operations of one turn in the encoding that the commit log stores. A flat buffer that
// keeps its capacity over Clear(), with room in front for the record's header, so that appending to
// the log copies nothing. A large row that is put again takes the place of what was put before: a
// hundred SETBITs on one chunk of a string log the chunk once. Loop thread only.
class RowBatch {
 public:
  // Bytes in front of the payload that belong to the commit log.
  static constexpr size_t kHeadroom = 32;
  // Longer buffers than this are given back by Clear().
  static constexpr size_t kKeptCapacity = 1 << 20;
  // Rows with a value of this size or more are remembered until Clear(), to be replaced.
  static constexpr size_t kLargeValue = 4096;

  RowBatch() { buffer_.resize(kHeadroom); }

  void Put(std::string_view key, std::string_view value) { Put({key}, {value}); }
  // Key and value are given in parts, which are stored one after another.
  void Put(std::initializer_list<std::string_view> key_parts,
           std::initializer_list<std::string_view> value_parts);
  void Delete(std::string_view key) { Delete({key}); }
  void Delete(std::initializer_list<std::string_view> key_parts);

  // Adds all operations of another batch behind ours.
  void Append(const RowBatch& other);

  void Clear();

  bool empty() const { return buffer_.size() == kHeadroom; }
  size_t count() const { return count_; }
  size_t payload_size() const { return buffer_.size() - kHeadroom; }
  std::string_view payload() const { return std::string_view(buffer_).substr(kHeadroom); }

  // Header room and payload, for the commit log.
  std::span<char> record() { return {buffer_.data(), buffer_.size()}; }

 private:
  using Parts = std::initializer_list<std::string_view>;
  // The last operation on a row, if it puts a large value.
  struct LargePut {
    size_t begin = 0;
    size_t value_begin = 0;
    size_t end = 0;
  };

  void AppendParts(Parts parts);
  void AppendPut(Parts key_parts, Parts value_parts);
  bool ReplaceLarge(const LargePut& old, Parts value_parts, size_t value_size);

  std::string buffer_;
  absl::flat_hash_map<std::string, LargePut> large_;  // By key.
  size_t count_ = 0;
};

// Reads the operations of an encoded batch, in order. Takes any bytes; what it gives points into
// them.
//   RowReader reader(payload);
//   for (RowOperation op; reader.Next(&op);) …;
//   LSM_RETURN_IF_ERROR(reader.status());
class RowReader {
 public:
  explicit RowReader(std::string_view payload) : rest_(payload), size_(payload.size()) {}

  // False at the end, or where the bytes are not a batch: status() tells them apart.
  bool Next(RowOperation* operation);
  const Status& status() const { return status_; }

 private:
  bool ReadString(std::string_view* out);
  bool Fail(const char* what);

  std::string_view rest_;
  size_t size_;
  Status status_;
};

}  // namespace lsm
