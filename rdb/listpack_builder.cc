// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/listpack_builder.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace rdb {
namespace {

void AppendLittleEndian(std::string* out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

bool Fits(int64_t number, int bits) {
  const int64_t limit = int64_t{1} << (bits - 1);
  return number >= -limit && number < limit;
}

}  // namespace

void ListpackBuilder::Number(int64_t number) {
  const size_t start = entries_->size();
  const auto bits = static_cast<uint64_t>(number);
  const auto append = [&](uint8_t head, size_t bytes) {
    entries_->push_back(static_cast<char>(head));
    AppendLittleEndian(entries_, bits, bytes);
  };
  if (number >= 0 && number < 128) {
    entries_->push_back(static_cast<char>(number));
  } else if (Fits(number, 13)) {
    entries_->push_back(static_cast<char>(0xc0 | (bits >> 8 & 0x1f)));
    entries_->push_back(static_cast<char>(bits));
  } else if (Fits(number, 16)) {
    append(0xf1, 2);
  } else if (Fits(number, 24)) {
    append(0xf2, 3);
  } else if (Fits(number, 32)) {
    append(0xf3, 4);
  } else {
    append(0xf4, 8);
  }
  EndEntry(start);
}

void ListpackBuilder::Text(std::string_view text) {
  const size_t start = entries_->size();
  if (text.size() < 64) {
    entries_->push_back(static_cast<char>(0x80 | text.size()));
  } else if (text.size() < 4096) {
    entries_->push_back(static_cast<char>(0xe0 | text.size() >> 8));
    entries_->push_back(static_cast<char>(text.size()));
  } else {
    entries_->push_back(static_cast<char>(0xf0));
    AppendLittleEndian(entries_, text.size(), 4);
  }
  entries_->append(text);
  EndEntry(start);
}

// Its size, to be read backwards: groups of seven bits, the highest first; all but that are marked.
void ListpackBuilder::EndEntry(size_t start) {
  const uint64_t size = entries_->size() - start;
  size_t bytes = 5;
  if (size <= 127) {
    bytes = 1;
  } else if (size < 16383) {
    bytes = 2;
  } else if (size < 2097151) {
    bytes = 3;
  } else if (size < 268435455) {
    bytes = 4;
  }
  for (size_t i = 0; i < bytes; ++i) {
    const uint64_t group = size >> (7 * (bytes - 1 - i)) & 0x7f;
    entries_->push_back(static_cast<char>(i == 0 ? group : group | 0x80));
  }
  ++elements_;
}

std::string FinishListpack(std::string_view entries, uint64_t elements) {
  constexpr size_t kAround = 7;
  constexpr uint64_t kUncounted = 0xffff;
  assert(entries.size() < std::numeric_limits<uint32_t>::max() - kAround);
  std::string out;
  out.reserve(entries.size() + kAround);
  AppendLittleEndian(&out, entries.size() + kAround, 4);
  AppendLittleEndian(&out, std::min(elements, kUncounted), 2);
  out.append(entries);
  out.push_back(static_cast<char>(0xff));
  return out;
}

}  // namespace rdb
