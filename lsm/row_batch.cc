// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_batch.h"

namespace lsm {
namespace {

constexpr int kMaxVarintBytes = 10;

void AppendVarint(std::string* out, uint64_t value) {
  char bytes[kMaxVarintBytes];
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) bytes[n++] = static_cast<char>(value | 0x80);
  bytes[n++] = static_cast<char>(value);
  out->append(bytes, n);
}

bool ReadVarint(std::string_view* in, uint64_t* value) {
  *value = 0;
  for (int i = 0; i < kMaxVarintBytes && static_cast<size_t>(i) < in->size(); ++i) {
    const auto byte = static_cast<uint8_t>((*in)[static_cast<size_t>(i)]);
    if (i == kMaxVarintBytes - 1 && byte > 1) return false;  // More than 64 bits.
    *value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      in->remove_prefix(static_cast<size_t>(i) + 1);
      return true;
    }
  }
  return false;
}

size_t SizeOf(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  return size;
}

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view part : parts) out.append(part);
  return out;
}

}  // namespace

void RowBatch::AppendParts(Parts parts) {
  AppendVarint(&buffer_, SizeOf(parts));
  for (std::string_view part : parts) buffer_.append(part);
}

void RowBatch::AppendPut(Parts key_parts, Parts value_parts) {
  buffer_.push_back(static_cast<char>(RowOperation::Kind::kPut));
  AppendParts(key_parts);
  AppendParts(value_parts);
  ++count_;
}

void RowBatch::Put(Parts key_parts, Parts value_parts) {
  const size_t value_size = SizeOf(value_parts);
  if (value_size < kLargeValue) {
    if (!large_.empty()) large_.erase(Join(key_parts));
    return AppendPut(key_parts, value_parts);
  }
  LargePut& put = large_[Join(key_parts)];
  if (put.end != 0 && ReplaceLarge(put, value_parts, value_size)) return;
  put.begin = buffer_.size();
  AppendPut(key_parts, value_parts);
  put.end = buffer_.size();
  put.value_begin = put.end - value_size;
}

// True if the new value stands where the old one was. Else it is to be appended: the old one stays
// before it, or is gone if it was the last of all.
bool RowBatch::ReplaceLarge(const LargePut& old, Parts value_parts, size_t value_size) {
  if (value_size == old.end - old.value_begin) {
    size_t at = old.value_begin;
    for (std::string_view part : value_parts) {
      buffer_.replace(at, part.size(), part);
      at += part.size();
    }
    return true;
  }
  if (old.end == buffer_.size()) {
    buffer_.resize(old.begin);
    --count_;
  }
  return false;
}

void RowBatch::Delete(Parts key_parts) {
  if (!large_.empty()) large_.erase(Join(key_parts));
  buffer_.push_back(static_cast<char>(RowOperation::Kind::kDelete));
  AppendParts(key_parts);
  ++count_;
}

void RowBatch::Append(const RowBatch& other) {
  large_.clear();
  buffer_.append(other.payload());
  count_ += other.count_;
}

void RowBatch::Clear() {
  large_.clear();
  if (buffer_.capacity() > kKeptCapacity) buffer_ = std::string();
  buffer_.resize(kHeadroom);
  count_ = 0;
}

bool RowReader::Fail(const char* what) {
  status_ = Status::Corruption("row batch: " + std::string(what) + " at byte " +
                               std::to_string(size_ - rest_.size()));
  return false;
}

bool RowReader::ReadString(std::string_view* out) {
  std::string_view rest = rest_;
  uint64_t size = 0;
  if (!ReadVarint(&rest, &size)) return Fail("bad length");
  if (size > rest.size()) return Fail("length beyond the end");
  *out = rest.substr(0, size);
  rest_ = rest.substr(size);
  return true;
}

bool RowReader::Next(RowOperation* operation) {
  if (rest_.empty() || !status_.ok()) return false;
  const auto kind = static_cast<RowOperation::Kind>(rest_[0]);
  if (kind != RowOperation::Kind::kPut && kind != RowOperation::Kind::kDelete) {
    return Fail("unknown operation");
  }
  rest_.remove_prefix(1);
  operation->kind = kind;
  operation->value = {};
  if (!ReadString(&operation->key)) return false;
  return kind == RowOperation::Kind::kDelete || ReadString(&operation->value);
}

}  // namespace lsm
